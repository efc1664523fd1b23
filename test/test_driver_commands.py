"""Commands that need a robot, with the emulated one, and the keyboard."""

import argparse
import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time

import psutil
import pytest
import yaml
from driving import CODEC, NEUTRAL
from geometry_msgs.msg import TwistStamped
from sentinel_driver.calibration import document, read
from sentinel_driver.commands import calibrate
from sentinel_driver.errors import LinkError, LinkReason
from sentinel_driver.hermes import Drive
from sentinel_sim.robot.peripheral import Fault


def sentinel(*arguments, **options):
    return subprocess.run(
        [sys.executable, '-m', 'sentinel_bringup', *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        **options,
    )


def until(wanted):
    deadline = time.monotonic() + 60
    while not wanted():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_scan_lists_the_robot(meka):
    done = sentinel('scan', '--transport', meka.transport, '--seconds', '2')
    assert done.returncode == 0
    assert 'F0:F0:F0:4D:4D:01' in done.stdout and 'MekaMon' in done.stdout


def test_scan_without_a_controller_is_one_sentence():
    done = sentinel('scan', '--transport', 'hci:tcp-client:127.0.0.1:1')
    assert done.returncode == 2 and 'Traceback' not in done.stderr
    assert 'cannot be opened' in done.stderr


def test_calibrate_walks_each_axis_and_writes_the_file(meka, tmp_path):
    output = tmp_path / 'driver.yaml'
    # Enter and the measured way for each run: 40 and 80 units on three axes.
    answers = '\n9.4\n\n18.9\n\nr\n\n9.4\ns\n\nwhat\n27\nmaybe\n\n54\n'
    done = sentinel(
        'calibrate',
        *('--transport', meka.transport, '--output', str(output)),
        *('--units', '40', '80', '--seconds', '1'),
        input=answers,
    )
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load(output.read_text())['/**/driver']['ros__parameters']
    assert written['forward_full'] == pytest.approx(0.30, abs=0.03)
    assert written['turn_full'] == pytest.approx(1.5, abs=0.15)
    drives = [p for p in meka.payloads if CODEC.is_drive(p)]
    assert drives[-1] == NEUTRAL
    assert bytes.fromhex('06 03 00 b0 00') not in drives, 'that run was skipped'
    for wanted in ('06 03 28 00 00', '06 03 00 d8 00', '06 03 00 00 b0'):
        assert bytes.fromhex(wanted) in drives


def test_an_axis_of_which_every_run_is_skipped_is_left_out_of_the_file(meka, tmp_path):
    output = tmp_path / 'driver.yaml'
    done = sentinel(
        *('calibrate', '--transport', meka.transport, '--output', str(output)),
        *('--units', '60', '--seconds', '0.5'),
        input='s\n\n7\n\n20\n',
    )
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load(output.read_text())['/**/driver']['ros__parameters']
    assert 'forward_full' not in written and {'left_full', 'turn_full'} <= written.keys()


@pytest.mark.parametrize('output', ['nowhere/driver.yaml', '.'])
def test_calibrate_refuses_a_file_that_it_could_not_write_before_anything_moves(tmp_path, output):
    done = sentinel('calibrate', '--output', output, cwd=tmp_path)
    assert done.returncode == 2 and 'cannot be written' in done.stderr
    assert 'Looking for' not in done.stdout


def test_calibrate_refuses_an_unknown_transport(tmp_path):
    done = sentinel('calibrate', '--transport', 'nonsense', '--output', str(tmp_path / 'x'))
    assert done.returncode == 2 and 'unknown' in done.stderr


def test_calibrate_without_its_robot_says_so(meka, tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, '_CONNECT_TIMEOUT', 6.0)
    parser = argparse.ArgumentParser()
    calibrate.add_arguments(parser)
    words = ['--robot', 'C0:FF:EE:00:00:01', '--transport', meka.transport]
    with pytest.raises(LinkError, match='No robot') as caught:
        calibrate.main(parser.parse_args([*words, '--output', str(tmp_path / 'x')]))
    assert caught.value.kind is LinkReason.NOT_FOUND


def test_an_input_that_ends_leaves_the_robot_standing(meka, tmp_path):
    done = sentinel(
        'calibrate',
        *('--transport', meka.transport, '--output', str(tmp_path / 'x'), '--seconds', '1'),
        input='\n',
    )
    assert done.returncode == 2 and 'ended' in done.stderr
    assert [p for p in meka.payloads if CODEC.is_drive(p)][-1] == NEUTRAL


class Person:
    """Reads what the command says on its terminal and types."""

    def __init__(self, *arguments):
        self.terminal, end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'sentinel_bringup', *arguments],
            stdin=end,
            stdout=end,
            stderr=end,
        )
        os.close(end)
        self._said = ''

    def hears(self, words):
        """Wait for ``words`` after those heard last."""
        while words not in self._said:
            assert select.select([self.terminal], [], [], 60)[0], self._said
            self._said += os.read(self.terminal, 100_000).decode()
        self._said = self._said.split(words, 1)[1]

    def types(self, line):
        os.write(self.terminal, f'{line}\n'.encode())

    def runs(self, measured):
        self.hears('then Enter: ')
        self.types('')
        self.hears('Measured')
        self.types(measured)

    def skips(self, runs):
        for _ in range(runs):
            self.hears('then Enter: ')
            self.types('s')


@contextlib.contextmanager
def calibrating(meka, output, *options):
    words = ('calibrate', '--transport', meka.transport, '--output', str(output))
    person = Person(*words, *options)
    try:
        yield person
        person.hears('Use it with' if output.exists() else 'nothing was written')
        assert person.process.wait(20) == 0
    finally:
        person.process.kill()
        person.process.wait()
        os.close(person.terminal)


