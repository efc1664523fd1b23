"""``./sentinel calibrate``: measures with a person's help what the robot makes of its units."""

import argparse
import contextlib
import math
import os
import select
import shlex
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sentinel_common.errors import ConfigurationError, SentinelError
from sentinel_common.parameters import check

from ..calibration import (
    CalibrationError,
    Trial,
    document,
    fit,
    parameters,
    read,
    robot_parameters,
)
from ..errors import LinkError, LinkReason
from ..hermes import Codec, Drive, DriveForm
from ..radio import pipe
from ..radio.client import RadioClient
from ..radio.status import ANY_ROBOT, check_transport

SUMMARY = 'walk through measuring a robot and write its parameter file'

# The useful range ends near 80 units, and a tape measure needs a way of some decimetres.
_UNITS = (40, 60, 80)
_SECONDS = 3.0

_LIFE = 0.3  # s that each command holds: what the robot walks on if this program dies
_CONNECT_TIMEOUT = 30.0  # s

# By then a loss at the very end of a run is known, with the usual supervision timeouts, s.
_LOSS_TIME = 1.0

# How often the person is told why the link is not back, s.
_PATIENCE = 5.0


class _Axis:
    """What to send for one axis, and what to ask for."""

    def __init__(self, title: str, drive: Callable[[int], Drive], unit: str, scale: float) -> None:
        self.title = title
        self.drive = drive
        self.unit = unit
        self.scale = scale


