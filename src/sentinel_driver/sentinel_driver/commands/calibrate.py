"""``./sentinel calibrate``: measures with a person's help what the robot makes of its units."""

import argparse
import contextlib
import math
import os
import select
import shlex
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sentinel_common.errors import SentinelError

from ..calibration import CalibrationError, Trial, document, fit
from ..errors import LinkError, LinkReason
from ..hermes import Codec, Drive, DriveForm
from ..radio import pipe
from ..radio.client import RadioClient
from ..radio.status import ANY_ROBOT, check_transport
from ..velocity_control import Axis

SUMMARY = 'walk through measuring a robot and write its parameter file'

# The useful range ends near 80 units, and a tape measure needs a way of some decimetres.
_UNITS = (40, 60, 80)
_SECONDS = 3.0

_LIFE = 0.3  # s that each command holds: what the robot walks on if this program dies
_CONNECT_TIMEOUT = 30.0  # s


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
    """Measure, print, write. Raise LinkError without a robot, CalibrationError on nonsense."""
    if any(not 1 <= u <= 127 for u in args.units) or not 0.5 <= args.seconds <= 10:
        raise CalibrationError('Runs take 1 to 127 units and 0.5 to 10 s.')
    check_transport(args.transport)
    place = args.output if args.output.exists() else args.output.parent
    if args.output.is_dir() or not os.access(place, os.W_OK):
        raise CalibrationError(f'{args.output} cannot be written.', 'Name another: --output FILE.')
    robot = _Robot(args)
    try:
        name = robot.connect()
        print(
            f'Connected to {name}. Put the robot on its usual ground with 1.5 m free around it.\n'
            f'Each run takes {args.seconds:g} s. Enter starts it, Enter during it stops it.\n'
            'Then type what you measured, or r to repeat the run. s skips a run.'
        )
        found = {key: _measure(robot, axis, args) for key, axis in AXES.items()}
        axes = {key: axis for key, axis in found.items() if axis is not None}
    finally:
        robot.close()
    args.output.write_text(document(axes, args.robot, args.form))
    use = f'./sentinel run --source 0 --robot {shlex.quote(args.robot)} --params {args.output}'
    print(f'Written to {args.output}. Use it with: {use}')
    return 0


def _measure(robot: '_Robot', axis: _Axis, args: argparse.Namespace) -> Axis | None:
    """Walk until the runs fit together; None where the person skips all of them."""
    while True:
        trials = []
        for units in args.units:
            trial = _trial(robot, axis, units, args.seconds)
            if trial is not None:
                trials.append(trial)
        if not trials:
            print(f'{axis.title}: left out of the file.')
            return None
        try:
            found, worst = fit(trials)
        except CalibrationError as error:
            print(f'{error} Once more, {axis.title}.')
            continue
        print(
            f'{axis.title}: {found.full / axis.scale:.1f} {axis.unit} per s at 127 units, nothing '
            f'below {found.offset:.0f}; the runs deviate by at most {worst / axis.scale:.1f} per s.'
        )
        return found


def _trial(robot: '_Robot', axis: _Axis, units: int, seconds: float) -> Trial | None:
    """Walk and ask; None where the person skips it."""
    while True:
        start = f'\n{axis.title}, {units} units. Mark where it stands, then Enter: '
        while answer := _asked(start):
            if answer == 's':
                return None
            start = 'Only Enter starts it, s skips it: '
        walked = robot.walk(axis.drive(units), seconds)
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
        self._connected = threading.Event()
        self._status: dict[str, Any] = {}
        self._over = threading.Event()
        self._client = RadioClient(
            self._hear, transport=args.transport, robot=args.robot, form=self._codec.form
        )
        self._keeper = threading.Thread(target=self._keep_alive, daemon=True)
        self._keeper.start()

    def _hear(self, event: dict[str, Any]) -> None:
        if event['ev'] == 'status':
            if event['reason'] or event['state'] == 'connected':
                self._status = event
            if event['state'] == 'connected':
                self._connected.set()
            elif event['state'] == 'waiting':
                self._connected.clear()
        elif event['ev'] == 'exit':
            self._connected.clear()

    def _keep_alive(self) -> None:
        while not self._over.wait(pipe.ALIVE_PERIOD):
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

    def walk(self, drive: Drive, seconds: float) -> float:
        """Walk for ``seconds`` or until Enter.

        Return how long that was. Raise LinkError on a loss.
        """
        payload = self._codec.payload(drive)
        start = time.monotonic()
        while (now := time.monotonic()) < start + seconds:
            if not self._connected.is_set():
                raise LinkError(
                    LinkReason.LINK_LOST,
                    'The link was lost during a run.',
                    'Start again, which stops the robot.',
                )
            self._client.send(payload, min(now + _LIFE, start + seconds))
            pause = min(pipe.ALIVE_PERIOD, start + seconds - now)
            if sys.stdin.isatty() and select.select([sys.stdin], [], [], pause)[0]:
                _line()
                break
            if not sys.stdin.isatty():
                time.sleep(pause)
        self._client.stop()
        return time.monotonic() - start

    def close(self) -> None:
        self._over.set()
        self._keeper.join()
        self._client.close()
