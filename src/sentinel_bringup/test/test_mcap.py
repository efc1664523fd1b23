"""A recording can be read back by the MCAP library, message by message."""

import os
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import TransformStamped
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rclpy.executors import SingleThreadedExecutor
from rclpy.serialization import serialize_message
from sentinel_bringup.domains import free_domain
from sentinel_bringup.mcap_file import McapFile, definition
from sentinel_common.detections import Box, Detection, Frame, frame_to_message
from sentinel_common.images import image_from_array
from std_msgs.msg import Header, String
from tf2_msgs.msg import TFMessage

from sentinel_common import qos

RECORDER = [sys.executable, '-m', 'sentinel_bringup.mcap_node', '--ros-args', '-p']


def read(path):
    """All messages of a file as ``{topic: [message]}``."""
    found = {}
    with path.open('rb') as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        for _, channel, _, message in reader.iter_decoded_messages():
            found.setdefault(channel.topic, []).append(message)
    return found


def test_a_definition_has_every_part_once():
    text = definition('vision_msgs/msg/Detection2DArray')
    parts = [line for line in text.splitlines() if line.startswith('MSG: ')]
    assert len(parts) == len(set(parts))
    assert {'MSG: std_msgs/Header', 'MSG: builtin_interfaces/Time'} <= set(parts)


def test_nested_messages_are_read_back(tmp_path):
    frame = Frame(12.5, 'camera', (Detection(Box(1, 2, 30, 40), {'raccoon': 0.9}, '7'),))
    with McapFile(tmp_path / 'a.mcap') as file:
        data = serialize_message(frame_to_message(frame))
        file.write('/detections', 'vision_msgs/msg/Detection2DArray', data, 1_000)
    [message] = read(tmp_path / 'a.mcap')['/detections']
    [detection] = message.detections
    assert detection.id == '7' and detection.bbox.size_y == 40.0
    assert detection.results[0].hypothesis.class_id == 'raccoon'


@pytest.fixture
def recording(tmp_path):
    """Publish a few topics to a recorder in a process of its own; the file that it leaves."""
    file = tmp_path / 'night.mcap'
    with free_domain() as domain:
        recorder = subprocess.Popen(
            [*RECORDER, f'file:={file}'],
            env={**os.environ, 'ROS_DOMAIN_ID': str(domain)},
        )
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=domain)
        node = rclpy.create_node('talker', context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        robot = node.create_publisher(String, 'robot_description', qos.LATCHED)
        robot.publish(String(data='<robot/>'))
        tf = node.create_publisher(TFMessage, '/tf', qos.RELIABLE)
        pictures = node.create_publisher(
            type(image_from_array(np.zeros((4, 4, 3), np.uint8), 'bgr8', Header())),
            'camera/image_raw',
            qos.IMAGE_WRITER,
        )
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[..., 2] = 200  # red
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            tf.publish(TFMessage(transforms=[TransformStamped(child_frame_id='base_link')]))
            pictures.publish(image_from_array(picture, 'bgr8', Header(frame_id='camera')))
            executor.spin_once(timeout_sec=0.05)
            if tf.get_subscription_count() and pictures.get_subscription_count():
                break
        for _ in range(20):
            tf.publish(TFMessage(transforms=[TransformStamped(child_frame_id='base_link')]))
            pictures.publish(image_from_array(picture, 'bgr8', Header(frame_id='camera')))
            executor.spin_once(timeout_sec=0.05)
            time.sleep(0.05)
        recorder.terminate()
        status = recorder.wait(timeout=30)
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)
    assert status == 0
    return read(file)


def test_everything_is_recorded_and_pictures_are_compressed(recording):
    assert recording['/robot_description'][0].data == '<robot/>'
    assert recording['/tf'][0].transforms[0].child_frame_id == 'base_link'
    assert '/camera/image_raw' not in recording
    message = recording['/camera/image_raw/compressed'][0]
    picture = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (48, 64, 3) and abs(int(picture[20, 20, 2]) - 200) < 10


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / 'file').touch()
    result = subprocess.run(
        [*RECORDER, f'file:={tmp_path / "file" / "a.mcap"}'],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 2
    assert 'cannot be written' in result.stderr and 'Traceback' not in result.stderr