def lose_the_link(meka, person):
    meka.emulated.cause(Fault.VANISH)


def kill_the_radio(meka, person):
    children = psutil.Process(person.process.pid).children(recursive=True)
    (radio,) = [c for c in children if 'sentinel_driver.radio.process' in c.cmdline()]
    radio.kill()


@pytest.mark.parametrize('lose', [lose_the_link, kill_the_radio])
def test_a_loss_in_a_run_keeps_what_was_measured_and_stops_the_robot(meka, tmp_path, lose):
    output = tmp_path / 'driver.yaml'
    with calibrating(meka, output, '--units', '40', '80', '--seconds', '5') as person:
        person.runs('47')
        person.hears('then Enter: ')
        person.types('')
        running = CODEC.payload(Drive(forward=80))
        until(lambda: meka.payloads[-1] == running)
        lose(meka, person)
        person.hears('The link was lost')
        meka.emulated.cause(Fault.NONE)
        person.hears('It is back and stands')
        assert not meka.walking
        person.runs('94')
        person.skips(4)
    written = read(output.read_text())
    assert written['forward_full'] == pytest.approx(0.30, abs=0.03)
    assert written['transport'] == meka.transport and 'turn_full' not in written


def test_a_loss_between_runs_loses_nothing_and_enter_pressed_meanwhile_starts_none(meka, tmp_path):
    output = tmp_path / 'driver.yaml'
    with calibrating(meka, output, '--units', '60', '--seconds', '0.5') as person:
        person.runs('7')
        person.hears('then Enter: ')
        meka.emulated.cause(Fault.VANISH)
        until(lambda: not meka.emulated.connected)
        before = len(meka.got)
        person.types('')
        person.hears('The link was lost')
        person.types('')
        meka.emulated.cause(Fault.NONE)
        person.hears('It is back')
        person.hears('then Enter: ')
        time.sleep(0.5)  # in which a run would have started
        person.types('s')
        person.skips(1)
    assert {p for p in meka.payloads[before:] if CODEC.is_drive(p)} == {NEUTRAL}
    assert 'forward_full' in read(output.read_text())


def test_what_is_skipped_stays_as_the_file_has_it(meka, tmp_path):
    output, options = tmp_path / 'driver.yaml', ('--units', '60', '--seconds', '0.5')
    before = document({'robot': 'meka', 'drive_form': 'walking5', 'left_full': 0.4, 'rate': 10.0})
    output.write_text(before)
    with calibrating(meka, output, *options) as person:
        person.runs('7')
        person.skips(2)
    written = read(output.read_text())
    assert 0.2 < written.pop('forward_full') < 0.4 and written.pop('transport') == meka.transport
    assert {**read(before), 'forward_offset': 0.0} == written


def test_where_all_is_skipped_no_file_is_written(meka, tmp_path):
    output = tmp_path / 'driver.yaml'
    with calibrating(meka, output, '--units', '60', '--seconds', '0.5') as person:
        person.runs('0')
        person.hears('Nothing moved')
        person.hears('s skips a run')
        person.skips(3)
    assert not output.exists()


def test_what_the_driver_would_refuse_is_asked_again(meka, tmp_path):
    with calibrating(meka, tmp_path / 'x', '--units', '60', '--seconds', '0.5') as person:
        person.runs('700')
        person.hears('forward_full is 29')
        person.hears('Were these cm forward?')
        person.skips(3)


@pytest.mark.parametrize('text', ['/**/driver: {ros__parameters: {robot: other}}', 'guard: {}'])
def test_calibrate_keeps_a_file_of_something_else(tmp_path, text):
    output = tmp_path / 'driver.yaml'
    output.write_text(text)
    done = sentinel('calibrate', '--output', str(output))
    assert done.returncode == 2 and 'is no calibration of robot meka' in done.stderr
    assert output.read_text() == text and 'Looking for' not in done.stdout


@pytest.mark.parametrize('namespace', ['', 'north'])
def test_teleop_moves_while_a_key_is_held_and_then_stops(someone, namespace):
    keyboard, terminal = pty.openpty()
    topic = f'/{namespace}/cmd_vel_teleop'.replace('//', '/')
    heard = someone.hear(TwistStamped, topic)
    process = subprocess.Popen(
        [sys.executable, '-m', 'sentinel_bringup', 'teleop', '--namespace', namespace],
        env={**os.environ, 'ROS_DOMAIN_ID': str(someone.domain)},
        stdin=terminal,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        someone.until(lambda: someone.node.count_publishers(topic))

        def moving():
            os.write(keyboard, b'w')
            someone.spin(0.05)
            return heard and heard[-1].twist.linear.x > 0.1

        someone.until(moving)
        someone.until(lambda: heard[-1].twist.linear.x == 0.0)
        count = len(heard)
        someone.spin(0.5)
        assert len(heard) == count, 'it leaves the topic to others'
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)
        os.close(terminal)


def test_teleop_says_when_the_guard_is_heard_no_more(quiet):
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, '-m', 'sentinel_bringup', 'teleop'],
        env={**os.environ, 'ROS_DOMAIN_ID': str(quiet.domain)},
        stdin=terminal,
        stdout=terminal,
    )
    os.set_blocking(master, False)
    try:

        def says(words):
            with contextlib.suppress(BlockingIOError):
                return words in os.read(master, 100_000).decode().split('\r')[-1]

        quiet.until(lambda: says('No guard is heard'))
        quiet.guarding = True
        quiet.until(lambda: says('The guard allows'))
        quiet.guarding = False
        quiet.until(lambda: says('No guard is heard'))
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(terminal)


def test_teleop_needs_a_keyboard():
    done = sentinel('teleop', stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and 'terminal' in done.stderr
