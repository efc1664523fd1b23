"""Through the localizer the robot stands in ``map`` where it really is."""

import copy
import math
import time

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.time import Time
from sentinel_bringup.domains import free_domain
from sentinel_bringup.localizer_node import LocalizerNode
from sentinel_bringup.transforms import Transform, from_pose, from_rpy
from sentinel_common.detections import to_seconds
from sentinel_common.geometry import Pose
from sentinel_sim.robot.body import RobotState
from tf2_msgs.msg import TFMessage

from sentinel_common import qos
from sentinel_driver import driver_messages, odometry
from sentinel_sim import truth

STAMP = Time(seconds=7).to_msg()
# Where the robot is: at its height of stance, tilted a little by a step.
TILT = 0.03
YAW = 0.6


@pytest.fixture
def robot():
    x, y, z, w = from_rpy(0.0, TILT, YAW)
    nothing = np.zeros(3)
    return RobotState(
        position=np.array([1.0, 2.0, 0.075]),
        orientation=np.array([w, x, y, z]),
        linear=nothing,
        angular=nothing,
        joints=np.zeros(12),
        joint_velocities=np.zeros(12),
        acceleration=nothing,
    )


def map_to_odom(odom, fix):
    """What the node makes of an odometry and a fix of now."""
    with free_domain() as domain:
        rclpy.init(domain_id=domain)
        node, executor, heard = LocalizerNode(), SingleThreadedExecutor(), []
        executor.add_node(node)
        odometries = node.create_publisher(Odometry, 'odom', qos.RELIABLE)
        fixes = node.create_publisher(PoseWithCovarianceStamped, 'pose_fix', qos.RELIABLE)
        node.create_subscription(TFMessage, '/tf', heard.append, qos.RELIABLE)
        deadline = time.monotonic() + 30.0
        while not heard and time.monotonic() < deadline:
            odom.header.stamp = node.get_clock().now().to_msg()
            if to_seconds(fix.header.stamp):
                fix.header.stamp = odom.header.stamp
            odometries.publish(odom)
            fixes.publish(fix)
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown()
    [transform] = heard[0].transforms
    assert (transform.header.frame_id, transform.child_frame_id) == ('map', 'odom')
    to, turn = transform.transform.translation, transform.transform.rotation
    return Transform((to.x, to.y, to.z), (turn.x, turn.y, turn.z, turn.w))


@pytest.mark.parametrize('exact', [False, True])
@pytest.mark.parametrize('stamped', [True, False])
def test_the_robot_stands_in_map_where_it_really_is(robot, exact, stamped):
    true = truth.odometry(STAMP, robot)
    if exact:  # as Gazebo tells it, with height and tilt
        fix = PoseWithCovarianceStamped(header=true.header, pose=true.pose)
    else:
        fix = truth.pose_fix(STAMP, robot, np.random.default_rng(1))
    odom = driver_messages.odometry(odometry.Odometry(Pose(0.4, -0.3, 0.1)), STAMP)
    if not stamped:
        fix.header.stamp = Time().to_msg()
    found = map_to_odom(odom, fix) @ from_pose(odom.pose.pose)
    wanted = from_pose(true.pose.pose)
    assert found.translation[:2] == pytest.approx(
        wanted.translation[:2], abs=1e-9 if exact else 4 * truth.FIX_SIGMA
    )
    assert found.translation[2] == pytest.approx(wanted.translation[2], abs=1e-9)
    error = 1e-9 if exact else 4 * truth.FIX_SIGMA_YAW
    assert 2 * math.atan2(found.rotation[2], found.rotation[3]) == pytest.approx(YAW, abs=error)
    assert found.rotation[:2] == pytest.approx((0.0, 0.0), abs=1e-9)  # a fix tells no tilt


def frame(name):
    return lambda fix: setattr(fix.header, 'frame_id', name)


def variance(value):
    return lambda fix: fix.pose.covariance.__setitem__(7, value)


@pytest.mark.parametrize(
    'spoil',
    [
        frame('odom'),
        frame(''),
        lambda fix: setattr(fix.pose.pose.position, 'x', math.nan),
        lambda fix: setattr(fix.pose.pose.orientation, 'w', 0.0),
        variance(100.0),
        variance(-1.0),
        lambda fix: setattr(fix.header, 'stamp', STAMP),
    ],
)
def test_a_fix_that_guard_and_brain_refuse_moves_no_frame(spoil):
    with free_domain() as domain:
        rclpy.init(domain_id=domain)
        node = LocalizerNode()
        now = node.get_clock().now().to_msg()
        good = PoseWithCovarianceStamped()
        good.header.stamp, good.header.frame_id = now, 'map'
        bad = copy.deepcopy(good)
        bad.pose.pose.position.y = 3.0
        spoil(bad)
        odom = driver_messages.odometry(odometry.Odometry(Pose()), bad.header.stamp)
        node._on_odometry(driver_messages.odometry(odometry.Odometry(Pose()), now))
        node._on_odometry(odom)
        node._on_fix(good)
        node._on_fix(bad)
        assert node._map_to_odom.translation == pytest.approx((0.0, 0.0, 0.0))
        node.destroy_node()
        rclpy.shutdown()
