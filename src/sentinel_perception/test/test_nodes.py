"""The nodes as processes and over DDS: pictures in, animals out; bad input, one sentence."""

import hashlib
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import rclpy
from color_detector import scene
from rclpy.parameter import Parameter
from sentinel_common.detections import (
    GLIMPSE_SCORE,
    Box,
    Detection,
    frame_from_message,
    targets_from_message,
    to_stamp,
)
from sentinel_common.diagnostics import Level
from sentinel_perception.camera.sources import SourceError

from sentinel_common import images, qos


@pytest.fixture
def domain(monkeypatch):
    number = str(100 + os.getpid() % 100)
    monkeypatch.setenv('ROS_DOMAIN_ID', number)
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    return number


def start(module, **parameters):
    options = [o for k, v in parameters.items() for o in ('-p', f'{k}:={v}')]
    return subprocess.Popen(
        [sys.executable, '-m', f'sentinel_perception.{module}', '--ros-args', *options],
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ('module', 'parameters', 'words'),
    [
        ('camera_node', {'source': '/nowhere.mp4'}, "There is no source '/nowhere.mp4'"),
        ('camera_node', {'source': '/dev/video9', 'calibration': '/no.yaml'}, 'cannot be read'),
        ('detector_node', {'model': '/nowhere.tflite'}, '/nowhere.tflite cannot be read'),
        ('detector_node', {'threshold': '7.0'}, 'outside 0.01 to 1.0'),
    ],
)
def test_bad_input_ends_the_process_with_one_sentence(domain, module, parameters, words):
    process = start(module, **parameters)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert words in errors
    assert 'Traceback' not in errors


@pytest.mark.parametrize('species', ['person', 'cat', 'dog'])
def test_a_model_that_would_spare_nobody_of_a_species_is_refused(domain, model, species):
    labels = model.with_name('blobs_labels.txt')
    labels.write_text(labels.read_text().replace(species, 'gnome'))
    process = start('detector_node', model=model)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f'has no class {species}: a robot would not spare them. Take one' in errors
    assert 'Traceback' not in errors


@pytest.fixture
def context(domain):
    rclpy.init()
    yield
    rclpy.try_shutdown()


def wait_for(node, condition, seconds=40):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, 'waited in vain'
        rclpy.spin_once(node, timeout_sec=0.05)


def test_the_camera_shows_a_folder_and_ends_well(context, tmp_path):
    from sensor_msgs.msg import CameraInfo, Image

    for i in range(3):
        cv2.imwrite(str(tmp_path / f'{i}.png'), scene(size=(64, 48), seed=i))
    (tmp_path / '9.png').write_bytes(b'damaged')
    listener, pictures, infos = rclpy.create_node('listener'), [], []
    listener.create_subscription(Image, 'camera/image_raw', pictures.append, qos.RELIABLE)
    listener.create_subscription(CameraInfo, 'camera/camera_info', infos.append, qos.RELIABLE)
    process = start('camera_node', source=tmp_path, hold=3.0, rate=10.0)
    wait_for(listener, lambda: process.poll() is not None)
    said = process.communicate()[1]
    assert said.count('Traceback') == 0
    assert '[WARN]' in said and '1 unreadable' in said
    assert process.returncode == 0
    assert pictures
    assert (pictures[-1].width, pictures[-1].encoding) == (64, 'bgr8')
    assert infos[-1].k[4] == pytest.approx(24 / np.tan(0.7854 / 2))
    listener.destroy_node()


def test_a_calibration_for_another_aspect_ratio_is_told_once(domain, tmp_path):
    cv2.imwrite(str(tmp_path / 'only.png'), scene(size=(64, 36)))
    file = tmp_path / 'c.yaml'
    matrix = '{data: [60, 0, 32, 0, 60, 24, 0, 0, 1]}'
    file.write_text(
        f'{{image_width: 64, image_height: 48, camera_matrix: {matrix}, '
        'distortion_coefficients: {data: [0, 0, 0, 0, 0]}}',
        encoding='utf-8',
    )
    process = start('camera_node', source=tmp_path, calibration=file, hold=0.5)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert said.count('for pictures of 64x48 and these have 64x36') == 1


