"""Write garden.sdf, the garden for Gazebo: the same lawn, beds, fence and shed as in the simulator.

Run after a change of ``sentinel_sim.garden.LAYOUT``. No plants; one raccoon (``make_raccoon.py``),
which goes where ``raccoon/cmd_vel`` says.
"""

from pathlib import Path

from sentinel_sim.garden import BACK, FRONT, LAYOUT, SIDE

FENCE_HEIGHT, FENCE_THICKNESS = 1.2, 0.03  # m
SHED_SIZE = (1.4, 1.4, 1.9)  # m
BED_HEIGHT = 0.06  # m

_HEAD = """<?xml version="1.0"?> <!-- Written by make_garden.py from the simulator's layout; never
run in Gazebo yet, checked with sdformat only. --> <sdf version="1.9">
  <world name="garden">
    <physics name="2ms" type="ignored">
      <max_step_size>0.002</max_step_size>
      <real_time_factor>1.0</real_time_factor>
    </physics>
    <plugin filename="gz-sim-physics-system" name="gz::sim::systems::Physics"/>
    <plugin filename="gz-sim-user-commands-system" name="gz::sim::systems::UserCommands"/>
    <plugin filename="gz-sim-scene-broadcaster-system" name="gz::sim::systems::SceneBroadcaster"/>
    <plugin filename="gz-sim-imu-system" name="gz::sim::systems::Imu"/>
    <plugin filename="gz-sim-sensors-system" name="gz::sim::systems::Sensors">
      <render_engine>ogre2</render_engine>
    </plugin>
    <scene>
      <ambient>0.45 0.45 0.45 1</ambient>
      <background>0.62 0.74 0.92 1</background>
      <shadows>true</shadows>
    </scene>
    <light name="sun" type="directional">
      <cast_shadows>true</cast_shadows>
      <pose>0 0 8 0 0 0</pose>
      <diffuse>0.9 0.88 0.82 1</diffuse>
      <specular>0.2 0.2 0.2 1</specular>
      <direction>0.4 0.3 -1</direction>
    </light>
    <model name="lawn">
      <static>true</static>
      <link name="link">
        <collision name="ground">
          <geometry><plane><normal>0 0 1</normal><size>60 60</size></plane></geometry>
          <surface><friction><ode><mu>1.0</mu><mu2>1.0</mu2></ode></friction></surface>
        </collision>
        <visual name="grass">
          <geometry><plane><normal>0 0 1</normal><size>60 60</size></plane></geometry>
          <material><ambient>0.28 0.38 0.18 1</ambient><diffuse>0.28 0.38 0.18
          1</diffuse></material>
        </visual>
      </link>
    </model>
"""
_TAIL = """  </world>
</sdf>
"""

# One animal, which a person moves: it stands in the way from a gap to a bed, 3 m before the robot.
_RACCOON = """    <model name="raccoon">
      <pose>3.0 0.3 0 0 0 2.6</pose>
      <link name="link">
        <gravity>false</gravity>
        <inertial>
          <mass>6.0</mass>
          <inertia>
            <ixx>0.06</ixx><iyy>0.2</iyy><izz>0.2</izz><ixy>0</ixy><ixz>0</ixz><iyz>0</iyz>
          </inertia>
        </inertial>
        <visual name="coat">
          <geometry><mesh><uri>meshes/raccoon.obj</uri></mesh></geometry>
        </visual>
      </link>
      <plugin filename="gz-sim-velocity-control-system" name="gz::sim::systems::VelocityControl">
        <topic>/model/raccoon/cmd_vel</topic>
      </plugin>
    </model>
"""

Vector = tuple[float, float, float]


def box(name: str, centre: Vector, size: Vector, color: Vector) -> str:
    """A block that stands where it is put."""
    place, extent = (' '.join(f'{v:g}' for v in values) for values in (centre, size))
    paint = ' '.join(f'{v:g}' for v in (*color, 1))
    geometry = f'<geometry><box><size>{extent}</size></box></geometry>'
    return f"""    <model name="{name}">
      <static>true</static>
      <pose>{place} 0 0 0</pose>
      <link name="link">
        <collision name="box">{geometry}</collision>
        <visual name="paint">
          {geometry}
          <material><ambient>{paint}</ambient><diffuse>{paint}</diffuse></material>
        </visual>
      </link>
    </model>
"""


def stretches(start: float, end: float, side: float, axis: int) -> list[tuple[float, float]]:
    """What is left between its gaps of a fence from ``start`` to ``end``, m.

    The fence stands at ``side`` on the other axis than ``axis`` (0: it runs along x, 1: along y).
    """
    gaps = sorted(
        (gap[axis], width)
        for gap, width in zip(LAYOUT.gaps, LAYOUT.gap_widths, strict=True)
        if gap[1 - axis] == side
    )
    left, cursor = [], start
    for middle, width in gaps:
        left.append((cursor, middle - width / 2))
        cursor = middle + width / 2
    return [*left, (cursor, end)]


def fence() -> str:
    """Return the fences at the back and on both sides, with the gaps that animals use."""
    wood, parts = (0.5, 0.38, 0.25), []
    for i, (a, b) in enumerate(stretches(-SIDE, SIDE, BACK, 1)):
        centre = (BACK, (a + b) / 2, FENCE_HEIGHT / 2)
        parts.append(box(f'fence_back_{i}', centre, (FENCE_THICKNESS, b - a, FENCE_HEIGHT), wood))
    for name, side in (('left', SIDE), ('right', -SIDE)):
        for i, (a, b) in enumerate(stretches(FRONT, BACK, side, 0)):
            centre = ((a + b) / 2, side, FENCE_HEIGHT / 2)
            size = (b - a, FENCE_THICKNESS, FENCE_HEIGHT)
            parts.append(box(f'fence_{name}_{i}', centre, size, wood))
    return ''.join(parts)


def world() -> str:
    """Return the text of the world file."""
    beds = ''.join(
        box(
            f'bed_{i}',
            (bed.x, bed.y, BED_HEIGHT / 2),
            (2 * bed.half_x, 2 * bed.half_y, BED_HEIGHT),
            (0.33, 0.25, 0.17),
        )
        for i, bed in enumerate(LAYOUT.beds)
    )
    shed = box('shed', (*LAYOUT.shed, SHED_SIZE[2] / 2), SHED_SIZE, (0.5, 0.33, 0.24))
    return _HEAD + fence() + beds + shed + _RACCOON + _TAIL


if __name__ == '__main__':
    Path(__file__).with_name('garden.sdf').write_text(world())
