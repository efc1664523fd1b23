"""Deterrents outside the robot: a topic, a service, a program. The node is a fake at its port."""

import os
import select
import time
from types import SimpleNamespace

import pytest
from rclpy.exceptions import InvalidTopicNameException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name
from sentinel_behavior.deterrents import read_deterrents
from sentinel_behavior.hooks import Hooks
from sentinel_common.errors import ConfigurationError

from sentinel_behavior import hooks

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


def reaped(made, patience=30.0):
    end = time.monotonic() + patience
    while made._programs:
        assert time.monotonic() < end
        made.reap(time.monotonic())
        time.sleep(0.01)


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
    made.start('water', 1.0)
    assert node.published == [(name, True)]


def test_a_program_whose_argument_no_program_can_take_is_refused_with_the_file(tmp_path):
    with pytest.raises(ConfigurationError, match=r'hook.command.1: .* zero byte'):
        make(tmp_path, r'{command: [touch, "a\0b"]}')


def test_a_topic_says_on_and_off(tmp_path):
    made, node = make(tmp_path, '{topic: sprinkler}')
    made.start('water', 1.0)
    made.end('water', 4.0)
    assert node.published == [('sprinkler', True), ('sprinkler', False)]


def test_a_service_is_called_once_and_its_refusal_is_told(tmp_path):
    made, node = make(tmp_path, '{service: valve}')
    made.start('water', 1.0)
    made.end('water', 4.0)
    assert len(node.calls) == 1 and made.fault == 'valve: no water'


def test_a_missing_service_is_told_and_not_waited_for(tmp_path):
    made, node = make(tmp_path, '{service: valve}', FakeNode(ready=False))
    made.start('water', 1.0)
    assert made.fault == 'the service valve is not there' and not node.calls


def test_a_program_runs_without_a_shell(tmp_path):
    file = tmp_path / 'a $HOME; b'
    made, _ = make(tmp_path, f'{{command: [touch, "{file}"]}}')
    made.start('water', time.monotonic())
    reaped(made)
    assert file.exists() and made.fault == ''


@pytest.mark.parametrize(
    ('command', 'words'),
    [('[no-such-program-here]', 'No such file'), ('["false"]', 'ended with status 1')],
)
def test_a_program_that_fails_is_told(tmp_path, command, words):
    made, _ = make(tmp_path, f'{{command: {command}}}')
    made.start('water', time.monotonic())
    reaped(made)
    assert words in made.fault


def test_a_program_that_hangs_is_ended(tmp_path, monkeypatch):
    made, _ = make(tmp_path, '{command: [sleep, "60"]}')
    made.start('water', time.monotonic())
    ((program, _started),) = made._programs
    monkeypatch.setattr(hooks, 'PROGRAM_TIMEOUT', 0.0)
    made.reap(time.monotonic() + 0.1)
    assert program.wait(timeout=30) != 0 and 'was ended' in made.fault


def test_a_hanging_program_of_another_user_ends_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    made, _ = make(tmp_path, '{command: [sleep, "60"]}')
    made.start('water', time.monotonic())
    ((program, _started),) = made._programs
    monkeypatch.setattr(hooks, 'PROGRAM_TIMEOUT', 0.0)
    monkeypatch.setattr(os, 'killpg', refuse)
    made.reap(time.monotonic() + 0.1)
    assert 'of another user' in made.fault
    program.kill()
    program.wait(timeout=30)


def test_what_a_hanging_program_started_is_ended_with_it(tmp_path, monkeypatch):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    script = 'exec 3<>$0; sleep 60 3>&3 & echo up >&3; wait'
    made, _ = make(tmp_path, f'{{command: [sh, -c, "{script}", "{pipe}"]}}')
    made.start('water', time.monotonic())
    ((program, _started),) = made._programs
    with pipe.open('rb', buffering=0) as held:
        assert held.read(3) == b'up\n'
        monkeypatch.setattr(hooks, 'PROGRAM_TIMEOUT', 0.0)
        made.reap(time.monotonic() + 0.1)
        # The pipe ends when the last process that holds it has ended.
        assert select.select([held], [], [], 30.0)[0] and held.read() == b''
    assert program.wait(timeout=30) != 0
