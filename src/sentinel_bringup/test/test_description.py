"""The description node's transforms are those of the URDF."""

import math
import os
import subprocess
import sys
import time

import pytest
import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState
from sentinel_bringup.domains import free_domain
from sentinel_bringup.transforms import rotate
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from sentinel_bringup import description
from sentinel_common import qos

URDF = """<robot name="r">
  <link name="a"/><link name="b"/><link name="c"/><link name="d"/>
  <joint name="fixed" type="fixed"><parent link="a"/><child link="b"/>
    <origin xyz="1 2 3" rpy="0 0 1.5707963267948966"/></joint>
  <joint name="turn" type="revolute"><parent link="b"/><child link="c"/>
    <origin xyz="0 0 1"/><axis xyz="0 2 0"/></joint>
  <joint name="slide" type="prismatic"><parent link="c"/><child link="d"/>
    <origin rpy="0 0 1.5707963267948966"/><axis xyz="1 0 0"/></joint>
</robot>"""


def test_joints_turn_and_slide_about_their_axes():
    fixed, turn, slide = description.joints(URDF)
    assert fixed.transform() == ((1.0, 2.0, 3.0), pytest.approx((0, 0, 0.70711, 0.70711), abs=1e-5))
    origin, rotation = turn.transform(math.pi)
    assert origin == (0.0, 0.0, 1.0) and rotation == pytest.approx((0, 1, 0, 0), abs=1e-9)
    assert slide.transform(0.5)[0] == pytest.approx((0, 0.5, 0), abs=1e-9)


@pytest.mark.parametrize('text', ['', '<robot', '<robot><joint name="j" type="fixed"/></robot>'])
def test_a_broken_urdf_is_one_sentence(text):
    with pytest.raises(ConfigurationError, match='no valid URDF'):
        description.joints(text)


def test_a_broken_xacro_file_is_one_sentence(tmp_path):
    file = tmp_path / 'robot.xacro'
    file.write_text('<robot xmlns:xacro="http://www.ros.org/wiki/xacro">${nothing}</robot>')
    with pytest.raises(ConfigurationError, match=r'robot\.xacro is no valid xacro'):
        description.load(file, {})


def test_the_camera_sits_where_the_detector_takes_it_to_be():
    found = description.joints(description.load(share('urdf/mekamon.urdf.xacro'), {}))
    by_child = {joint.child: joint for joint in found}
    assert by_child['camera_link'].parent == 'base_link'
    assert by_child['camera_link'].origin == (0.075, 0.0, 0.03)
    # Optical frame: its z axis looks forward, its x axis to the right.
    optical = by_child['camera_optical_frame'].rotation
    assert rotate(optical, (0, 0, 1)) == pytest.approx((1, 0, 0), abs=1e-9)
    assert rotate(optical, (1, 0, 0)) == pytest.approx((0, -1, 0), abs=1e-9)


def test_the_node_publishes_shape_and_transforms():
    with free_domain() as domain:
        env = {**os.environ, 'ROS_DOMAIN_ID': str(domain)}
        process = subprocess.Popen(
            [sys.executable, '-m', 'sentinel_bringup.description_node'], env=env
        )
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=domain)
        node = rclpy.create_node('listener', context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        texts, static, moving = [], {}, {}

        def keep(into, message):
            into.update({t.child_frame_id: t for t in message.transforms})

        node.create_subscription(String, 'robot_description', texts.append, qos.LATCHED)
        node.create_subscription(TFMessage, '/tf_static', lambda m: keep(static, m), qos.LATCHED)
        node.create_subscription(TFMessage, '/tf', lambda m: keep(moving, m), qos.RELIABLE)
        joints = node.create_publisher(JointState, 'joint_states', qos.RELIABLE)
        deadline = time.monotonic() + 60.0
        while not (texts and static and moving) and time.monotonic() < deadline:
            stamp = node.get_clock().now().to_msg()
            message = JointState(name=['fl_hip', 'fr_hip', 'tail'], position=[0.3, math.nan, 1.0])
            message.header.stamp = stamp
            joints.publish(message)
            executor.spin_once(timeout_sec=0.1)
        process.terminate()
        status = process.wait(timeout=30)
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)
    assert status == 0
    assert '<robot' in texts[0].data and '<xacro:' not in texts[0].data
    assert {'camera_link', 'imu_link', 'head_link', 'fl_foot_link'} <= set(static)
    assert set(moving) == {'fl_hip_link'}  # the other one is not told, the third does not exist
    assert isinstance(moving['fl_hip_link'], TransformStamped)
    z, w = (moving['fl_hip_link'].transform.rotation.z, moving['fl_hip_link'].transform.rotation.w)
    assert 2 * math.atan2(z, w) == pytest.approx(math.pi / 4 + 0.3)
