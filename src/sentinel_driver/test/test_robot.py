"""The node's side of the radio process: fates of commands, restarts, late words of an old one."""

import os
import time

import pytest
from sentinel_common.diagnostics import Level
from sentinel_driver.errors import CommandRejectedError, RejectReason
from sentinel_driver.hermes import Codec, HeadColourSet
from sentinel_driver.radio.client import RadioClient
from sentinel_driver.robot import Robot

from sentinel_driver import robot

RED = HeadColourSet(255, 0, 0)


class FakeRadio:
    """Stands for the process at the other end of the pipe."""

    def __init__(self, report):
        self.report = report
        self.running = True
        self.full = False
        self.sent = []

    def send(self, payload, until=None):
        self.sent.append(payload)
        return 0 if self.full else len(self.sent)

    def stop(self):
        self.sent.append('stop')

    def alive(self):
        self.sent.append('alive')

    def close(self, wait):
        self.sent.append('close')

    def kill(self):
        self.sent.append('kill')
        self.running = False

    def status(self, state, reason='', text=''):
        self.report({'ev': 'status', 'state': state, 'reason': reason, 'text': text, 'cure': ''})


class Bench:
    def __init__(self):
        self.radios = []
        self.frames = []
        self.states = []
        self.now = 0.0
        self.robot = Robot(
            Codec(),
            self._start,
            lambda *frame: self.frames.append(frame),
            lambda *state: self.states.append(state),
            int,
            lambda: self.now,
        )

    def _start(self, report):
        self.radios.append(FakeRadio(report))
        return self.radios[-1]

    def connect(self):
        self.robot.open()
        self.radios[-1].status('connected')
        self.robot.poll()
        return self.radios[-1]


@pytest.fixture
def bench():
    return Bench()


def test_a_command_is_answered_when_it_was_written(bench):
    radio, fates = bench.connect(), []
    payload = bench.robot.send(RED, lambda *fate: fates.append(fate))
    assert not fates
    radio.report({'ev': 'tx', 'payload': payload.hex(), 'time': 1.0, 'token': 1})
    bench.robot.poll()
    assert fates == [(payload, None)] and bench.frames == [('tx', payload, 1.0)]


def test_a_dropped_command_is_answered_with_the_reason(bench):
    radio, fates = bench.connect(), []
    payload = bench.robot.send(RED, lambda *fate: fates.append(fate))
    radio.report(
        {'ev': 'dropped', 'payload': payload.hex(), 'token': 1, 'kind': 'too old', 'text': 'late'}
    )
    bench.robot.poll()
    assert fates[0][1].kind is RejectReason.EXPIRED and fates[0][1].reason == 'late'


def test_a_command_without_an_answer_is_given_up(bench):
    bench.connect()
    fates = []
    bench.robot.send(RED, lambda *fate: fates.append(fate))
    bench.robot.tick(bench.now)
    assert not fates
    bench.robot.tick(bench.now + 2.0)
    assert fates[0][1].kind is RejectReason.EXPIRED


@pytest.mark.parametrize('wait', [True, False])
def test_who_waits_for_an_answer_gets_it_when_the_driver_ends(bench, wait):
    bench.connect()
    fates = []
    bench.robot.send(RED, lambda *fate: fates.append(fate))
    bench.robot.close(wait=wait)
    assert fates[0][1].kind is RejectReason.NOT_ACTIVE


@pytest.mark.parametrize(
    ('spoil', 'kind'),
    [
        (lambda radio: radio.status('searching'), RejectReason.NOT_CONNECTED),
        (lambda radio: setattr(radio, 'full', True), RejectReason.BUSY),
    ],
)
def test_without_a_way_to_the_robot_a_command_is_refused(bench, spoil, kind):
    spoil(bench.connect())
    bench.robot.poll()
    with pytest.raises(CommandRejectedError) as refused:
        bench.robot.send(RED)
    assert refused.value.kind is kind


def test_a_forbidden_payload_does_not_reach_the_pipe(bench):
    radio = bench.connect()
    with pytest.raises(CommandRejectedError):
        bench.robot.send(b'\x12\x01')
    assert radio.sent == []


def test_a_dead_radio_process_is_replaced_at_once(bench):
    bench.connect().running = False
    bench.robot.tick(10.0)
    assert len(bench.radios) == 2 and bench.robot.restarts == 1


def test_a_radio_process_that_keeps_dying_is_not_replaced_without_pause(bench):
    bench.connect().running = False
    bench.robot.tick(10.0)
    bench.radios[-1].running = False
    bench.robot.tick(10.5)
    assert len(bench.radios) == 2
    bench.robot.tick(11.1)
    assert len(bench.radios) == 3


def pass_time(bench, seconds, each=int):
    for _ in range(round(10 * seconds)):
        each()
        bench.now += 0.1
        bench.robot.tick(bench.now)


def counts(bench):
    return lambda: bench.radios[-1].report({'ev': 'counts'})


def test_restarts_of_the_radio_process_keep_nothing_open(monkeypatch):
    monkeypatch.setattr(robot, '_RESTART_PAUSE', 0.0)
    one = robot.Robot(
        Codec(), lambda report: RadioClient(report, transport='nonsense'), print, print, int
    )

    def open_files(restarts):
        deadline = time.monotonic() + 60.0
        while one.restarts < restarts:
            assert time.monotonic() < deadline
            one.tick(time.monotonic())
            time.sleep(0.02)
        return len(os.listdir('/proc/self/fd'))

    one.open()
    first = open_files(1)
    assert open_files(8) <= first + 2  # an old one may still be about to end
    one.close(wait=True)


