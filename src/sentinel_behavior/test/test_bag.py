"""Recordings can be read by others, begin before a visit, and hold no picture of a person."""

import base64
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import rclpy
import yaml
from geometry_msgs.msg import TransformStamped
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rclpy.context import Context
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from sentinel_behavior.bag.bag import Bag, BagError, Entry, Recording, forget
from sentinel_behavior.bag.definitions import DefinitionError, definition
from sentinel_behavior.bag.meshes import with_meshes
from sentinel_behavior.bag.topics import INCIDENTS, STATIC, TOPICS, Manner
from sentinel_behavior.bag_node import BagNode
from sentinel_common.detections import Box, Detection, Frame, frame_to_message, to_stamp
from sentinel_common.files import share
from std_msgs.msg import Header, String
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2DArray

from sentinel_common import images, qos
from sentinel_msgs.msg import Incident

# Away from the domains that people choose; the process id tells runs apart.
DOMAIN = 40 + (os.getpid() + 20) % 40


def read(path):
    """(topic, decoded message, ns) of everything in a file."""
    with path.open('rb') as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        return [(c.topic, m, r.log_time) for _, c, r, m in reader.iter_decoded_messages()]


@pytest.fixture
def bag_node(tmp_path, monkeypatch):
    """Makes the node in this process, with parameters; it records into ``tmp_path``."""
    monkeypatch.setenv('ROS_DOMAIN_ID', str(DOMAIN))
    made = []

    def make(*parameters):
        words = [w for p in (f'folder:={tmp_path}', *parameters) for w in ('-p', p)]
        rclpy.init(args=['--ros-args', *words])
        made.append(BagNode())
        return made[0]

    yield make
    made[0].stop()
    made[0].destroy_node()
    rclpy.shutdown()


def entry(text, at, topic='/words', **more):
    data = serialize_message(String(data=text))
    return Entry(topic, 'std_msgs/msg/String', data, int(at * 1e9), **more)


@pytest.mark.parametrize('datatype', sorted({topic.datatype for topic in TOPICS}))
def test_every_type_can_be_described_and_read_back(datatype, tmp_path):
    package, _, name = datatype.partition('/msg/')
    kind = getattr(__import__(f'{package}.msg', fromlist=[name]), name)
    with Bag(tmp_path / 'a.mcap') as bag:
        bag.write(Entry('/a', datatype, serialize_message(kind()), 1))
    ((_, message, _),) = read(tmp_path / 'a.mcap')
    fields = {field.lstrip('_') for field in kind.get_fields_and_field_types()}
    assert all(hasattr(message, field) for field in fields)


def test_a_type_that_is_not_installed_is_one_sentence():
    with pytest.raises(DefinitionError, match='definition of no_msgs/Such is missing'):
        definition('no_msgs/msg/Such')


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(BagError, match='cannot be written'):
        Bag(tmp_path / 'file' / 'a.mcap')


def test_no_earlier_recording_is_overwritten(tmp_path):
    for number in range(3):
        with Bag(tmp_path / 'garden-0.mcap') as bag:
            bag.write(entry(str(number), number))
    names = ('garden-0', 'garden-0-2', 'garden-0-3')
    assert [read(tmp_path / f'{name}.mcap')[0][1].data for name in names] == ['0', '1', '2']


def test_a_recording_is_named_by_the_time_of_day_also_in_simulated_time(bag_node):
    before = int(time.time())
    second = int(bag_node('use_sim_time:=true')._recording.file.stem.removeprefix('garden-'))
    assert before <= second <= time.time()


def test_old_recordings_are_deleted_and_nothing_else(tmp_path):
    for name in ('garden-1.mcap', 'visit-a.mcap', 'visit-b.mcap', 'my own.mcap'):
        (tmp_path / name).write_text('')
        os.utime(tmp_path / name, (1000.0, 3000.0 if name == 'visit-b.mcap' else 1000.0))
    forget(tmp_path, 2000.0)
    assert {p.name for p in tmp_path.iterdir()} == {'visit-b.mcap', 'my own.mcap'}
    forget(tmp_path / 'missing', 2000.0)


FOOT = base64.b64encode(share('urdf/meshes/foot.stl').read_bytes()).decode()


@pytest.mark.parametrize(
    'uri', ['package://sentinel_bringup/urdf/meshes/foot.stl', 'file:///opt/urdf/meshes/foot.stl']
)
def test_a_robot_is_recorded_with_its_meshes(uri):
    whole = with_meshes(f'<mesh filename="{uri}"/>', share('urdf/meshes'))
    assert whole == f'<mesh filename="data:model/stl;base64,{FOOT}"/>'


def test_meshes_of_another_robot_stay_as_they_are():
    urdf = '<mesh filename="package://another/meshes/wheel.stl"/>'
    assert with_meshes(urdf, share('urdf/meshes')) == urdf


