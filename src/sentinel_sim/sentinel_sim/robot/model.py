"""The robot's description as URDF text and as a MuJoCo model.

Names in the MuJoCo model, all without a prefix (``attach_body`` adds yours): body ``base_link``
with the free joint ``root``, one body per link of the URDF; joints and position actuators
``JOINTS``; camera ``eye``; spot light ``lamp`` (infra-red) and ``glow`` (what the head's LED throws
on the ground), both off until ``light_active`` is set; site ``imu`` with the sensors ``imu_gyro``,
``imu_accelerometer`` and ``imu_orientation``; material ``led``; foot geoms ``FEET``.

Visual geoms are in group 2. Collision geoms are in group 3 with contype 1 and conaffinity 0: the
robot touches whatever has bit 1 in its conaffinity, never itself.
"""

from typing import TYPE_CHECKING

import xacro
from sentinel_common.files import share

if TYPE_CHECKING:
    import mujoco

# Order of the robot's own protocol: front left, front right, back left, back right.
LEGS = ('fl', 'fr', 'bl', 'br')

# Order of joint targets everywhere in this package.
JOINTS = tuple(f'{leg}_{joint}' for leg in LEGS for joint in ('hip', 'thigh', 'knee'))

BASE = 'base_link'
ROOT = 'root'
CAMERA = 'eye'
LAMP = 'lamp'
IMU = 'imu'
LED = 'led'
GLOW = 'glow'

# How grey the head's window is when its LED is dark, 0..1.
UNLIT_LED = 0.06

FEET = tuple(f'{leg}_foot' for leg in LEGS)

# Height of base_link above level ground in the default stance, m.
STANCE_HEIGHT = 0.075

# Vertical field of view of the camera at 640x480, degrees.
CAMERA_FOVY = 45.0

# Position servo: N m per rad and N m s per rad, torque limit N m, rotor inertia kg m^2. Guesses
# that let a one kilogram robot follow its gait within a few degrees, as the toy visibly does.
SERVO_STIFFNESS = 6.0
SERVO_DAMPING = 0.12
SERVO_TORQUE = 0.6
ROTOR_INERTIA = 0.002

# Rubber on grass: sliding, torsional (m), rolling (m). A guess.
FOOT_FRICTION = (1.2, 0.01, 0.001)

# Without it MuJoCo welds base_link to the world and drops visuals and mesh folders.
_COMPILER = (
    '<mujoco><compiler fusestatic="false" discardvisual="false" strippath="false"/></mujoco>'
)

# A geom of exactly this colour takes its material's; any other would hide the LED's.
_RGBA_OF_MATERIAL = (0.5, 0.5, 0.5, 1.0)

_VISUAL_GROUP = 2
_COLLISION_GROUP = 3


def robot_description(*, camera: bool = True) -> str:
    """URDF text of the robot.

    ``camera=False`` leaves out the clip-on camera. Raises ConfigurationError where the description
    is not installed.
    """
    arguments = {
        'mesh_dir': str(share('urdf/meshes')),
        'camera': 'onboard' if camera else 'none',
    }
    document = xacro.process_file(str(share('urdf/mekamon.urdf.xacro')), mappings=arguments)
    return document.toxml()


def robot_spec() -> 'mujoco.MjSpec':
    """Return the robot as an MjSpec that stands ready to be attached to a world.

    ``world.worldbody.add_frame(pos=(x, y, STANCE_HEIGHT)).attach_body(spec.body(BASE), 'robot/',
    '')`` carries joints, actuators, sensors, camera and light along. The world should use a 2 ms
    step, the implicitfast integrator, elliptic cones and impratio 10.
    """
    import mujoco

    urdf = robot_description()
    start = urdf.index('>', urdf.index('<robot')) + 1
    spec = mujoco.MjSpec.from_string(urdf[:start] + _COMPILER + urdf[start:])
    spec.body(BASE).add_freejoint(name=ROOT)
    _add_senses(spec)
    _sort_geoms(spec)
    for joint in spec.joints:
        if joint.type == mujoco.mjtJoint.mjJNT_HINGE:
            joint.armature = ROTOR_INERTIA
            servo = spec.add_actuator(
                name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT
            )
            servo.set_to_position(kp=SERVO_STIFFNESS, kv=SERVO_DAMPING)
            servo.ctrlrange, servo.ctrllimited = joint.range, True
            servo.forcerange, servo.forcelimited = (-SERVO_TORQUE, SERVO_TORQUE), True
    return spec


def _add_senses(spec: 'mujoco.MjSpec') -> None:
    import mujoco

    camera = spec.body('camera_link')
    camera.add_camera(name=CAMERA, fovy=CAMERA_FOVY, xyaxes=(0, -1, 0, 0, 0, 1))
    lamp = camera.add_light(name=LAMP, dir=(1, 0, 0), active=False, castshadow=False)
    lamp.type = mujoco.mjtLightType.mjLIGHT_SPOT
    lamp.cutoff = 40.0  # degrees from the axis: a little more than the picture's corner
    lamp.exponent = 6.0
    lamp.attenuation = (1.0, 0.0, 0.05)
    lamp.diffuse = (0.9, 0.9, 0.9)
    lamp.specular = (0.2, 0.2, 0.2)
    glow = spec.body('head_link').add_light(
        name=GLOW, pos=(0.02, 0, 0.0), dir=(1, 0, -0.25), active=False, castshadow=False
    )
    glow.type = mujoco.mjtLightType.mjLIGHT_SPOT
    glow.cutoff = 80.0  # a bare LED shines nearly everywhere before it
    glow.exponent = 1.0
    glow.attenuation = (1.0, 0.0, 1.5)  # a toy's LED lights the ground for about a metre
    spec.body('imu_link').add_site(name=IMU, group=4)
    for name, kind in (
        ('gyro', mujoco.mjtSensor.mjSENS_GYRO),
        ('accelerometer', mujoco.mjtSensor.mjSENS_ACCELEROMETER),
        ('orientation', mujoco.mjtSensor.mjSENS_FRAMEQUAT),
    ):
        spec.add_sensor(
            name=f'{IMU}_{name}', type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=IMU
        )


def _sort_geoms(spec: 'mujoco.MjSpec') -> None:

    material = spec.add_material(name=LED)
    material.rgba = (0.25, 0.75, 1.0, 1.0)
    material.emission = 0.8
    for geom in spec.geoms:
        geom.mass = 0  # the links carry their inertia
        if geom.contype == 0 and geom.conaffinity == 0:
            geom.group = _VISUAL_GROUP
            if geom.meshname == 'head_led':
                geom.material = LED
                geom.rgba = _RGBA_OF_MATERIAL
            continue
        geom.group = _COLLISION_GROUP
        geom.contype, geom.conaffinity = 1, 0
        if geom.parent.name.endswith('_foot_link'):
            geom.name = geom.parent.name.removesuffix('_link')
            geom.friction = FOOT_FRICTION
            geom.condim = 3