def test_a_file_waits_for_a_detector_and_for_its_look_at_the_last_picture(context, tmp_path):
    from sensor_msgs.msg import Image
    from vision_msgs.msg import Detection2DArray, LabelInfo

    cv2.imwrite(str(tmp_path / 'only.png'), scene(size=(64, 48)))
    detector, pictures = rclpy.create_node('detector'), []
    detector.create_subscription(Image, 'camera/image_raw', pictures.append, qos.RELIABLE)
    looks = detector.create_publisher(Detection2DArray, 'detections', qos.RELIABLE)
    process = start('camera_node', source=tmp_path, hold=0.1, wait_for_detector=30.0)

    def spin(seconds):
        deadline = time.monotonic() + seconds
        wait_for(detector, lambda: time.monotonic() > deadline)

    wait_for(detector, lambda: looks.get_subscription_count())
    spin(1.0)
    assert not pictures  # the recorder, say, reads them, but nobody looks
    detector.create_publisher(LabelInfo, 'label_info', qos.LATCHED).publish(LabelInfo())
    wait_for(detector, lambda: pictures)
    spin(1.0)
    assert process.poll() is None
    looked = time.monotonic()
    looks.publish(Detection2DArray(header=pictures[-1].header))
    wait_for(detector, lambda: process.poll() is not None)
    assert process.communicate()[1].count('Traceback') == 0 and process.returncode == 0
    assert time.monotonic() - looked < 4.0  # and not when patience was over
    detector.destroy_node()


def test_a_detector_that_hears_the_camera_late_still_gets_the_last_picture(context, tmp_path):
    from sensor_msgs.msg import Image
    from vision_msgs.msg import Detection2DArray, LabelInfo

    cv2.imwrite(str(tmp_path / 'only.png'), scene(size=(64, 48)))
    detector, pictures = rclpy.create_node('detector'), []
    looks = detector.create_publisher(Detection2DArray, 'detections', qos.RELIABLE)
    detector.create_publisher(LabelInfo, 'label_info', qos.LATCHED).publish(LabelInfo())
    process = start('camera_node', source=tmp_path, hold=0.1, wait_for_detector=30.0)
    said = ''
    while 'The source has ended' not in said:
        said = process.stderr.readline()
    detector.create_subscription(Image, 'camera/image_raw', pictures.append, qos.RELIABLE)
    wait_for(detector, lambda: pictures)
    looks.publish(Detection2DArray(header=pictures[-1].header))
    wait_for(detector, lambda: process.poll() is not None)
    assert process.communicate()[1].count('Traceback') == 0 and process.returncode == 0
    detector.destroy_node()


def test_a_file_does_not_wait_for_a_detector_for_ever(domain, tmp_path):
    cv2.imwrite(str(tmp_path / 'only.png'), scene(size=(64, 48)))
    process = start('camera_node', source=tmp_path, hold=0.1, wait_for_detector=1.0)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert said.index('No detector came within 1 s') < said.index(
        'The source has ended: 1 pictures'
    )


@pytest.mark.parametrize('jump', [0.0, 86400.0, -3600.0])
def test_how_long_a_camera_is_silent_is_no_matter_of_the_time_of_day(domain, monkeypatch, jump):
    from sentinel_perception.camera_node import CameraNode

    options = {'source': '"/dev/video9"', 'autostart': 'false', 'give_up_after': '30.0'}
    rclpy.init(args=['--ros-args', *(o for k, v in options.items() for o in ('-p', f'{k}:={v}'))])
    node = CameraNode()
    now, time_of_day = time.monotonic(), node._seconds() + jump
    monkeypatch.setattr(node, '_seconds', lambda: time_of_day)

    def after(seconds, since_start):
        node._last, node._started = now - seconds, now - since_start
        return node._report().message

    monkeypatch.setattr(time, 'monotonic', lambda: now)
    node._capture = SimpleNamespace(
        trouble=None, captured=0, skipped=0, unreadable=0, ended=False, stop=lambda: None
    )
    node._started = now - 0.2
    node._watch()  # does not give up
    assert after(1.0, 100.0) == 'delivering'
    assert after(20.0, 100.0) == 'no picture for 20 s'
    assert after(60.0, 2.6) == 'no picture for 3 s'  # the source was opened late
    node._started = now - 31.0
    with pytest.raises(SourceError, match='within 30 s'):
        node._watch()
    node.destroy_node()
    rclpy.try_shutdown()


