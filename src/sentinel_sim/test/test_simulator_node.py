"""The simulator as a process of its own, listened to over DDS."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml
from sentinel_common.detections import frame_from_message
from sentinel_common.images import image_to_bgr

from sentinel_common import qos

rclpy = pytest.importorskip('rclpy')

from geometry_msgs.msg import PoseWithCovarianceStamped  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, Imu, JointState  # noqa: E402
from vision_msgs.msg import Detection2DArray, Detection3DArray  # noqa: E402

from sentinel_msgs.msg import SoundState  # noqa: E402

# Away from those that people use by hand; two runs at once rarely meet.
DOMAIN = 120 + os.getpid() % 60

# Slow enough that a loaded machine gets through, in s.
PATIENCE = 100.0

SCENARIO = {
    'about': 'a raccoon is there soon',
    'duration': 5,
    'light': 'ir',
    'animals': [{'kind': 'raccoon', 'name': 'rocky', 'enters': 0, 'gap': 1, 'bed': 0}],
}


def simulator(tmp_path, *parameters):
    command = [sys.executable, '-m', 'sentinel_sim.simulator_node', '--ros-args']
    for parameter in parameters:
        command += ['-p', parameter]
    return subprocess.Popen(
        command,
        env={**os.environ, 'ROS_DOMAIN_ID': str(DOMAIN)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
    )


@pytest.fixture(scope='module')
def night(tmp_path_factory):
    """One short night: everything that was heard, the exit status and the result."""
    folder = tmp_path_factory.mktemp('night')
    (folder / 'short.yaml').write_text(yaml.safe_dump(SCENARIO))
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    listener = rclpy.create_node('listener', context=context)
    executor = rclpy.executors.SingleThreadedExecutor(context=context)
    executor.add_node(listener)
    heard = {}

    def listen(kind, topic, profile):
        listener.create_subscription(
            kind, topic, lambda m: heard.setdefault(topic, []).append(m), profile
        )

    listen(Image, 'camera/image_raw', qos.IMAGE_WRITER)
    listen(Image, 'spectator/image_raw', qos.IMAGE_WRITER)
    for kind, topic in (
        (CameraInfo, 'camera/camera_info'),
        (JointState, 'joint_states'),
        (Imu, 'imu'),
        (PoseWithCovarianceStamped, 'pose_fix'),
        (Odometry, 'ground_truth/odom'),
        (Detection2DArray, 'ground_truth/detections'),
        (Detection3DArray, 'ground_truth/animals'),
    ):
        listen(kind, topic, qos.RELIABLE)
    speaker = listener.create_publisher(SoundState, 'sound_state', qos.RELIABLE)
    process = simulator(
        folder,
        'scenario:=short.yaml',
        'result_file:=result.json',
        'hci_port_file:=port',
        'wait_limit:=1.0',
    )
    radio_answers = None
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.1)
        speaker.publish(SoundState(playing=True, name='bark', volume=0.8))
        if radio_answers is None and (folder / 'port').exists():
            port = int((folder / 'port').read_text())
            with socket.create_connection(('127.0.0.1', port), timeout=5):
                radio_answers = True
    late = process.poll() is None
    if late:
        process.kill()
    output = process.communicate()[0]
    executor.shutdown()
    listener.destroy_node()
    rclpy.try_shutdown(context=context)
    assert not late, f'no end within {PATIENCE} s: {output}'
    result = json.loads((folder / 'result.json').read_text())
    return heard, process.returncode, result, output, radio_answers


def test_scenario_ends_the_process_without_an_error(night):
    _, status, result, output, _ = night
    assert status == 0, output
    assert result['finished'] and result['scenario'] == 'short'


def test_picture_comes_with_its_calibration(night):
    heard = night[0]
    picture = heard['camera/image_raw'][-1]
    assert image_to_bgr(picture).shape == (480, 640, 3)
    assert picture.header.frame_id == 'camera_optical_frame'
    stamps = {(i.header.stamp.sec, i.header.stamp.nanosec) for i in heard['camera/camera_info']}
    assert (picture.header.stamp.sec, picture.header.stamp.nanosec) in stamps
    assert heard['camera/camera_info'][0].k[0] == pytest.approx(240 / np.tan(np.radians(22.5)))


def test_onlooker_films_too(night):
    assert image_to_bgr(night[0]['spectator/image_raw'][0]).std() > 5


def test_truth_names_the_animal_and_its_box_grows_out_of_the_picture_it_belongs_to(night):
    heard = night[0]
    seen = [frame_from_message(m) for m in heard['ground_truth/detections']]
    (raccoon,) = next(f.detections for f in reversed(seen) if f.detections)
    assert raccoon.track_id == 'rocky' and raccoon.best == ('raccoon', 1.0)
    assert 0 <= raccoon.box.x and raccoon.box.bottom <= 480
    animals = [m for m in heard['ground_truth/animals'] if m.detections]
    assert animals[-1].header.frame_id == 'map'
    assert animals[-1].detections[0].id == 'rocky'


def test_robot_tells_what_the_real_one_does_not(night):
    heard = night[0]
    assert len(heard['joint_states'][0].position) == 12
    assert heard['imu'][-1].linear_acceleration.z == pytest.approx(9.81, abs=0.5)
    assert heard['ground_truth/odom'][-1].pose.pose.position.z == pytest.approx(0.075, abs=0.01)


def test_pose_fix_is_near_the_truth_and_says_how_near(night):
    heard = night[0]
    truth = heard['ground_truth/odom'][-1].pose.pose.position
    fixes = [m.pose for m in heard['pose_fix']]
    errors = [np.hypot(f.pose.position.x - truth.x, f.pose.position.y - truth.y) for f in fixes]
    assert 0 < max(errors) < 0.2
    assert fixes[0].covariance[0] == pytest.approx(0.03**2)


def test_animal_hears_the_speaker(night):
    visit = night[2]['visits'][0]
    assert visit['first_stimulus'] is not None
    assert visit['alerted'] is not None


def test_emulated_radio_answers_on_the_announced_port(night):
    assert night[4]


@pytest.mark.parametrize(
    ('parameter', 'complaint'),
    [
        ('scenario:=moon', "There is no scenario 'moon'"),
        ('seed:=-1', 'Parameter seed is -1, but must be at least 0.'),
        ('scenarios:=x', "there is no parameter 'scenarios'. Did you mean 'scenario'?"),
    ],
)
def test_bad_parameter_is_one_sentence_and_an_exit_status(tmp_path, parameter, complaint):
    process = simulator(tmp_path, parameter)
    output = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 2
    assert complaint in output
    assert 'Traceback' not in output


def test_two_robots_have_cameras_of_their_own_and_one_onlooker(tmp_path):
    (tmp_path / 'short.yaml').write_text(yaml.safe_dump({**SCENARIO, 'duration': 60}))
    wanted = {f'/robot{n}/{t}' for n in (1, 2) for t in ('camera/image_raw', 'pose_fix', 'imu')}
    wanted |= {'/spectator/image_raw', '/ground_truth/animals'}
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    listener = rclpy.create_node('listener', context=context)
    process = simulator(tmp_path, 'scenario:=short.yaml', 'robots:=[robot1, robot2]')
    end = time.monotonic() + PATIENCE
    there = set()
    while not wanted <= there and time.monotonic() < end and process.poll() is None:
        there = {name for name, _ in listener.get_topic_names_and_types()}
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=PATIENCE)[0]
    listener.destroy_node()
    rclpy.try_shutdown(context=context)
    assert wanted <= there, output
    assert '/camera/image_raw' not in there
    assert process.returncode == 0, output


def test_stamps_follow_the_clock_that_it_publishes(tmp_path):
    (tmp_path / 'short.yaml').write_text(yaml.safe_dump({**SCENARIO, 'duration': 60}))
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    listener = rclpy.create_node('listener', context=context)
    executor = rclpy.executors.SingleThreadedExecutor(context=context)
    executor.add_node(listener)
    clocks, joints = [], []
    listener.create_subscription(Clock, '/clock', clocks.append, qos.RELIABLE)
    listener.create_subscription(JointState, 'joint_states', joints.append, qos.RELIABLE)
    process = simulator(tmp_path, 'scenario:=short.yaml', 'publish_clock:=true')
    end = time.monotonic() + PATIENCE
    while not (clocks and joints) and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.1)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=PATIENCE)[0]
    executor.shutdown()
    listener.destroy_node()
    rclpy.try_shutdown(context=context)
    assert process.returncode == 0, output
    # Simulated time begins at 0, when the simulator does.
    assert all(message.clock.sec < PATIENCE for message in clocks)
    assert all(message.header.stamp.sec < PATIENCE for message in joints)


def test_three_robots_are_refused_in_one_sentence(tmp_path):
    process = simulator(tmp_path, 'robots:=[a, b, c]')
    output = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 2 and 'one or two robots' in output
    assert 'Traceback' not in output
