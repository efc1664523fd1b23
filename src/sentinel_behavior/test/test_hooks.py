"""Deterrents outside the robot: a topic, a service, a program. The node is a fake at its port."""

import os
import select
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from rclpy.exceptions import InvalidTopicNameException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name
from sentinel_behavior.deterrents import read_deterrents
from sentinel_behavior.hooks import Hooks
from sentinel_common.errors import ConfigurationError

ENTRY = """
target_species: [raccoon]
never_engage: []
deterrents:
  water: {duration: 3, step: 1, hook: %s}
"""


class FakeNode:
    """Remembers what was published and called."""

    def __init__(self, ready=True):
        self.published, self.ready, self.calls = [], ready, []

    def create_publisher(self, kind, topic, profile):
        return SimpleNamespace(publish=lambda m: self.published.append((topic, m.data)))

    def create_client(self, kind, name):
        return SimpleNamespace(service_is_ready=lambda: self.ready, call_async=self._call)

    def _call(self, request):
        self.calls.append(request)
        answer = SimpleNamespace(success=False, message='no water')
        future = SimpleNamespace(result=lambda: answer)
        return SimpleNamespace(add_done_callback=lambda done: done(future))


def make(tmp_path, hook, node=None):
    path = tmp_path / 'deterrents.yaml'
    path.write_text(ENTRY % hook)
    node = node or FakeNode()
    return Hooks(node, read_deterrents(path)), node


def as_ros_takes(name):
    validate_full_topic_name(expand_topic_name(name, 'brain', '/'))


def until(made, condition, patience=30.0):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        made.reap()
        time.sleep(0.01)


@pytest.fixture
def pipe(tmp_path):
    """Path of a pipe."""
    os.mkfifo(tmp_path / 'pipe')
    return tmp_path / 'pipe'


def program(pipe, script):
    """Hook that runs ``script`` with the pipe as its output 3, and begins by saying up."""
    return f'{{command: [sh, -c, "exec 3>$0; echo up >&3; {script}", "{pipe}"]}}'


def last_words(held):
    """Return what comes until the last process that holds the pipe has ended."""
    words = b''
    while select.select([held], [], [], 30.0)[0]:
        piece = held.read(100)
        if not piece:
            return words
        words += piece
    raise AssertionError('somebody still holds the pipe')


@pytest.mark.parametrize('kind', ['topic', 'service'])
@pytest.mark.parametrize(
    'name', ['', 'garden sprinkler', '/sprinkler/1', 'a//b', 'a/', '1st', r'valve\n']
)
def test_a_name_that_ros_would_refuse_is_refused_with_the_file(tmp_path, kind, name):
    with pytest.raises(ConfigurationError, match=f'hook.{kind}: .* is no ROS name'):
        make(tmp_path, f'{{{kind}: "{name}"}}')
    with pytest.raises((InvalidTopicNameException, ValueError)):
        as_ros_takes(name)


@pytest.mark.parametrize('name', ['valve', '/garden/valve_1', '~/valve', '_a/B2'])
def test_a_name_that_ros_takes_is_taken(tmp_path, name):
    as_ros_takes(name)
    made, node = make(tmp_path, f'{{topic: "{name}"}}')
    made.start('water')
    assert node.published == [(name, True)]


def test_a_program_whose_argument_no_program_can_take_is_refused_with_the_file(tmp_path):
    with pytest.raises(ConfigurationError, match=r'hook.command.1: .* zero byte'):
        make(tmp_path, r'{command: [touch, "a\0b"]}')


def test_a_topic_says_on_and_off(tmp_path):
    made, node = make(tmp_path, '{topic: sprinkler}')
    made.start('water')
    made.end('water')
    assert node.published == [('sprinkler', True), ('sprinkler', False)]


def test_a_service_is_called_once_and_its_refusal_is_told(tmp_path):
    made, node = make(tmp_path, '{service: valve}')
    made.start('water')
    made.end('water')
    assert len(node.calls) == 1 and made.fault == 'valve: no water'


def test_a_missing_service_is_told_and_not_waited_for(tmp_path):
    made, node = make(tmp_path, '{service: valve}', FakeNode(ready=False))
    made.start('water')
    assert made.fault == 'the service valve is not there' and not node.calls


def test_a_program_runs_without_a_shell(tmp_path):
    file = tmp_path / 'a $HOME; b'
    made, _ = make(tmp_path, f'{{command: [touch, "{file}"]}}')
    made.start('water')
    until(made, file.exists)
    made.end('water')
    until(made, lambda: not made._programs)
    assert made.fault == ''


@pytest.mark.parametrize(
    ('command', 'words'),
    [('[no-such-program-here]', 'No such file'), ('["false"]', 'ended with status 1')],
)
def test_a_program_that_fails_is_told(tmp_path, command, words):
    made, _ = make(tmp_path, f'{{command: {command}}}')
    made.start('water')
    until(made, lambda: words in made.fault)
    made.end('water')
    until(made, lambda: not made._programs)
    assert words in made.fault


@pytest.mark.parametrize(
    ('script', 'said'),
    [
        ('sleep 60 & wait', b''),
        ("trap 'echo off >&3; exit' TERM; sleep 60 & wait", b'off\n'),
        ("trap '' TERM; sleep 60; sleep 60", b''),
        ('sleep 60 & exit', b''),
    ],
)
def test_a_program_and_all_that_it_started_end_with_the_stimulus(tmp_path, pipe, script, said):
    made, _ = make(tmp_path, program(pipe, script))
    made.start('water')
    with pipe.open('rb', buffering=0) as held:
        assert held.read(3) == b'up\n'
        made.reap()
        made.end('water')
        assert last_words(held) == said
    until(made, lambda: not made._programs)
    assert made.fault == ''


def test_what_cannot_be_ended_is_told(tmp_path):
    made, _ = make(tmp_path, '{command: [setsid, sleep, "60"]}')
    made.start('water')
    (program,) = made._programs
    until(made, lambda: os.getsid(program._process.pid) != os.getsid(0))
    made.end('water')
    until(made, lambda: 'cannot be ended' in made.fault)
    program._process.kill()
    until(made, lambda: not made._programs)


DYING = """
import sys, time
from pathlib import Path
from sentinel_behavior.deterrents import read_deterrents
from sentinel_behavior.hooks import Hooks
Hooks(None, read_deterrents(Path(sys.argv[1]))).start('water')
time.sleep(60)
"""


def test_a_program_ends_with_a_brain_that_is_killed(tmp_path, pipe):
    make(tmp_path, program(pipe, 'sleep 60 & wait'))
    brain = subprocess.Popen([sys.executable, '-c', DYING, str(tmp_path / 'deterrents.yaml')])
    with pipe.open('rb', buffering=0) as held:
        assert held.read(3) == b'up\n'
        brain.kill()
        assert last_words(held) == b''
    brain.wait(timeout=30)
