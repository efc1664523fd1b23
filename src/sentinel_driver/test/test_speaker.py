"""The speaker node over DDS: plays, replaces, cancels, refuses, books."""

import wave

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.action import ActionClient
from ros import one_tester, running
from std_msgs.msg import Bool

from sentinel_common import qos
from sentinel_msgs.action import PlaySound
from sentinel_msgs.msg import SafetyState, SoundState


class Speaker:
    def __init__(self, ros):
        self.ros = ros
        self.client = ActionClient(ros.node, PlaySound, 'play_sound')
        self.states = ros.hear(SoundState, 'sound_state')
        self.safety = ros.node.create_publisher(SafetyState, 'safety_state', 10)
        ros.until(lambda: self.client.server_is_ready() and self.states)
        ros.until(lambda: self.safety.get_subscription_count())

    def allow(self, allowed=True):
        self.safety.publish(SafetyState(armed=True, sound_allowed=allowed))

    def send(self, name='bark', volume=0.5, autonomous=False, each=None):
        goal = PlaySound.Goal(name=str(name), volume=volume, autonomous=autonomous)
        return self.ros.wait(self.client.send_goal_async(goal), each=each)

    def play(self, *args, each=None, **kwargs):
        handle = self.send(*args, each=each, **kwargs)
        return self.ros.wait(handle.get_result_async(), each=each).result


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('sounds')


@pytest.fixture(scope='module')
def speaker(folder):
    with (
        one_tester() as ros,
        running(
            ros.domain, 'sentinel_driver.speaker_node', render_folder=folder, hourly_budget=6.0
        ),
    ):
        yield Speaker(ros)


def length(file):
    with wave.open(str(file)) as sound:
        return sound.getnframes() / sound.getframerate()


def newest(folder):
    return max(folder.glob('*.wav'))


def test_a_bark_is_rendered_in_its_own_time(speaker, folder):
    result = speaker.play('bark')
    assert result.success and result.played >= length(newest(folder)) > 0.4
    assert any(s.playing and s.name == 'bark' for s in speaker.states)


def test_cancelling_cuts_it(speaker, folder):
    handle = speaker.send('growl')
    speaker.ros.until(lambda: speaker.states[-1].playing)
    speaker.ros.wait(handle.cancel_goal_async())
    result = speaker.ros.wait(handle.get_result_async()).result
    assert not result.success and 'cancelled' in result.message
    speaker.ros.until(lambda: not speaker.states[-1].playing)
    assert length(newest(folder)) < 1.7


def test_a_new_sound_replaces_the_old_one(speaker):
    first = speaker.send('growl')
    assert speaker.play('bark').success
    result = speaker.ros.wait(first.get_result_async()).result
    assert not result.success and 'replaced' in result.message


def test_without_the_guard_it_does_nothing_by_itself(speaker):
    result = speaker.play('bark', autonomous=True)
    assert not result.success and result.played == 0 and 'guard' in result.message


def test_with_the_guard_it_plays_and_falls_silent_when_the_guard_does(speaker):
    handle = speaker.send('growl', autonomous=True, each=speaker.allow)
    speaker.ros.until(lambda: speaker.states[-1].playing, each=speaker.allow)
    result = speaker.ros.wait(handle.get_result_async()).result
    assert not result.success and 'guard' in result.message and 0 < result.played < 1.6


def test_forbidden_means_silent(speaker):
    speaker.allow()
    speaker.allow(False)
    speaker.ros.spin(0.2)
    result = speaker.play('bark', autonomous=True, each=lambda: speaker.allow(False))
    assert not result.success and result.played == 0


def test_a_latched_stop_silences_people_too_whatever_safety_state_says(speaker):
    latch = speaker.ros.node.create_publisher(Bool, 'emergency_stop_state', qos.LATCHED)
    speaker.ros.until(latch.get_subscription_count)
    latch.publish(Bool(data=True))
    speaker.ros.spin(0.3)
    speaker.allow()  # sent before the guard knew
    speaker.ros.spin(0.3)
    result = speaker.play('bark')
    assert not result.success and result.played == 0 and 'emergency stop' in result.message
    latch.publish(Bool(data=False))
    speaker.ros.spin(0.3)
    assert speaker.play('bark').success


@pytest.mark.parametrize('name', ['moo', '/nowhere/x.wav', __file__, __file__ + '.wav'])
def test_what_is_no_sound_is_named(speaker, name):
    result = speaker.play(name)
    assert not result.success and len(result.message) > len(name) + 10


def test_the_budget_ends_autonomous_sound(speaker):
    for _ in range(6):
        result = speaker.play('growl', autonomous=True, each=speaker.allow)
        if not result.success:
            break
    assert 'budget' in result.message
    assert 5.5 < speaker.states[-1].used_last_hour < 7.5
    assert speaker.play('bark').success, 'a person may still'


def test_a_speaker_that_nobody_hears_warns(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))  # no audio program
    monkeypatch.setenv('HOME', str(tmp_path))
    with one_tester() as ros, running(ros.domain, 'sentinel_driver.speaker_node'):
        heard = ros.hear(DiagnosticArray, '/diagnostics')  # also of the speaker above

        def warnings():
            statuses = [status for array in heard for status in array.status]
            return {s.message for s in statuses if s.level == DiagnosticStatus.WARN}

        ros.until(warnings)
    [message] = warnings()
    assert 'no audio program' in message and 'alsa-utils' in message