def test_a_recording_says_which_topics_were_latched(tmp_path):
    with Bag(tmp_path / 'a.mcap') as bag:
        bag.write(entry('now', 1.0))
        bag.write(entry('always', 1.0, '/robot_description', latched=True))
    with (tmp_path / 'a.mcap').open('rb') as file:
        channels = make_reader(file).get_summary().channels.values()
    offered = {channel.topic: channel.metadata for channel in channels}
    assert offered['/words'] == {}
    (profile,) = yaml.safe_load(offered['/robot_description']['offered_qos_profiles'])
    infinite = {'sec': 9223372036, 'nsec': 854775807}
    assert profile == {  # what rosbag2 writes and reads, version 9 of its metadata
        'history': 'keep_last',
        'depth': 1,
        'reliability': 'reliable',
        'durability': 'transient_local',
        'deadline': infinite,
        'lifespan': infinite,
        'liveliness': 'automatic',
        'liveliness_lease_duration': infinite,
        'avoid_ros_namespace_conventions': False,
    }


def test_the_file_of_a_visit_begins_before_it_and_ends_with_it(tmp_path):
    recording = Recording(lambda name: tmp_path / f'{name}.mcap', visits_only=True, before=2.0)
    recording.add(entry('robot', 0.5, '/robot_description', latched=True))
    for second in (1.0, 7.0, 8.0, 9.0):
        recording.add(entry(f'at {second}', second))
    recording.visit_started('v1')
    recording.add(entry('during', 9.5))
    assert recording.visit_ended('v1') == tmp_path / 'v1.mcap'
    recording.add(entry('after', 9.75))
    assert recording.close() is None
    words = [(message.data, at / 1e9) for _, message, at in read(tmp_path / 'v1.mcap')]
    assert words == [
        ('robot', 7.0),
        ('at 7.0', 7.0),
        ('at 8.0', 8.0),
        ('at 9.0', 9.0),
        ('during', 9.5),
    ]


def test_the_file_of_a_visit_has_the_newest_latched_message_about_each_thing(tmp_path):
    recording = Recording(lambda name: tmp_path / f'{name}.mcap', visits_only=True, before=2.0)
    for at, (text, about) in enumerate([('old a', 'a'), ('b', 'b'), ('new a', 'a')]):
        recording.add(entry(text, at, latched=True, about=about))
    recording.add(entry('before', 9.0))
    recording.visit_started('v1')
    recording.close()
    words = [message.data for _, message, _ in read(tmp_path / 'v1.mcap')]
    assert words == ['b', 'new a', 'before']


def test_the_file_of_a_visit_has_the_static_transforms_of_every_node(tmp_path, bag_node):
    node = bag_node('visits_only:=true')

    def take(topic, message):
        data = serialize_message(message)
        now = node.get_clock().now().nanoseconds
        latched = topic.manner == Manner.LATCHED
        node._take(topic, Entry(topic.name, topic.datatype, data, now, latched), type(message))

    for child in ('imu_link', 'camera_link'):
        take(STATIC, TFMessage(transforms=[TransformStamped(child_frame_id=child)]))
    take(INCIDENTS, Incident(kind=Incident.VISIT_STARTED, visit_id='v1'))
    take(INCIDENTS, Incident(kind=Incident.VISIT_ENDED, visit_id='v1'))
    found = read(tmp_path / 'visit-v1.mcap')
    frames = [m.transforms[0].child_frame_id for topic, m, _ in found if topic == STATIC.name]
    assert frames == ['imu_link', 'camera_link']


def test_visits_that_overlap_share_a_file(tmp_path):
    recording = Recording(lambda name: tmp_path / f'{name}.mcap', visits_only=True, before=1.0)
    recording.visit_started('v1')
    recording.visit_started('v2')
    assert recording.visit_ended('v1') is None
    recording.add(entry('both', 1.0))
    assert recording.visit_ended('v2') == tmp_path / 'v1.mcap'
    assert [path.name for path in tmp_path.iterdir()] == ['v1.mcap']
    assert len(read(tmp_path / 'v1.mcap')) == 1


def test_the_file_of_a_brain_that_died_ends_with_the_next_visit(tmp_path):
    recording = Recording(lambda name: tmp_path / f'{name}.mcap', visits_only=True, before=1.0)
    recording.visit_started('old-0001')
    recording.visit_started('old-0002')
    assert recording.visit_started('new-0001') == tmp_path / 'old-0001.mcap'
    assert recording.file == tmp_path / 'new-0001.mcap'
    assert recording.visit_ended('new-0001') == tmp_path / 'new-0001.mcap'