def test_a_radio_process_that_hangs_is_killed_and_replaced(bench):
    radio = bench.connect()
    pass_time(bench, 5.0, counts(bench))
    assert len(bench.radios) == 1
    pass_time(bench, 2.4)
    assert len(bench.radios) == 1
    pass_time(bench, 0.5)
    assert 'kill' in radio.sent and len(bench.radios) == 2 and bench.robot.restarts == 1
    assert any('said nothing' in text for _, text in bench.states)


def test_a_radio_process_may_start_slowly_but_not_for_ever(bench):
    bench.robot.open()
    pass_time(bench, 19.0)
    assert len(bench.radios) == 1
    pass_time(bench, 2.0)
    assert len(bench.radios) == 2


def test_a_node_that_was_held_up_itself_blames_nobody(bench):
    bench.connect()
    pass_time(bench, 1.0, counts(bench))
    bench.now += 30.0
    pass_time(bench, 2.0)
    assert len(bench.radios) == 1
    pass_time(bench, 3.0, counts(bench))
    assert len(bench.radios) == 1


def test_the_end_of_an_old_process_does_not_disconnect_the_new_one(bench):
    old = bench.connect()
    bench.robot.close(wait=False)
    bench.connect()
    old.report({'ev': 'tx', 'payload': '0603000000', 'time': 2.0, 'token': 0})
    old.report({'ev': 'exit', 'code': 0})
    bench.robot.poll()
    assert bench.robot.connected
    assert bench.frames == [('tx', bytes.fromhex('0603000000'), 2.0)], 'its last stop is still told'


def test_the_report_keeps_the_last_problem_until_it_is_connected(bench):
    radio = bench.connect()
    radio.status('waiting', 'link lost', 'The link was lost.')
    radio.status('searching')
    bench.robot.poll()
    report = bench.robot.report()
    assert report.level is Level.ERROR and 'link was lost' in report.message
    radio.status('connected')
    bench.robot.poll()
    assert bench.robot.report().level is Level.OK


def die(bench, code):
    bench.radios[-1].report({'ev': 'exit', 'code': code})
    bench.robot.poll()
    bench.radios[-1].running = False
    bench.now += 2.0
    bench.robot.tick(bench.now)
    return bench.robot.report()


def test_a_radio_process_that_only_dies_is_an_error_from_the_second_time_on(bench):
    bench.robot.open()
    assert die(bench, 1).level is Level.WARN
    report = die(bench, 1)
    assert report.level is Level.ERROR
    assert 'exit code 1' in report.message and './sentinel doctor' in report.message
    bench.radios[-1].status('waiting', 'not found', 'No robot is in range.')
    bench.robot.poll()
    assert 'in range' in bench.robot.report().message
    bench.radios[-1].status('connected')
    bench.robot.poll()
    assert die(bench, -9).level is Level.WARN, 'it did reach a robot'


def test_what_was_switched_off_is_no_trouble_and_may_be_switched_on_again(bench):
    radio = bench.connect()
    bench.robot.close(wait=False)
    radio.status('ended', 'asked to end')
    radio.report({'ev': 'exit', 'code': 0})
    bench.robot.poll()
    report = bench.robot.report()
    assert (report.level, report.message) == (Level.OK, 'Inactive.')
    bench.robot.open()
    bench.radios[-1].status('searching')
    bench.robot.poll()
    report = bench.robot.report()
    assert (report.level, report.message) == (Level.WARN, 'No robot yet: searching.')


def report_at(bench, seconds, reason):
    """Report on a link that failed with ``reason``, ``seconds`` after the start."""
    bench.robot.open()
    bench.radios[-1].status('waiting', reason, 'It cannot be opened.')
    bench.robot.poll()
    bench.now += seconds
    return bench.robot.report()


def test_an_emulated_radio_may_start_later_than_the_driver(bench):
    report = report_at(bench, 20.0, 'no emulated radio')
    assert report.level is Level.WARN and report.message == 'It cannot be opened.'


def test_an_emulated_radio_may_end_before_the_driver(bench):
    radio = bench.connect()
    bench.now = 100.0
    radio.status('waiting', 'link lost', 'The link was lost.')
    bench.robot.poll()
    bench.now = 120.0
    radio.status('waiting', 'no emulated radio', 'It cannot be opened.')
    bench.robot.poll()
    assert bench.robot.report().level is Level.WARN
    bench.now = 140.0
    assert bench.robot.report().level is Level.ERROR


@pytest.mark.parametrize(
    ('seconds', 'reason'), [(40.0, 'no emulated radio'), (0.0, 'no Bluetooth adapter')]
)
def test_a_radio_that_is_not_there_is_an_error(bench, seconds, reason):
    assert report_at(bench, seconds, reason).level is Level.ERROR


def test_attempts_that_fail_alike_are_told_once(bench):
    bench.robot.open()
    for text in ('refused', 'refused', 'refused', 'no answer'):
        bench.radios[-1].status('searching')
        bench.radios[-1].status('connecting')
        bench.radios[-1].status('waiting', 'connection failed', text)
    bench.radios[-1].status('searching')
    bench.radios[-1].status('connected')
    bench.robot.poll()
    assert bench.states == [
        ('searching', ''),
        ('connecting', ''),
        ('waiting', 'refused'),
        ('waiting', 'no answer'),
        ('connected', ''),
    ]
