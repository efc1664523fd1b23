"""The robot's description, and the robot on physics."""

import math
import xml.etree.ElementTree as ET

import mujoco
import numpy as np
import pytest
from gaits import SLOW_CRAWL
from sentinel_driver.hermes import Codec, GaitSet, PlayAnimation
from sentinel_sim.bench import walking
from sentinel_sim.bench.walking import Walker
from sentinel_sim.robot import gait, invented, model
from sentinel_sim.robot.mekamon import MekaMon

CODEC = Codec()


@pytest.fixture(scope='module')
def urdf() -> ET.Element:
    return ET.fromstring(model.robot_description())


@pytest.fixture(scope='module')
def plane() -> mujoco.MjModel:
    return walking.world(rough=False)


@pytest.fixture(scope='module')
def lawn() -> mujoco.MjModel:
    return walking.world(rough=True)


def test_twelve_joints_in_the_order_of_the_protocol(urdf, plane):
    names = [j.get('name') for j in urdf.iter('joint') if j.get('type') == 'revolute']
    assert tuple(names) == model.JOINTS
    actuators = [plane.actuator(i).name for i in range(plane.nu)]
    assert actuators == [f'robot/{name}' for name in model.JOINTS]


def test_frames_of_the_design_exist(urdf):
    links = {link.get('name') for link in urdf.iter('link')}
    assert {'base_link', 'camera_link', 'camera_optical_frame', 'imu_link', 'head_link'} <= links


def test_camera_can_be_left_out():
    assert 'camera_link' not in model.robot_description(camera=False)


def test_every_moving_link_has_an_inertia_that_a_body_can_have(urdf):
    for link in urdf.iter('link'):
        if link.find('collision') is None:
            continue
        moments = link.find('inertial/inertia')
        a, b, c = sorted(float(moments.get(k)) for k in ('ixx', 'iyy', 'izz'))
        assert 0 < a <= c <= (a + b) * 1.000001, link.get('name')


def test_gait_and_description_have_the_same_geometry(plane):
    data = mujoco.MjData(plane)
    angles = np.tile((0.2, -0.3, 1.4), (4, 1))
    data.qpos[7:] = angles.ravel()
    mujoco.mj_kinematics(plane, data)
    base = data.body('robot/base_link').xpos
    feet = np.stack([data.geom(f'robot/{name}').xpos - base for name in model.FEET])
    assert gait.forward(angles) == pytest.approx(feet, abs=1e-6)
    limits = plane.jnt_range[1:].reshape(4, 3, 2)
    assert limits[..., 0] == pytest.approx(gait.LOWER)
    assert limits[..., 1] == pytest.approx(gait.UPPER)


def test_nothing_of_the_robot_is_in_its_own_view(plane):
    data = mujoco.MjData(plane)
    data.qpos[7:] = MekaMon().step(walking.DT)
    mujoco.mj_forward(plane, data)
    eye, across = data.camera('robot/eye').xpos, math.tan(math.radians(22.5))
    hit = np.zeros(1, dtype=np.int32)
    for x in np.linspace(-4 / 3 * across, 4 / 3 * across, 15):
        for y in np.linspace(-across, across, 11):
            ray = np.array((1.0, x, y)) / math.hypot(1.0, x, y)
            distance = mujoco.mj_ray(plane, data, eye, ray, None, 1, -1, hit, None)
            assert distance < 0 or plane.geom_bodyid[hit[0]] == 0, (x, y)


def test_lamp_is_off_until_asked(plane):
    assert not plane.light('robot/lamp').active[0]


def test_stands_at_its_stance_height(plane):
    walker = Walker(plane)
    walker.run(1.0)
    assert walker.data.qpos[2] == pytest.approx(model.STANCE_HEIGHT, abs=0.004)
    assert walker.up > 0.999


@pytest.mark.parametrize(
    'wanted',
    [
        (0.1, 0, 0),
        (0.3, 0, 0),
        (-0.3, 0, 0),
        (0, 0.2, 0),
        (0, -0.3, 0),
        (0, 0, 1.5),
        (0, 0, -0.75),
        (0.15, 0, 0.5),
        (0.3, 0, 1.5),
    ],
)
def test_follows_the_command_within_15_percent(lawn, wanted):
    assert walking.steady(lawn, np.array(wanted, dtype=float)) <= 0.15


@pytest.mark.parametrize('seed', range(5))
def test_does_not_fall_on_random_walks(lawn, seed):
    assert not walking.random_walk(lawn, 1000 + seed, changes=5)


def test_walks_up_a_bank():
    bank = walking.world(rough=False, slope=math.radians(15))
    walker = Walker(bank)
    walker.robot.walk(0.3, 0, 0)
    walker.run(1.0)
    assert walker.run(3.0)[0] > 0.1
    assert not walker.robot.fallen


def test_stops_within_a_hand_breadth(plane):
    walker = Walker(plane)
    walker.robot.walk(0.3, 0, 0)
    walker.run(2.0)
    walker.robot.walk(0, 0, 0)
    at = walker.data.qpos[:2].copy()
    walker.run(1.5)
    assert np.linalg.norm(walker.data.qpos[:2] - at) < 0.08
    assert np.abs(walker.run(1.0)).max() < 0.01


def test_crawls_slowly_and_level(plane):
    walker = Walker(plane)
    walker.robot.handle(CODEC.payload(SLOW_CRAWL))
    walker.robot.walk(0.236, 0, 0)
    walker.run(1.0)
    speed = walker.run(4.0)[0]
    assert speed == pytest.approx(0.30 * 0.4235 * 100 / 127, rel=0.2)
    assert walker.up > 0.99


@pytest.mark.parametrize(('byte', 'height'), [(0, 0.050), (88, 0.075), (255, 0.1227)])
def test_body_height_is_reached(plane, byte, height):
    walker = Walker(plane)
    walker.robot.handle(CODEC.payload(GaitSet(0, 7, byte)))
    walker.run(2.0)
    assert walker.data.qpos[2] == pytest.approx(height, abs=0.006)


def test_a_robot_on_its_back_knows_it(plane):
    walker = Walker(plane)
    walker.robot.walk(0.3, 0, 0)
    walker.data.qpos[2:7] = (0.15, 0, 1, 0, 0)
    walker.run(1.5)
    assert walker.robot.fallen


def test_the_led_shows_the_colour_of_its_material(plane):
    (led,) = [
        i
        for i in range(plane.ngeom)
        if plane.geom_matid[i] >= 0 and plane.mat(plane.geom_matid[i]).name == 'robot/led'
    ]
    # What MuJoCo asks of a geom for its material's colour to count.
    assert plane.geom_rgba[led] == pytest.approx((0.5, 0.5, 0.5, 1.0))


@pytest.mark.parametrize('animation', invented.ANIMATIONS)
def test_animations_do_not_topple_the_robot(plane, animation):
    for transform in range(6):
        walker = Walker(plane)
        walker.robot.handle(CODEC.payload(PlayAnimation(animation, transform=transform)))
        for _ in range(6):
            walker.run(0.4)
            assert walker.up > 0.85, transform
