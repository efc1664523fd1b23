"""Guard and brain as nodes over DDS: what goes in, what comes out, and how they start and end."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import rclpy
import yaml
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseWithCovarianceStamped, TwistStamped
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.executors import MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo
from sentinel_behavior.blackboard import Play, Wants
from sentinel_behavior.border import TimeBridge, fix_from_message
from sentinel_behavior.brain_node import PARAMETERS as BRAIN_PARAMETERS
from sentinel_behavior.brain_node import BrainNode
from sentinel_behavior.guard_node import PARAMETERS as GUARD_PARAMETERS
from sentinel_behavior.guard_node import GuardNode
from sentinel_common.files import share
from sentinel_common.geometry import Pose
from sentinel_common.parameters import check
from std_msgs.msg import Bool, ColorRGBA, Header, String
from std_srvs.srv import SetBool
from vision_msgs.msg import Detection2DArray, Detection3DArray

from sentinel_common import detections as d
from sentinel_common import qos
from sentinel_msgs.action import PlaySound
from sentinel_msgs.msg import Incident, SafetyState, SoundState, Status

# Long enough for a busy machine; a passing test needs a second or two.
PATIENCE = 60.0

BOX, ELSEWHERE = d.Box(300, 200, 80, 60), d.Box(20, 200, 60, 150)


class Probe(Node):
    """Plays detector, speaker and pose source, and remembers what it hears."""

    def __init__(self):
        super().__init__('probe')
        publish = self.create_publisher
        self.detections = publish(Detection2DArray, 'detections', qos.RELIABLE)
        self.targets = publish(Detection3DArray, 'targets', qos.RELIABLE)
        self.sweep = publish(Header, 'sweep', qos.RELIABLE)
        self.camera = publish(CameraInfo, 'camera/camera_info', qos.IMAGE_WRITER)
        self.pose = publish(PoseWithCovarianceStamped, 'pose_fix', qos.RELIABLE)
        self.sound = publish(SoundState, 'sound_state', qos.RELIABLE)
        self.diagnostics = publish(DiagnosticArray, '/diagnostics', qos.RELIABLE)
        self.teleop = publish(TwistStamped, 'cmd_vel_teleop', qos.RELIABLE)
        self.heard = {}
        for kind, topic in (
            (SafetyState, 'safety_state'),
            (TwistStamped, 'cmd_vel'),
            (Incident, 'incidents'),
            (Status, 'status'),
            (ColorRGBA, 'head_color'),
        ):
            self._hear(kind, topic, qos.RELIABLE)
        self._hear(String, 'tree', qos.LATCHED)
        self._hear(Bool, 'emergency_stop_state', qos.LATCHED)
        self.arm = self.create_client(SetBool, 'arm')
        self.emergency_stop = self.create_client(SetBool, 'emergency_stop')
        self.last_stamp = 0.0

    def _hear(self, kind, topic, profile):
        messages = self.heard[topic] = []
        self.create_subscription(kind, topic, messages.append, profile)

    def show(self, *found):
        """Send one picture's worth of messages."""
        now = time.time()
        self.last_stamp = now
        places = [d.Target(f.track_id, f.scores, 2.5, 1.0, 0.0, 0.01, 0.01) for f in found]
        self.camera.publish(CameraInfo(height=480, width=640))
        self.sound.publish(SoundState())
        pose = PoseWithCovarianceStamped(header=Header(frame_id='map'))
        pose.pose.pose.orientation.w = 1.0
        self.pose.publish(pose)
        self.detections.publish(d.frame_to_message(d.Frame(now, 'camera', tuple(found))))
        frame = d.TargetFrame(now, 'base_link', tuple(p for p in places if p.track_id))
        self.targets.publish(d.targets_to_message(frame))
        self.sweep.publish(Header(stamp=d.to_stamp(now)))


RACCOON = d.Detection(BOX, {'raccoon': 0.95}, '1')
CAT = d.Detection(ELSEWHERE, {'cat': 0.3}, '')