def test_the_end_of_a_folder_is_told_again_after_it_was_shown_again(domain, tmp_path, capfd):
    from sentinel_perception.camera_node import CameraNode

    cv2.imwrite(str(tmp_path / 'a.png'), scene(size=(64, 48)))
    options = {'source': tmp_path, 'exit_at_end': 'false', 'hold': '0.1'}
    rclpy.init(args=['--ros-args', *(o for k, v in options.items() for o in ('-p', f'{k}:={v}'))])
    node, said = CameraNode(), ''

    def told(words):
        nonlocal said
        said += capfd.readouterr().err
        return words in said

    node.autostart()
    wait_for(node, lambda: told('The source has ended: 1 pictures.'))
    (tmp_path / 'b.png').write_bytes(b'damaged')
    node.trigger_deactivate()
    node.trigger_activate()
    wait_for(node, lambda: told('The source has ended: 2 pictures, 1 unreadable.'))
    assert said.count('The source has ended') == 2
    node.destroy_node()
    rclpy.try_shutdown()


def test_the_parameters_of_the_camera_are_fixed_at_start():
    from sentinel_perception.camera_node import PARAMETERS

    assert all(p.read_only for p in PARAMETERS)


class Bench:
    """A detector node in this process, with something that feeds it and listens."""

    def __init__(self, model, **parameters):
        from sensor_msgs.msg import Image
        from sentinel_perception.detector_node import DetectorNode
        from std_msgs.msg import Header
        from vision_msgs.msg import Detection2DArray, Detection3DArray, LabelInfo

        values = {'model': str(model), **parameters}
        overrides = [o for k, v in values.items() for o in ('-p', f'{k}:={v}')]
        rclpy.init(args=['--ros-args', *overrides])
        self.node = DetectorNode()
        self.helper = rclpy.create_node('helper', use_global_arguments=False)
        self.executor = rclpy.executors.SingleThreadedExecutor()
        for node in (self.node, self.helper):
            self.executor.add_node(node)
        self.got = {'detections': [], 'targets': [], 'sweep': [], 'label_info': []}
        kinds = (Detection2DArray, Detection3DArray, Header, LabelInfo)
        for (topic, store), kind in zip(self.got.items(), kinds, strict=True):
            profile = qos.LATCHED if topic == 'label_info' else qos.RELIABLE
            self.helper.create_subscription(kind, topic, store.append, profile)
        self.pictures = self.helper.create_publisher(Image, 'camera/image_raw', qos.IMAGE_WRITER)
        self.sent = 0
        self.node.autostart()
        self.spin(lambda: self.pictures.get_subscription_count() > 0)

    def spin(self, condition, seconds=40):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, 'waited in vain'
            self.executor.spin_once(timeout_sec=0.02)

    def show(self, picture, spoil=None, stamp=None):
        """Send one picture and wait until it is processed or refused."""
        from std_msgs.msg import Header

        self.sent += 1
        stamp = stamp or to_stamp(1000 + self.sent * 0.1)
        message = images.image_from_array(picture, 'bgr8', Header(stamp=stamp, frame_id='eye'))
        if spoil:
            spoil(message)
        before = len(self.got['detections']), self.node._meter.unusable
        self.pictures.publish(message)
        self.spin(lambda: (len(self.got['detections']), self.node._meter.unusable) != before)

    def close(self):
        self.node.stop()
        for node in (self.node, self.helper):
            node.destroy_node()
        rclpy.try_shutdown()


@pytest.fixture
def bench(domain, model):
    bench = Bench(model, finest_grid=1)
    yield bench
    bench.close()


def test_who_cannot_see_people_lets_no_picture_be_kept(domain, model, capfd):
    labels = model.with_name('blobs_labels.txt')
    labels.write_text(labels.read_text().replace('person', 'gnome'))
    bench = Bench(model, finest_grid=1, watch_only=True)
    bench.show(blob())
    frame = frame_from_message(bench.got['detections'][-1])
    bench.close()
    assert frame.glimpses == (Detection(Box(0, 0, 96, 96), {'person': GLIMPSE_SCORE}),)
    said = capfd.readouterr().err
    assert 'no class person: none will' in said and 'count as nothing: gnome' in said


def blob():
    picture = scene(size=(96, 96), grey=60)
    picture[32:64, 32:64] = (0, 0, 255)
    return picture


