"""The recorder as a process, over DDS: what is published ends in the folder."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from sentinel_behavior.incidents.store import SqliteStore
from sentinel_common.detections import (
    Box,
    Detection,
    Frame,
    frame_to_message,
    to_seconds,
    to_stamp,
)
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from sentinel_common import images, qos
from sentinel_msgs.msg import HermesFrame, Incident, SoundState
from sentinel_msgs.srv import MarkVisit

# Away from the domains that people choose; the process id tells runs apart.
DOMAIN = 40 + os.getpid() % 40


def start(folder, *more):
    parameters = [f'folder:={folder}', 'min_free_mb:=0.0', *more]
    overrides = [word for parameter in parameters for word in ('-p', parameter)]
    return subprocess.Popen(
        [sys.executable, '-m', 'sentinel_behavior.recorder_node', '--ros-args', *overrides],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, 'ROS_DOMAIN_ID': str(DOMAIN)},
    )


@pytest.fixture
def garden():
    """A node that plays everybody else."""
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    node = Node('everybody_else', context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def until(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f'not in a minute: {what}'
        time.sleep(0.05)


def test_what_is_published_ends_in_the_folder(tmp_path, garden):
    topics = {
        'camera/image_raw': Image,
        'detections': Detection2DArray,
        'incidents': Incident,
        'sound_state': SoundState,
        'cmd_vel': TwistStamped,
        'hermes/tx': HermesFrame,
    }
    send = {
        name: garden.create_publisher(kind, name, qos.RELIABLE) for name, kind in topics.items()
    }
    process = start(tmp_path, 'film:=true', 'film_rate:=10.0')
    until(lambda: all(p.get_subscription_count() for p in send.values()), 'everything is heard')

    header = Header(frame_id='camera_optical_frame')
    pixels = np.full((120, 160, 3), 90, np.uint8)  # small: without the profile large ones are lost
    raccoon = Detection(Box(40, 30, 60, 50), {'raccoon': 0.9}, '3')

    def filmed():
        # Again and again: a best-effort reader drops what comes before it knows the writer.
        header.stamp = to_stamp(time.time())
        detections = frame_to_message(Frame(0.0, header.frame_id, (raccoon,)), header.stamp)
        send['camera/image_raw'].publish(images.image_from_array(pixels, 'bgr8', header))
        time.sleep(0.1)
        send['detections'].publish(detections)
        return list((tmp_path / 'film').glob('*.jpg'))

    until(filmed, 'a picture of the film')
    send['sound_state'].publish(SoundState(playing=True, name='bark', volume=0.5))

    def tell(kind, **detail):
        incident = {'visit_id': 'v', 'track_id': '3', 'species': 'raccoon', 'probability': 0.9}
        text = json.dumps(detail)
        send['incidents'].publish(Incident(header=header, kind=kind, detail=text, **incident))

    tell(Incident.VISIT_STARTED, zone='beds')
    tell(Incident.VISIT_ENDED, outcome='left')
    send['incidents'].publish(Incident(header=header, kind=Incident.DECISION, detail='{broken'))
    send['cmd_vel'].publish(TwistStamped(header=header))
    time.sleep(0.2)
    payload = [6, 3, 0, 0, 0]
    late = Header(stamp=to_stamp(time.time()))
    send['hermes/tx'].publish(HermesFrame(header=late, payload=payload))
    until(lambda: list((tmp_path / 'snapshots').glob('*_frame.jpg')), 'the snapshots')

    mark = garden.create_client(MarkVisit, 'mark_visit')
    assert mark.wait_for_service(timeout_sec=30)
    executor = SingleThreadedExecutor(context=garden.context)
    executor.add_node(garden)
    answers = []
    for visit in ('v', 'nobody'):
        future = mark.call_async(MarkVisit.Request(visit_id=visit, note='a bush'))
        executor.spin_until_future_complete(future, timeout_sec=30)
        answers.append((future.result().success, future.result().message))
    executor.shutdown()
    assert answers[0] == (True, '')
    assert answers[1][0] is False and "no visit 'nobody'" in answers[1][1]
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=30)

    assert process.returncode == 0, log
    assert 'an incident was not understood' in log
    with SqliteStore(tmp_path, create=False) as store:
        recorded = store.read()
    (visit,) = recorded.visits
    assert (visit.outcome, visit.detail['zone']) == ('left', 'beds')
    assert {picture.kind for picture in visit.pictures} == {'crop', 'frame'}
    assert (visit.false_alarm, visit.note) == (True, 'a bush')
    assert visit.started == pytest.approx(to_seconds(header.stamp), abs=1e-6)
    assert [sound.name for sound in recorded.sounds] == ['bark']
    (sample,) = json.loads((tmp_path / 'latency.json').read_text())['samples']
    assert 0 < sample['detection'] < sample['command'] < sample['write'] < 60


def test_a_brain_that_is_ended_at_the_same_time_still_closes_its_visit(tmp_path, garden):
    """``ros2 launch`` and Ctrl-C in a terminal end all nodes at once."""
    incidents = garden.create_publisher(Incident, 'incidents', qos.RELIABLE)
    process = start(tmp_path)
    until(incidents.get_subscription_count, 'the recorder listens')

    def recorded():
        with SqliteStore(tmp_path, create=False) as store:
            return store.read().visits

    def tell(kind, outcome):
        detail = json.dumps({'outcome': outcome})
        incidents.publish(Incident(kind=kind, visit_id='v', track_id='3', detail=detail))

    tell(Incident.VISIT_STARTED, '')
    until(recorded, 'the visit is there')
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    tell(Incident.VISIT_ENDED, 'stayed')
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0, log
    assert [visit.outcome for visit in recorded()] == ['stayed']


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / 'file').write_text('')
    process = start(tmp_path / 'file' / 'folder')
    _, log = process.communicate(timeout=60)
    assert process.returncode == 2
    assert 'cannot be made' in log and 'Traceback' not in log


def test_a_second_recorder_in_a_folder_is_one_sentence(tmp_path):
    with SqliteStore(tmp_path) as store:
        store.start_run(0.0, {})
        process = start(tmp_path)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 2
    assert 'already records into' in log and 'Traceback' not in log