def test_the_file_of_a_visit_that_nobody_ends_does_not_grow_for_ever(tmp_path):
    recording = Recording(lambda name: tmp_path / f'{name}.mcap', visits_only=True, before=1.0)
    second = 10**9
    assert recording.look(10 * second, somebody=False) is None
    recording.visit_started('v1')
    for minute in range(1, 60):  # as long as somebody is there
        assert recording.look(minute * 60 * second, somebody=True) is None
    assert recording.look((59 * 60 + 600) * second, somebody=False) is None
    assert recording.look((59 * 60 + 670) * second, somebody=False) == tmp_path / 'v1.mcap'
    assert recording.look(10**6 * second, somebody=False) is None
    assert recording.file is None


def test_a_recording_of_everything_ends_with_no_visit(tmp_path):
    recording = Recording(lambda name: tmp_path / 'all.mcap', visits_only=False, before=1.0)
    recording.visit_started('v1')
    assert recording.look(10**6 * 10**9, somebody=False) is None
    assert recording.file == tmp_path / 'all.mcap'
    recording.close()


def test_what_went_before_a_visit_survives_a_clock_that_is_set_back(tmp_path):
    recording = Recording(lambda name: tmp_path / f'{name}.mcap', visits_only=True, before=2.0)
    for second in (7000.0, 7001.0, *(3000.0 + tenth / 10 for tenth in range(100))):
        recording.add(entry(f'at {second}', second))
    recording.visit_started('v1')
    recording.close()
    times = [at / 1e9 for _, _, at in read(tmp_path / 'v1.mcap')]
    assert (times[0], times[-1], len(times)) == (3007.9, 3009.9, 21)


def test_a_recording_over_dds_is_whole_and_shows_nobody(tmp_path):
    process = subprocess.Popen(
        [
            *(sys.executable, '-m', 'sentinel_behavior.bag_node'),
            *('--ros-args', '-p', f'folder:={tmp_path}'),
        ],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, 'ROS_DOMAIN_ID': str(DOMAIN)},
    )
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    garden = Node('everybody_else', context=context)
    camera = garden.create_publisher(Image, 'camera/image_raw', qos.IMAGE_WRITER)
    seen = garden.create_publisher(Detection2DArray, 'detections', qos.RELIABLE)
    tree = garden.create_publisher(String, 'tree', qos.LATCHED)
    told = garden.create_publisher(Incident, 'incidents', qos.RELIABLE)
    tree.publish(String(data='the tree'))
    robot = garden.create_publisher(String, 'robot_description', qos.LATCHED)
    robot.publish(String(data='<mesh filename="package://sentinel_bringup/urdf/meshes/foot.stl"/>'))
    end = time.monotonic() + 60
    while not all(p.get_subscription_count() for p in (camera, seen, tree, told, robot)):
        assert time.monotonic() < end, 'the recorder does not listen'
        time.sleep(0.05)
    time.sleep(1.0)  # the other side of the match
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[..., 2] = 200  # red
    for second, scores in enumerate(({'raccoon': 0.9}, {'person': 0.1}, {'cat': 0.5}), start=1):
        header = Header(stamp=to_stamp(float(second)), frame_id='camera')
        frame = Frame(float(second), 'camera', (Detection(Box(1, 1, 9, 9), scores, '1'),))
        camera.publish(images.image_from_array(pixels, 'bgr8', header))
        time.sleep(0.3)
        seen.publish(frame_to_message(frame))
        time.sleep(0.1)
    glimpse = Detection(Box(1, 1, 9, 9), {'person': 0.1})
    header = Header(stamp=to_stamp(4.0), frame_id='camera')
    camera.publish(images.image_from_array(pixels, 'bgr8', header))
    time.sleep(0.3)
    seen.publish(frame_to_message(Frame(4.0, 'camera', glimpses=(glimpse,))))
    time.sleep(0.1)
    told.publish(Incident(kind=Incident.VISIT_STARTED, visit_id='v'))
    time.sleep(0.5)
    garden.destroy_node()
    rclpy.shutdown(context=context)
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0, log

    (path,) = tmp_path.glob('garden-*.mcap')
    found = read(path)
    pictures = [m for topic, m, _ in found if topic == '/camera/image_raw/compressed']
    assert [picture.header.stamp.sec for picture in pictures] == [1, 3]
    shown = cv2.imdecode(np.frombuffer(pictures[0].data, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == pixels.shape and np.abs(shown.astype(int) - pixels).max() < 10
    assert not [m for topic, m, _ in found if topic == '/camera/image_raw']
    frames = [m for topic, m, _ in found if topic == '/detections']
    assert [frame.detections[0].results[0].hypothesis.class_id for frame in frames] == [
        'raccoon',
        'person',
        'cat',
        'person_glimpse',
    ]
    assert [m.data for topic, m, _ in found if topic == '/tree'] == ['the tree']
    (robot,) = [m.data for topic, m, _ in found if topic == '/robot_description']
    assert FOOT in robot and 'package://' not in robot
    assert [m.visit_id for topic, m, _ in found if topic == '/incidents'] == ['v']