def test_pictures_become_detections_targets_and_sweeps(bench):
    for _ in range(6):
        bench.show(blob())
    assert len(bench.got['detections']) == 6
    frame = frame_from_message(bench.got['detections'][-1])
    assert (frame.frame_id, frame.stamp) == ('eye', pytest.approx(1000.6))
    # The little model has coarse boxes, so that a crop may show it two blobs instead of one.
    assert frame.detections
    assert {d.best[0] for d in frame.detections} == {'raccoon'}
    bench.spin(lambda: len(bench.got['targets']) == 6)
    names = {t.track_id for t in targets_from_message(bench.got['targets'][-1]).targets}
    assert names == {d.track_id for d in frame.detections}
    assert bench.got['sweep']
    assert bench.got['label_info'][0].class_map[0].class_name == 'raccoon'


def test_detections_targets_and_sweeps_have_the_very_stamp_of_their_picture(bench):
    from builtin_interfaces.msg import Time

    stamp = Time(sec=1795800000, nanosec=926756582)
    bench.show(blob(), stamp=stamp)
    bench.spin(lambda: bench.got['targets'] and bench.got['sweep'])
    told = [bench.got[topic][0] for topic in ('detections', 'targets')]
    assert [m.header.stamp for m in told] + [bench.got['sweep'][0].stamp] == [stamp] * 3


def test_bad_pictures_are_counted_and_the_watch_goes_on(bench):
    def no_rows(message):
        message.height = 0

    def cut_short(message):
        message.data = message.data[:100]

    def strange(message):
        message.encoding = 'yuv422'

    for spoil in (no_rows, cut_short, strange):
        bench.show(blob(), spoil)
    assert bench.node._meter.unusable == 3
    bench.show(blob())
    assert len(bench.got['detections']) == 1


def test_a_fault_that_nobody_foresaw_is_told_and_the_watch_goes_on(bench, monkeypatch):
    def fails(*_, **__):
        raise ZeroDivisionError('nobody foresaw this')

    with monkeypatch.context() as patch:
        patch.setattr(bench.node._pipeline, 'process', fails)
        bench.show(blob())
    assert bench.node._meter.unusable == 1
    assert 'ZeroDivisionError: nobody foresaw this' in bench.node._report().message
    bench.show(blob())
    assert len(bench.got['detections']) == 1
    assert 'nobody foresaw' not in bench.node._report().message


def test_what_the_last_picture_showed_is_not_told_of_a_camera_that_is_gone(bench, monkeypatch):
    report = bench.node._report
    dark = np.zeros((96, 96, 3), np.uint8)
    bench.show(dark)
    bench.spin(lambda: report().message.startswith('cannot see'))
    with monkeypatch.context() as patch:
        later = time.monotonic() + 1.5
        patch.setattr(time, 'monotonic', lambda: later)
        assert (report().level, report().message) == (Level.ERROR, 'no pictures')
    bench.show(dark)
    bench.spin(lambda: report().message.startswith('cannot see'))
    bench.node.trigger_deactivate()
    bench.node.trigger_activate()
    assert 'cannot see' not in report().message


def test_pictures_without_a_time_of_their_own_are_a_warning(bench):
    for _ in range(8):
        bench.show(blob(), stamp=to_stamp(0.0))
    bench.spin(lambda: bench.node._report().message == 'time stamps stand still')
    assert bench.node._report().level == Level.WARN
    bench.show(scene(size=(96, 96), grey=90, seed=1))
    bench.spin(lambda: bench.node._report().message == 'looking')


def noted(bench, monkeypatch, argument):
    """List to which the pipeline adds what it is told as this argument with each picture."""
    told, process = [], bench.node._pipeline.process

    def noting(*arguments, **named):
        told.append(named[argument])
        return process(*arguments, **named)

    monkeypatch.setattr(bench.node._pipeline, 'process', noting)
    return told


def test_its_own_motion_is_that_of_the_stamps_however_long_it_waits(bench, monkeypatch):
    from geometry_msgs.msg import TwistStamped
    from std_msgs.msg import Header

    told = noted(bench, monkeypatch, 'moving')
    commands = bench.helper.create_publisher(TwistStamped, 'cmd_vel', 10)
    bench.spin(lambda: commands.get_subscription_count() > 0)
    command = TwistStamped(header=Header(stamp=to_stamp(1000.15)))
    command.twist.linear.x = 0.1
    bench.show(blob())
    commands.publish(command)
    bench.spin(lambda: bench.node._own_motion.moves_at(1000.2))
    bench.show(blob())
    time.sleep(1.6)
    for _ in range(16):
        bench.show(blob())
    assert told == [False] + 15 * [True] + 2 * [False]


