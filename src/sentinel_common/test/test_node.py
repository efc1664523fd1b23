"""A node starts with one sentence where it cannot, and ends cleanly by every signal, also twice."""

import os
import signal
import subprocess
import sys
import time

import pytest

NODE = """
import sys, rclpy
from rclpy.node import Node
from sentinel_common import node
from sentinel_common.parameters import Parameter, Parameters
class Demo(Node):
    def __init__(self):
        super().__init__('demo')
        rate = Parameter('rate', 10.0, 'loop rate, Hz', minimum=1.0, maximum=50.0)
        self.parameters = Parameters(self, [rate])
        print('rate', self.parameters['rate'], flush=True)
    def stop(self):
        print('stopped', flush=True)
sys.exit(node.run(Demo, args=sys.argv))
"""


def start(*args, nohup=False):
    def prepare():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if nohup else signal.SIG_DFL)

    return subprocess.Popen(
        [sys.executable, '-c', NODE, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'},
        preexec_fn=prepare,
    )


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize('times', [1, 2])
def test_the_stop_sequence_runs_once(number, times):
    process = start()
    assert process.stdout.readline() == 'rate 10.0\n'
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.01)
    out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ('stopped\n', '', 0)


def test_a_closed_terminal_does_not_end_what_nohup_started():
    process = start(nohup=True)
    assert process.stdout.readline() == 'rate 10.0\n'
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.0)
    process.terminate()
    out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ('stopped\n', '', 0)


@pytest.mark.parametrize(
    ('override', 'words'),
    [
        ('rate:=99.0', 'outside 1.0 to 50.0'),
        ('rate:=fast', 'takes a number'),
        ('rat:=1.0', "Did you mean 'rate'?"),
        ('rate:=[a, 1]', 'Sequence should be of same type'),
        ('rate', "Couldn't parse parameter override rule: '-p rate'"),
    ],
)
def test_a_wrong_parameter_is_one_sentence(override, words):
    process = start('--ros-args', '-p', override)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert words in err and 'Traceback' not in err


@pytest.mark.parametrize(
    'text',
    ['demo:\n  ros__parameters: {rate: 5.0}\n x: 1', 'demo: {rate: 5.0}', 'demo: {rate: &a 5.0}'],
)
def test_a_parameter_file_that_is_none_is_one_sentence(tmp_path, text):
    file = tmp_path / 'own.yaml'
    file.write_text(text)
    process = start('--ros-args', '--params-file', str(file))
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert str(file) in err and 'Traceback' not in err


def test_an_unknown_argument_is_one_sentence():
    process = start('--ros-args', '--bogus')
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert '--bogus' in err and 'Traceback' not in err


def test_a_whole_number_is_taken():
    process = start('--ros-args', '-p', 'rate:=5')
    assert process.stdout.readline() == 'rate 5.0\n'
    process.terminate()
    process.communicate(timeout=20)
