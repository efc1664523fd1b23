"""What the commands print, refuse and return."""

import argparse
import time

import pytest
import ros
from sentinel_common.geometry import STOP, Twist
from sentinel_common.joining import joined
from sentinel_driver.commands import frame, scan, teleop
from sentinel_driver.commands.teleop import Line, guard_line
from sentinel_driver.errors import BadFrameError, CommandRejectedError, LinkError
from sentinel_driver.hermes import Codec, DriveForm
from sentinel_driver.hermes.explain import explain
from sentinel_driver.hermes.framing import checksum
from sentinel_driver.teleop import FIRST_HOLD, REPEAT_HOLD, Keys
from std_srvs.srv import SetBool

from sentinel_msgs.msg import SafetyState


def run(module, *arguments):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return module.main(parser.parse_args(arguments))


@pytest.mark.parametrize(
    ('arguments', 'printed'),
    [
        (['encode', '6', '3', '40', '0', '0'], '04 06 03 28 01 01 38 00'),
        (['encode', '6', '3', '-40', '0', '0'], '04 06 03 d8 01 01 e8 00'),
        (['encode', '0x06', '0', '0x28', '0', '--form', 'legacy4'], '02 06 02 28 01 34 00'),
        (
            ['decode', '04', '06', '03', '28', '01', '01', '38', '00'],
            'forward 40, strafe 0, turn 0',
        ),
        (['decode', '0206022801340002101300', '--form=legacy4'], '16 connection established'),
        (['decode', '02 91 94 00'], '145 connection established ack (from the robot)'),
        (['decode', '021013'], 'no terminator'),
        (['decode', '0x02', '0x10', '0x13', '0x00'], '16 connection established'),
    ],
)
def test_frame(arguments, printed, capsys):
    assert run(frame, *arguments) == 0
    assert printed in capsys.readouterr().out


def test_a_damaged_frame_is_named(capsys):
    assert run(frame, 'decode', '02101400') == 1
    assert 'checksum is 14 and should be 13' in capsys.readouterr().out


def test_a_frame_that_is_longer_than_any_is_named(capsys):
    body = b'\2\1' * 150
    assert run(frame, 'decode', (body + bytes((checksum(body), 0))).hex()) == 1
    assert 'Longer than any frame' in capsys.readouterr().out


@pytest.mark.parametrize('values', ['18 1', '33 85 170', '208', '6 0 40 0', '46 1'])
def test_frame_refuses_what_may_not_be_sent(values):
    with pytest.raises(CommandRejectedError):
        run(frame, 'encode', *values.split())


def test_frame_says_how_hexadecimal_bytes_are_written(capsys):
    with pytest.raises(SystemExit):
        run(frame, 'encode', *'06 03 28 00 00'.split())
    assert "'06' is no number; hexadecimal bytes are written 0x06" in capsys.readouterr().err


def test_frame_refuses_what_is_not_hexadecimal():
    with pytest.raises(BadFrameError):
        run(frame, 'decode', 'xyz')


def test_scan_without_usb_is_one_sentence(monkeypatch):
    import usb1
    from sentinel_driver.radio import bumble_backend

    async def no_usb(name):
        raise usb1.USBErrorOther(-99)

    monkeypatch.setattr(bumble_backend, 'open_transport', no_usb)
    with pytest.raises(LinkError, match=r'usb:0 cannot be opened: LIBUSB.* Plug the dongle in\.'):
        run(scan, '--transport', 'hci:usb:0')


@pytest.mark.parametrize(
    ('payload', 'words'),
    [
        ('3a' + 'b47d96' * 4, 'front left: knee 180, thigh 125, hip 150'),
        ('86ff', 'layout unknown: ff'),
        ('0a01', '10 setup battery, layout unknown: 01'),
        ('1201', 'can brick the robot'),
        ('0701', '7 game state: state 1'),
        ('06002800', 'not of form walking5'),
        ('10', '16 connection established'),
    ],
)
def test_explanations(payload, words):
    assert words in explain(bytes.fromhex(payload), Codec())


def test_every_payload_can_be_explained():
    for first in range(256):
        for length in range(16):
            for form in DriveForm:
                assert explain(bytes((first,)) + bytes(length), Codec(form))


def test_the_line_of_teleop_fits_the_terminal_and_is_written_where_it_changes(monkeypatch, capsys):
    monkeypatch.setenv('COLUMNS', '20')
    line = Line()
    for text in ('a' * 50, 'a' * 50, 'a' * 60, 'b'):
        line.show(text)
    assert capsys.readouterr().out == f'\r\x1b[K{"a" * 19}\r\x1b[Kb'


def test_a_key_moves_only_while_it_is_held():
    keys = Keys(0.2, 1.0, scale=1.0)
    keys.press('w', 0.0)
    assert keys.velocity(FIRST_HOLD - 0.01) == Twist(vx=0.2)
    assert keys.velocity(FIRST_HOLD) == STOP


def test_a_repeating_key_stops_soon_after_its_release():
    keys = Keys(0.2, 1.0, scale=1.0)
    for now in (0.0, 0.5, 0.55, 0.6):
        keys.press('q', now)
    assert keys.velocity(0.6 + REPEAT_HOLD - 0.01) == Twist(wz=1.0)
    assert keys.velocity(0.6 + REPEAT_HOLD) == STOP


def test_any_other_key_stops():
    keys = Keys(0.2, 1.0)
    keys.press('w', 0.0)
    keys.press(' ', 0.1)
    assert keys.velocity(0.1).is_zero


def test_the_scale_has_bounds():
    keys = Keys(0.2, 1.0)
    for _ in range(20):
        keys.press('+', 0.0)
    keys.press('a', 0.0)
    assert keys.scale == 1.0 and keys.velocity(0.0) == Twist(vy=0.2)
    for _ in range(20):
        keys.press('-', 0.0)
    assert keys.scale == 0.1


@pytest.mark.parametrize(
    ('state', 'words'),
    [
        ({'emergency_stop': True, 'armed': True}, 'EMERGENCY STOP'),
        ({'armed': False}, 'not armed: ./sentinel arm'),
        ({'armed': True, 'rules': ['person_or_pet'], 'reasons': ['A cat.']}, 'allows to move'),
        (
            {'armed': True, 'rules': ['unsure_target', 'geofence'], 'reasons': ['No.', 'Fence.']},
            'Fence.',
        ),
    ],
)
def test_teleop_tells_what_binds_the_person_who_drives(state, words):
    assert words in guard_line(SafetyState(**state))


@pytest.mark.parametrize('key', ['x', 'X'])
def test_a_stop_reaches_a_guard_that_is_found_only_after_the_key(key, monkeypatch, capsys):
    heard = []

    def on_stop(request, response):
        heard.append(request.data)
        return response

    def keys(guard):
        yield key
        yield ''
        assert 'Emergency stop: no guard has heard it yet.' in capsys.readouterr().out
        guard.node.create_service(SetBool, 'emergency_stop', on_stop)
        end = time.monotonic() + 30.0
        while 'No guard is heard' not in capsys.readouterr().out:  # the stop is no longer told
            assert time.monotonic() < end, heard
            guard.executor.spin_once(timeout_sec=0.01)
            yield ''
        raise KeyboardInterrupt

    with ros.one_tester() as guard:
        monkeypatch.setenv('ROS_DOMAIN_ID', str(guard.domain))
        pressed = keys(guard)
        monkeypatch.setattr(teleop, '_pressed', lambda: next(pressed))
        with joined('teleop', '') as node, pytest.raises(KeyboardInterrupt):
            teleop._Teleop(node, Keys(0.2, 1.0)).run()
    assert heard == [True]