class Stack:
    def __init__(self):
        self.executor = SingleThreadedExecutor()
        self.nodes = [GuardNode(), BrainNode(), Probe()]
        self.probe = self.nodes[-1]
        for node in self.nodes:
            self.executor.add_node(node)

    def until(self, condition, *found):
        """Show pictures at about 10 Hz until ``condition`` holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, self.state()
            self.probe.show(*found)
            pause = time.monotonic() + 0.08
            while time.monotonic() < pause:
                self.executor.spin_once(timeout_sec=0.01)

    def call(self, client, value):
        assert client.wait_for_service(timeout_sec=PATIENCE)
        future = client.call_async(SetBool.Request(data=value))
        self.executor.spin_until_future_complete(future, timeout_sec=PATIENCE)
        return future.result()

    def state(self):
        heard = self.probe.heard
        return {topic: (messages[-1:] or [None])[0] for topic, messages in heard.items()}

    def newest(self, topic):
        return (self.probe.heard[topic] or [None])[-1]

    def kinds(self):
        return [i.kind for i in self.probe.heard['incidents']]

    def close(self):
        for node in self.nodes:
            node.destroy_node()
        self.executor.shutdown()


@contextmanager
def running(args=None):
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    rclpy.init(args=args, domain_id=100 + os.getpid() % 100)
    made = Stack()
    yield made
    made.close()
    rclpy.shutdown()


@pytest.fixture
def stack(request):
    with running(getattr(request, 'param', None)) as made:
        yield made


def moving(stack):
    newest = stack.newest('cmd_vel')
    return newest is not None and abs(newest.twist.angular.z) > 0.1


def test_from_a_picture_to_a_motion_and_back_to_rest(stack):
    assert not stack.probe.heard['cmd_vel']
    assert stack.call(stack.probe.arm, True).message == 'armed'
    stack.until(lambda: moving(stack), RACCOON)
    # The stamp of the picture that is answered comes through brain and guard.
    stamp = d.to_seconds(stack.newest('cmd_vel').header.stamp)
    assert 0 <= stack.probe.last_stamp - stamp < PATIENCE
    stack.until(lambda: any(c.r for c in stack.probe.heard['head_color']), RACCOON)
    stack.until(lambda: len(stack.kinds()) >= 3, RACCOON)
    assert stack.kinds()[:3] == [
        Incident.VISIT_STARTED,
        Incident.DECISION,
        Incident.STIMULUS_STARTED,
    ]
    stack.until(lambda: stack.newest('tree') is not None, RACCOON)
    assert 'engage' in stack.newest('tree').data

    stack.until(lambda: 'person_or_pet' in stack.newest('safety_state').rules, RACCOON, CAT)
    stack.until(lambda: not moving(stack), RACCOON)
    stack.until(lambda: stack.newest('status').state == 'holding_fire', RACCOON)
    stack.until(lambda: stack.newest('head_color').r == 0.0, RACCOON)
    assert Incident.STIMULUS_ENDED in stack.kinds()


def test_what_one_night_taught_is_there_in_the_next(tmp_path):
    file = tmp_path / 'policy.json'
    args = ['--ros-args', '-p', f'brain:state_file:={file}']
    with running(args) as stack:
        stack.call(stack.probe.arm, True)
        stack.until(lambda: Incident.STIMULUS_ENDED in stack.kinds(), RACCOON)
        stack.until(lambda: Incident.VISIT_ENDED in stack.kinds())
        learned = stack.nodes[1]._brain.board.policy.state()
    begun = [i for i in stack.probe.heard['incidents'] if i.kind == Incident.STIMULUS_STARTED]
    assert begun[-1].deterrent in json.dumps(learned)
    with running(args) as stack:
        assert stack.nodes[1]._brain.board.policy.state() == learned


def test_the_log_names_the_model_that_the_detector_says_it_runs(stack):
    def says(name, model):
        values = [KeyValue(key='model', value=model)]
        return DiagnosticStatus(name=f'{name}: perception', values=values)

    def told():
        stack.probe.diagnostics.publish(
            DiagnosticArray(status=[says('/detector', 'abc'), says('/other_robot/detector', 'def')])
        )
        return stack.nodes[1]._brain.board.hashes['model']

    stack.call(stack.probe.arm, True)
    stack.until(told)
    stack.until(lambda: Incident.DECISION in stack.kinds(), RACCOON)
    decision = next(i for i in stack.probe.heard['incidents'] if i.kind == Incident.DECISION)
    assert json.loads(decision.detail)['model'] == 'abc'


def at(hour):
    return ['--ros-args', '-p', 'guard:quiet_sound_budget:=0.0', '-p', f'hour:={hour}']


@pytest.mark.parametrize(
    ('stack', 'context', 'silent'),
    [(at(1.0), 'night', True), (at(21.0), 'night', False), (at(12.0), 'day', False)],
    indirect=['stack'],
)
def test_guard_and_brain_take_the_hour_that_they_are_told(stack, context, silent):
    stack.call(stack.probe.arm, True)
    stack.until(lambda: Incident.DECISION in stack.kinds(), RACCOON)
    visit = next(i for i in stack.probe.heard['incidents'] if i.kind == Incident.VISIT_STARTED)
    told = json.loads(visit.detail)
    assert (told['context'], told['quiet']) == (context, silent)
    assert ('sound_budget' in stack.newest('safety_state').rules) == silent


def test_what_carries_no_stamp_is_of_now():
    clock = SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=12_500_000_000))
    bridge = TimeBridge(SimpleNamespace(get_clock=lambda: clock), -1.0)
    ages = [bridge.age(Time(sec=sec)) for sec in (0, 12, 13)]
    assert ages == [0.0, 0.5, -0.5]


def test_without_an_hour_the_clock_tells_it():
    before, hour, after = time.localtime(), TimeBridge(None, -1.0).hour(), time.localtime()
    assert hour in [clock.tm_hour + clock.tm_min / 60 for clock in (before, after)]


def fix(x=1.0, z=0.0, w=1.0, frame='map', age=0.0, **covariance):
    message = PoseWithCovarianceStamped(header=Header(frame_id=frame))
    message.pose.pose.position.x = x
    message.pose.pose.orientation.z, message.pose.pose.orientation.w = z, w
    for entry, value in covariance.items():
        message.pose.covariance[int(entry[1:])] = value
    return fix_from_message(message, age)


@pytest.mark.parametrize('length', [0.95, 1.0, 1.05])
def test_a_fix_tells_place_heading_and_the_larger_variance_of_the_place(length):
    half = length * math.sqrt(0.5)
    pose, variance = fix(z=half, w=half, c0=0.2, c7=0.3, c35=0.1)
    assert variance == 0.3
    assert (pose.x, pose.y, pose.yaw) == pytest.approx((1.0, 0.0, math.pi / 2))
    assert fix() == fix(age=0.9) == fix(age=-5.0) == (Pose(1.0), 0.0)


@pytest.mark.parametrize(
    'said',
    [
        {'x': math.nan},
        {'z': 0.0, 'w': 0.0},
        {'z': 1.0, 'w': 1.0},
        {'w': math.nan},
        {'frame': 'odom'},
        {'frame': ''},
        *({c: v} for c in ('c0', 'c7', 'c35') for v in (-1.0, 1e6, math.inf, math.nan)),
        {'c7': 1.1},
        {'c35': 0.3},
        {'age': 1.1},
    ],
)
def test_a_fix_that_does_not_tell_where_the_robot_is_and_heads_is_none(said):
    assert fix(**said) is None


def test_a_sound_that_is_called_off_before_the_speaker_took_it_is_cancelled(stack):
    taken, cancelled = [], []
    ActionServer(
        stack.probe,
        PlaySound,
        'play_sound',
        lambda goal: PlaySound.Result(),
        handle_accepted_callback=taken.append,
        cancel_callback=lambda request: cancelled.append(request) or CancelResponse.ACCEPT,
    )
    effectors = stack.nodes[1]._effectors
    stack.until(effectors._speaker.server_is_ready)
    effectors.carry_out(Wants(play=Play('bark', 0.5)), 0.0, 0.0)
    effectors.carry_out(Wants(stop_sound=True), 0.0, 0.1)
    stack.until(lambda: cancelled)
    assert len(taken) == 1


def test_a_sound_that_was_called_off_is_no_fault_of_the_speaker(stack):
    def play(goal):
        while not goal.is_cancel_requested:
            time.sleep(0.01)
        goal.canceled()
        return PlaySound.Result(success=False, message='cancelled')

    player = Node('player')
    ActionServer(
        player, PlaySound, 'play_sound', play, cancel_callback=lambda _: CancelResponse.ACCEPT
    )
    executor = MultiThreadedExecutor(2)
    executor.add_node(player)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        effectors, done = stack.nodes[1]._effectors, []
        heard = effectors._done
        effectors._done = lambda *told: (heard(*told), done.append(told))
        stack.until(effectors._speaker.server_is_ready)
        effectors.carry_out(Wants(play=Play('bark', 0.5)), 0.0, 0.0)
        stack.until(lambda: effectors._goal is not None)
        effectors.carry_out(Wants(stop_sound=True), 0.0, 0.1)
        stack.until(lambda: done)
        assert effectors.speaker_fault == ''
    finally:
        executor.shutdown()
        thread.join()
        player.destroy_node()


def test_switched_off_the_brain_logs_who_comes_and_does_nothing(stack):
    enable = stack.probe.create_client(SetBool, 'brain/enable')
    stack.call(stack.probe.arm, True)
    stack.call(enable, False)
    stack.until(lambda: Incident.VISIT_STARTED in stack.kinds(), RACCOON)
    stack.until(lambda: 'unsure_target' not in stack.newest('safety_state').rules, RACCOON)
    shown = iter(range(12))
    stack.until(lambda: next(shown) == 11, RACCOON)
    assert stack.kinds() == [Incident.VISIT_STARTED, Incident.HELD_FIRE] and not moving(stack)
    stack.call(enable, True)
    stack.until(lambda: Incident.STIMULUS_STARTED in stack.kinds(), RACCOON)


def test_the_emergency_stop_latches(stack):
    stack.call(stack.probe.arm, True)
    stack.until(lambda: moving(stack), RACCOON)
    stack.call(stack.probe.emergency_stop, True)
    stack.until(lambda: not moving(stack), RACCOON)
    stack.until(lambda: stack.newest('emergency_stop_state').data, RACCOON)
    stack.until(lambda: stack.newest('safety_state').rules[0] == 'emergency_stop', RACCOON)
    stack.call(stack.probe.emergency_stop, False)
    stack.until(lambda: not stack.newest('emergency_stop_state').data)


def test_arming_tells_of_an_emergency_stop_that_holds(stack):
    stack.call(stack.probe.emergency_stop, True)
    told = stack.call(stack.probe.arm, True).message
    assert told == 'armed, but the emergency stop holds: ./sentinel estop --release'
    assert stack.call(stack.probe.arm, False).message == 'disarmed'
    stack.call(stack.probe.emergency_stop, False)


def keeping(file, run):
    return ['--ros-args', '-p', f'guard:state_file:={file}', '-p', f'guard:run:={run}']


def rules_in_force(stack):
    stack.until(lambda: stack.newest('safety_state') is not None, RACCOON)
    return stack.newest('safety_state').rules


def test_the_emergency_stop_outlives_the_guard_and_the_run(tmp_path):
    file = tmp_path / 'guard.json'
    with running(keeping(file, 'monday')) as stack:
        stack.call(stack.probe.arm, True)
        stack.call(stack.probe.emergency_stop, True)
    with running(keeping(file, 'tuesday')) as stack:
        assert rules_in_force(stack)[:2] == ['emergency_stop', 'disarmed']
        stack.until(lambda: stack.probe.heard['emergency_stop_state'])
        assert stack.newest('emergency_stop_state').data
        stack.call(stack.probe.emergency_stop, False)
    with running(keeping(file, 'tuesday')) as stack:
        assert 'emergency_stop' not in rules_in_force(stack)


def test_a_guard_that_starts_again_goes_on_with_what_arm_was_told_and_holds_fire(tmp_path):
    with running(keeping(tmp_path / 'guard.json', 'monday')) as stack:
        assert rules_in_force(stack)[0] == 'disarmed'
        stack.call(stack.probe.arm, True)
    with running(keeping(tmp_path / 'guard.json', 'monday')) as stack:
        assert rules_in_force(stack)[0] == 'restarted'
        stack.nodes[0]._guard.restarted -= 10.0
        stack.until(lambda: moving(stack), RACCOON)
    with running(keeping(tmp_path / 'guard.json', 'tuesday')) as stack:
        assert rules_in_force(stack)[0] == 'disarmed'
        assert 'restarted' not in rules_in_force(stack)


def test_a_damaged_file_counts_as_an_emergency_stop(tmp_path):
    file = tmp_path / 'guard.json'
    file.write_text('{"run": "mon')
    with running(keeping(file, 'monday')) as stack:
        assert rules_in_force(stack)[0] == 'emergency_stop'
        assert stack.call(stack.probe.emergency_stop, False).message == 'released'
    assert json.loads(file.read_text())['emergency_stop'] is False


def test_a_stop_that_cannot_be_written_down_is_in_force_and_says_so(tmp_path):
    (tmp_path / 'file').write_text('')
    with running(keeping(tmp_path / 'file' / 'guard.json', 'monday')) as stack:
        answer = stack.call(stack.probe.emergency_stop, True)
        assert answer.success and 'will be forgotten when the guard ends' in answer.message
        assert 'emergency_stop' in rules_in_force(stack)


def test_teleop_is_relayed_and_its_silence_is_a_stop(stack):
    stack.call(stack.probe.arm, True)
    command = TwistStamped()
    command.twist.linear.x = -0.1

    def relayed():
        stack.probe.teleop.publish(command)
        newest = stack.newest('cmd_vel')
        return newest is not None and newest.twist.linear.x == pytest.approx(-0.1)

    stack.until(relayed)
    stack.until(lambda: stack.newest('cmd_vel').twist.linear.x == 0.0)


def test_somebody_who_drives_hides_no_veto_from_the_brain(stack):
    stack.call(stack.probe.arm, True)
    person = d.Detection(ELSEWHERE, {'person': 0.9}, '')

    def by_hand():
        stack.probe.teleop.publish(TwistStamped())
        state = stack.newest('safety_state')
        return state is not None and state.driver == 'teleop' and 'person_or_pet' in state.rules

    stack.until(by_hand, RACCOON, person)
    state = stack.newest('safety_state')
    assert state.turning_allowed  # to the person who drives and sees the garden
    assert not (state.sound_allowed or state.light_allowed)
    stack.until(lambda: stack.newest('status').state == 'holding_fire', RACCOON, person)
    board = stack.nodes[1]._brain.board
    stack.until(lambda: by_hand() and board.safety.driver == 'teleop', RACCOON, person)
    assert board.safety.turning and not board.allowed.turning


def start(name, *args):
    return subprocess.Popen(
        [sys.executable, '-m', f'sentinel_behavior.{name}_node', *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.parametrize(('name', 'number'), [('guard', signal.SIGINT), ('brain', signal.SIGTERM)])
def test_a_node_ends_cleanly(name, number):
    process = start(name)
    first = process.stdout.readline()
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, first + out
    assert 'Traceback' not in out


@pytest.mark.parametrize(
    ('name', 'override', 'words'),
    [
        ('guard', 'minimum_distance:=0.2', 'outside 0.7 to 5.0'),
        ('brain', 'tree:=config/zones.yaml', 'Additional properties'),
    ],
)
def test_a_wrong_parameter_is_one_sentence(name, override, words):
    process = start(name, '--ros-args', '-p', override)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert words in out and 'Traceback' not in out


def test_the_shipped_parameter_files_fit():
    for name, parameters in (('guard', GUARD_PARAMETERS), ('brain', BRAIN_PARAMETERS)):
        (section,) = yaml.safe_load(share(f'config/{name}.yaml').read_text()).values()
        values = section['ros__parameters']
        assert check(values, parameters, name)
        # A shipped file says what the default is, so that code and documentation agree.
        defaults = {p.name: p.default for p in parameters}
        assert {n: v for n, v in values.items() if v != defaults[n]} == {}
