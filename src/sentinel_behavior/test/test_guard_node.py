"""The guard node by itself: what it makes of messages, and what it sends at once."""

import os
import time

import pytest
import rclpy
from geometry_msgs.msg import TwistStamped
from sentinel_behavior.guard.core import Finding, Verdict
from sentinel_behavior.guard.rules import Act
from sentinel_behavior.guard_node import STOP_REPEATS, GuardNode
from sentinel_common.geometry import STOP, Twist
from std_msgs.msg import ColorRGBA, Header
from std_srvs.srv import SetBool

from sentinel_common import detections as d

ACTS = (Act.TRANSLATION, Act.TURNING, Act.SOUND, Act.LIGHT)


@pytest.fixture(scope='module')
def context():
    rclpy.init(domain_id=100 + os.getpid() % 100)
    yield
    rclpy.shutdown()


@pytest.fixture
def node(context):
    one = GuardNode()
    yield one
    one.destroy_node()


def command(node, source, vx):
    message = TwistStamped()
    message.twist.linear.x = vx
    node._on_command(source, message)


def looked(node, ago):
    """Hear of a picture of so many seconds ago; yield its ages, now and 2 s later."""
    stamp = time.time() - ago
    node._on_detections(d.frame_to_message(d.Frame(stamp, 'camera', ())))
    node._on_sweep(Header(stamp=d.to_stamp(stamp)))
    place = d.Target('1', {}, 2.0, 0.0)
    node._on_targets(d.targets_to_message(d.TargetFrame(stamp, 'base_link', (place,))))
    now = time.monotonic()
    for moment in (now, now + 2.0):
        scene = node._guard.scene(moment)
        yield scene.frame_age, scene.sweep_age, scene.targets_age, scene.animals[0].age


@pytest.mark.parametrize(('ago', 'age'), [(0.8, 0.8), (0.0, 0.0), (-30.0, 0.0)])
def test_ages_count_from_the_capture_and_the_future_is_now(node, ago, age):
    first, later = looked(node, ago)
    for known, then in zip(first, later, strict=True):
        assert age - 0.001 <= known < age + 0.5
        assert then == pytest.approx(known + 2.0)


@pytest.mark.parametrize('colour', ['r', 'g', 'b'])
def test_light_of_every_colour_is_light(node, colour):
    node._on_light(ColorRGBA(**{colour: 0.1}))
    assert node._guard.scene(time.monotonic()).light_age is not None
    node._on_light(ColorRGBA(a=1.0))
    assert node._guard.scene(time.monotonic()).light_age is None


def test_a_stop_waits_for_no_command_and_silence_is_a_stop_three_times(node, monkeypatch):
    sent = []
    monkeypatch.setattr(node, '_send', sent.append)
    node._guard.armed = True
    command(node, 'teleop', -0.1)
    assert sent.pop().twist == Twist(-0.1) and not sent
    node._on_emergency_stop(SetBool.Request(data=True), SetBool.Response())
    assert sent.pop().twist == STOP and not sent
    node._guard._commands.clear()
    for _ in range(5):
        node._tick()
    assert [r.twist for r in sent] == [STOP] * STOP_REPEATS == [STOP] * 3


@pytest.mark.parametrize('driver', ['auto', 'teleop', ''])
@pytest.mark.parametrize('act', ACTS)
def test_the_state_tells_what_is_forbidden_to_whom(node, monkeypatch, act, driver):
    states = []
    monkeypatch.setattr(node._state, 'publish', states.append)
    forbidden = Verdict((Finding('rule', 'Why.', frozenset({act})),), 0.2)

    def judge(scene, teleop=False):
        return Verdict((), 0.3) if teleop else forbidden

    monkeypatch.setattr(node._guard, 'judge', judge)
    if driver:
        command(node, driver, 0.0)
    node._tick()
    state = states[-1]
    told = (
        state.translation_allowed, state.turning_allowed, state.sound_allowed, state.light_allowed
    )  # fmt: skip
    # Motion is for whoever drives; a person who does so sees the garden.
    bound = [a for a in ACTS if driver != 'teleop' or a in (Act.SOUND, Act.LIGHT)]
    assert told == tuple(a is not act or a not in bound for a in ACTS)
    assert state.max_speed == pytest.approx(0.3 if driver == 'teleop' else 0.2)
    assert (state.driver, list(state.rules), list(state.reasons)) == (driver, ['rule'], ['Why.'])