def test_how_late_pictures_are_told_counts_unless_clocks_differ(bench, monkeypatch):
    told = noted(bench, monkeypatch, 'delay')
    for offset in (-1000.0, 1000.0, -0.5, 0.0):
        bench.show(blob(), stamp=to_stamp(bench.node.get_clock().now().nanoseconds * 1e-9 + offset))
    old, ahead, late = told[1:]
    assert (old, ahead) == (0.0, 0.0)
    assert 0.5 < late < 2.0


def test_parameters_are_tuned_live_within_their_range(bench):
    set_one = bench.node.set_parameters
    assert set_one([Parameter('threshold', value=0.6)])[0].successful
    assert bench.node._pipeline.settings.threshold == 0.6
    told = bench.got['label_info']
    bench.spin(lambda: told and told[-1].threshold == pytest.approx(0.6))
    refused = set_one([Parameter('threshold', value=1.5)])[0]
    assert not refused.successful
    refused = set_one([Parameter('confirm_hits', value=19)])[0]
    assert 'confirm_looks' in refused.reason
    assert bench.node._pipeline.settings.confirm_hits == 3


@pytest.mark.parametrize('name', ['veto_level', 'household_threshold'])
def test_what_the_guard_counts_on_is_fixed_at_start(bench, name):
    assert not bench.node.set_parameters([Parameter(name, value=0.05)])[0].successful


def test_the_annotated_picture_is_made_only_while_somebody_looks(bench):
    from sensor_msgs.msg import Image

    drawn = []
    bench.show(blob())
    watcher = bench.helper.create_subscription(
        Image, 'detections/image', drawn.append, qos.RELIABLE
    )
    bench.spin(lambda: bench.node._drawn.get_subscription_count() > 0)
    bench.show(blob())
    bench.spin(lambda: drawn)
    assert images.image_to_bgr(drawn[0]).shape == (96, 96, 3)
    bench.helper.destroy_subscription(watcher)


def test_diagnostics_name_the_model_that_runs(bench, model):
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert digest.startswith(bench.node._report().values['model'])


def test_the_lens_is_that_of_the_last_camera_info(bench):
    from sensor_msgs.msg import CameraInfo

    k = [60.0, 0.0, 48.0, 0.0, 60.0, 48.0, 0.0, 0.0, 1.0]
    lens = {'distortion_model': 'plumb_bob', 'd': [-0.3, 0.1, 0.0, 0.0, 0.0]}
    bench.node._receive_info(CameraInfo(width=96, height=96, k=k, **lens))
    camera = bench.node._camera(48, 48)
    assert (camera.fx, camera.width, camera.distortion) == (30, 48, tuple(lens['d']))
    assert camera.is_understood
    bench.node._receive_info(CameraInfo())  # tells nothing
    assert bench.node._camera(48, 48) == camera
    bench.node._receive_info(CameraInfo(width=96, height=96, k=k, distortion_model='x', d=[1.0]))
    assert not bench.node._camera(48, 48).is_understood


def test_a_part_of_the_sensor_is_seen_as_the_camera_tells_it(bench, capfd):
    from sensor_msgs.msg import CameraInfo, RegionOfInterest

    k = [600.0, 0.0, 960.0, 0.0, 600.0, 540.0, 0.0, 0.0, 1.0]
    part = RegionOfInterest(x_offset=320, y_offset=60, width=1280, height=960)
    bench.node._receive_info(CameraInfo(width=1920, height=1080, k=k, roi=part))
    camera = bench.node._camera(640, 480)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (300, 300, 320, 240)
    assert 'aspect ratio' not in capfd.readouterr().err
    bench.node._receive_info(CameraInfo(width=1920, height=1080, k=k))
    bench.node._camera(640, 480)
    assert 'another aspect ratio: positions are wrong' in capfd.readouterr().err


def test_an_inactive_detector_looks_at_nothing_and_comes_back(bench):
    bench.node.trigger_deactivate()
    assert not bench.node._worker.running
    bench.node.trigger_activate()
    bench.show(blob())
    assert len(bench.got['detections']) == 1