AXES = {
    'forward': _Axis('forward', lambda u: Drive(forward=u), 'cm forward', 0.01),
    'left': _Axis('to the left', lambda u: Drive(strafe=-u), 'cm to the left', 0.01),
    'turn': _Axis(
        'turn left', lambda u: Drive(turn=-u), 'degrees counter-clockwise', math.radians(1.0)
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--transport', default='system', help='as the driver has it (%(default)s)')
    parser.add_argument('--robot', default=ANY_ROBOT, help='address or part of its name')
    parser.add_argument(
        '--form',
        choices=[f.value for f in DriveForm],
        default=DriveForm.WALKING5.value,
        help='layout of the drive command (default: %(default)s)',
    )
    parser.add_argument('--units', type=int, nargs='+', default=list(_UNITS), help='%(default)s')
    parser.add_argument('--seconds', type=float, default=_SECONDS, help='of each run (%(default)s)')
    parser.add_argument(
        '--output', type=Path, default=Path('driver_calibration.yaml'), help='%(default)s'
    )


def main(args: argparse.Namespace) -> int:
    """Measure, print and write one axis after the other.

    What an existing file of the same robot says beyond what is measured stays in it. Raise
    LinkError without a robot, CalibrationError on nonsense.
    """
    if any(not 1 <= u <= 127 for u in args.units) or not 0.5 <= args.seconds <= 10:
        raise CalibrationError('Runs take 1 to 127 units and 0.5 to 10 s.')
    check_transport(args.transport)
    place = args.output if args.output.exists() else args.output.parent
    if args.output.is_dir() or not os.access(place, os.W_OK):
        raise CalibrationError(f'{args.output} cannot be written.', 'Name another: --output FILE.')
    values = _begun(args)
    measured = False
    robot = _Robot(args)
    try:
        name = robot.connect()
        print(
            f'Connected to {name}. Put the robot on its usual ground with 1.5 m free around it.\n'
            f'Each run takes {args.seconds:g} s. Enter starts it, Enter during it stops it.\n'
            'Then type what you measured, or r to repeat the run. s skips a run.'
        )
        for key, axis in AXES.items():
            found = _measure(robot, key, axis, args)
            if found:
                measured = True
                values |= found
                args.output.write_text(document(values))
                print(f'Written to {args.output}.')
    finally:
        robot.close()
    if measured:
        use = f'./sentinel run --source 0 --robot {shlex.quote(args.robot)} --params {args.output}'
        print(f'Use it with: {use}')
    else:
        print('Nothing was measured, so nothing was written.')
    return 0


def _begun(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the file will say, but for what is measured."""
    robot = robot_parameters(args.robot, args.form, args.transport)
    if not args.output.exists():
        return robot
    other = CalibrationError(
        f'{args.output} is there and is no calibration of robot {args.robot} with {args.form}.',
        'Name another: --output FILE.',
    )
    try:
        before = read(args.output.read_text())
    except (CalibrationError, UnicodeDecodeError):
        raise other from None
    if (before['robot'], before['drive_form']) != (args.robot, args.form):
        raise other
    before.pop('transport', None)
    return {**before, **robot}


def _measure(
    robot: '_Robot', key: str, axis: _Axis, args: argparse.Namespace
) -> dict[str, float] | None:
    """Walk until the runs fit together, and return the driver's parameters.

    None where the person skips all runs.
    """
    # It needs ROS, which takes its time to load.
    from ..driver_parameters import PARAMETERS

    while True:
        trials = []
        for units in args.units:
            trial = _trial(robot, axis, units, args.seconds)
            if trial is not None:
                trials.append(trial)
        if not trials:
            print(f'{axis.title}: not measured.')
            return None
        try:
            found, worst = fit(trials)
            values = parameters(key, found)
            check(values, PARAMETERS, 'The driver does not take that')
        except CalibrationError as error:
            print(f'{error} Once more, {axis.title} (s skips a run, as on a box).')
        except ConfigurationError as error:
            print(f'{error.reason} Were these {axis.unit}? Once more, {axis.title}.')
        else:
            print(
                f'{axis.title}: {found.full / axis.scale:.1f} {axis.unit} per s at 127 units, '
                f'nothing below {found.offset:.0f}; '
                f'the runs deviate by at most {worst / axis.scale:.1f} per s.'
            )
            return values


def _trial(robot: '_Robot', axis: _Axis, units: int, seconds: float) -> Trial | None:
    """Walk and ask; None where the person skips it."""
    while True:
        start = f'\n{axis.title}, {units} units. Mark where it stands, then Enter: '
        while answer := _asked(start):
            if answer == 's':
                return None
            start = 'Only Enter starts it, s skips it: '
        walked = robot.walk(axis.drive(units), seconds)
        if walked is None:
            continue
        answer = _asked(f'It walked for {walked:.1f} s. Measured, in {axis.unit}: ')
        while answer not in ('s', 'r'):
            with contextlib.suppress(ValueError):
                value = float(answer.replace(',', '.'))
                if math.isfinite(value):
                    return Trial(units, walked, value * axis.scale)
            answer = _asked(f'A number in {axis.unit}, s to skip, r to repeat the run: ')
        if answer == 's':
            return None


def _asked(question: str) -> str:
    print(question, end='', flush=True)
    return _line()


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise SentinelError('The input ended before the calibration did.')
    return line.strip()


class _Robot:
    """The robot, directly through a radio process: a person stands beside it, no guard runs."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._codec = Codec(DriveForm(args.form))
        self._args = args
        self._connected = threading.Event()
        self._losses = 0  # of the link
        self._status: dict[str, Any] = {}
        self._over = threading.Event()
        self._client = self._start()
        self._keeper = threading.Thread(target=self._keep_alive, daemon=True)
        self._keeper.start()

    def _start(self, *, may_walk: bool = False) -> RadioClient:
        return RadioClient(
            self._hear,
            transport=self._args.transport,
            robot=self._args.robot,
            form=self._codec.form,
            may_walk=may_walk,
        )

    def _hear(self, event: dict[str, Any]) -> None:
        if event['ev'] == 'status':
            if event['text'] or event['state'] == 'connected':
                self._status = event
            if event['state'] == 'connected':
                self._connected.set()
        if event['ev'] == 'exit' or event.get('state') == 'waiting':
            self._losses += self._connected.is_set()
            self._connected.clear()

    def _keep_alive(self) -> None:
        while not self._over.wait(pipe.ALIVE_PERIOD):
            if self._losses and not self._client.running:
                self._client.close()
                self._client = self._start(may_walk=True)
            self._client.alive()

    def connect(self) -> str:
        """Wait for the robot and return its name."""
        print(f'Looking for a robot for up to {_CONNECT_TIMEOUT:.0f} s ...', flush=True)
        if not self._connected.wait(_CONNECT_TIMEOUT):
            raise LinkError(
                LinkReason(self._status.get('reason') or LinkReason.NOT_FOUND),
                self._status.get('text') or 'No robot was found.',
                self._status.get('cure', ''),
            )
        return str(self._status['name'] or self._status['address'])

    def walk(self, drive: Drive, seconds: float) -> float | None:
        """Walk for ``seconds`` or until Enter, and return how long that was.

        None where the link was lost before the robot stood; it is back then, and was stopped.
        """
        payload = self._codec.payload(drive)
        losses = self._losses
        start = time.monotonic()
        while self._holds(losses) and (now := time.monotonic()) < start + seconds:
            self._client.send(payload, min(now + _LIFE, start + seconds))
            pause = min(pipe.ALIVE_PERIOD, start + seconds - now)
            if sys.stdin.isatty() and select.select([sys.stdin], [], [], pause)[0]:
                _line()
                break
            if not sys.stdin.isatty():
                time.sleep(pause)
        self._client.stop()
        walked = time.monotonic() - start
        time.sleep(_LOSS_TIME)
        if self._holds(losses):
            return walked
        self._wait_until_back()
        return None

    def _holds(self, losses: int) -> bool:
        return self._connected.is_set() and self._losses == losses

    def _wait_until_back(self) -> None:
        """Wait for the connection, whose handshake stops the robot, for as long as it takes.

        The process that makes it must not end meanwhile, nor what was measured be lost.
        """
        print('\nThe link was lost: the robot may walk on, and is stopped once it is back.')
        told: dict[str, Any] = {}
        while not self._connected.wait(_PATIENCE):
            if self._status is not told:
                told = self._status
                print(f'{told["text"]} {told["cure"]} Ctrl-C gives up.')
        if sys.stdin.isatty():
            # Whoever pressed Enter meanwhile wanted it to stand.
            termios.tcflush(sys.stdin, termios.TCIFLUSH)
        print('It is back and stands. That run does not count.')

    def close(self) -> None:
        self._over.set()
        self._keeper.join()
        self._client.close()
