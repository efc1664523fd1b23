"""A speaker that is killed or hangs, or whose clock stands still, falls silent.

Whatever its audio program would still play.
"""

import os
import signal
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from rclpy.action import ActionClient
from ros import one_tester, running
from sentinel_driver.sound import wav

from sentinel_msgs.action import PlaySound
from sentinel_msgs.msg import SafetyState

RATE = 22050  # Hz
SECOND = RATE * wav.SAMPLE_WIDTH  # B

# What waits in the pipe, and a busy machine that looks late, s.
AHEAD = 0.6

# Plays like a sound card, and notes how many bytes it played and that it ended.
PROGRAM = """#!{python}
import os, sys, time
if '--help' in sys.argv:
    sys.exit()
with open('{notes}', 'a', buffering=1) as notes:
    while data := os.read(0, 2000):
        notes.write(f'{{len(data)}}\\n')
        time.sleep(len(data) / {second})
    notes.write('ended\\n')
"""


class Audio:
    """What the audio program noted."""

    def __init__(self, notes):
        self._notes = notes

    @property
    def _lines(self):
        return self._notes.read_text().split() if self._notes.exists() else []

    @property
    def played(self):
        """Seconds of sound."""
        return sum(int(line) for line in self._lines if line != 'ended') / SECOND

    @property
    def ended(self):
        return 'ended' in self._lines


@pytest.fixture
def audio(tmp_path, monkeypatch):
    program, notes = tmp_path / 'pw-play', tmp_path / 'notes'
    program.write_text(PROGRAM.format(python=sys.executable, notes=notes, second=SECOND))
    program.chmod(0o755)
    monkeypatch.setenv('PATH', f'{tmp_path}:{os.environ["PATH"]}')
    return Audio(notes)


@pytest.fixture
def playing(audio, tmp_path):
    """A speaker in the midst of a sound of twenty seconds of the brain's, and its result."""
    wav.write(tmp_path / 'long.wav', np.zeros(20 * RATE), RATE)
    parameters = {'use_sim_time': 'true'}  # there is no clock: it stands still
    with (
        one_tester() as ros,
        running(ros.domain, 'sentinel_driver.speaker_node', **parameters) as speaker,
    ):
        client = ActionClient(ros.node, PlaySound, 'play_sound')
        safety = ros.node.create_publisher(SafetyState, 'safety_state', 10)

        def allow():
            safety.publish(SafetyState(armed=True, sound_allowed=True))

        ros.until(client.server_is_ready)
        ros.until(safety.get_subscription_count)
        goal = PlaySound.Goal(name=str(tmp_path / 'long.wav'), volume=1.0, autonomous=True)
        handle = ros.wait(client.send_goal_async(goal), each=allow)
        ros.until(lambda: audio.played > 0.5, each=allow)
        yield SimpleNamespace(process=speaker, end=lambda: ros.wait(handle.get_result_async()))


def test_a_killed_speaker_ends_its_audio_program(playing, audio):
    before = audio.played
    playing.process.kill()
    deadline = time.monotonic() + 5.0
    while not audio.ended:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert audio.played - before < AHEAD


def test_a_speaker_that_hangs_falls_silent(playing, audio):
    before = audio.played
    playing.process.send_signal(signal.SIGSTOP)
    time.sleep(2.0)
    silent_since = audio.played
    time.sleep(1.0)
    playing.process.send_signal(signal.SIGCONT)
    assert audio.played == silent_since and silent_since - before < AHEAD


def test_a_guard_that_falls_silent_ends_a_sound_while_the_clock_stands(playing):
    result = playing.end().result
    assert not result.success and 'guard' in result.message and result.played < 2.5
