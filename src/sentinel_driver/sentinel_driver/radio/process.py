"""The radio process: ``python -m sentinel_driver.radio.process``; pipe in, Bluetooth out, no ROS.

It outlives whoever started it just long enough to stop the robot: end of file on standard input,
silence there, or SIGTERM all lead to neutral, disconnect, exit. SIGINT is left to the node, whose
stop sequence needs the radio.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from dataclasses import asdict
from typing import Any

from sentinel_common.errors import SentinelError

from ..errors import CommandRejectedError, RejectReason
from ..hermes import Codec, DriveForm
from ..priority import raise_priority
from . import pipe
from .link import Link, Settings
from .outbox import Item
from .status import ANY_ROBOT, Status
from .transport import Transport

# Stop, disconnect and close together take at most this long; a connect attempt in progress is
# then cut off, s.
_END_TIMEOUT = 3.0

_COUNTS_PERIOD = 1.0

# An end of the pipe is looked at this often for silence, s.
_WATCH_PERIOD = 0.05

_STDIN, _STDOUT = 0, 1


class RadioProcess:
    """Feeds one link from standard input and reports on standard output."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._link = Link(transport, settings, self)
        self._lines = pipe.Lines()
        self._heard_at = time.monotonic()
        self._silent = False

    async def run(self) -> None:
        """Serve until the pipe ends or falls silent, or SIGTERM comes."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._link.end)
        for descriptor in (_STDIN, _STDOUT):
            # A node that no longer reads must not stall the writes to the robot.
            os.set_blocking(descriptor, False)
        loop.add_reader(_STDIN, self._readable)
        watch = asyncio.create_task(self._watch())
        serve = asyncio.create_task(self._link.run())
        ending: float | None = None
        while not serve.done():
            await asyncio.wait([serve], timeout=_WATCH_PERIOD)
            if self._link.ending:
                ending = ending or loop.time()
                if loop.time() - ending > _END_TIMEOUT:
                    serve.cancel()
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serve
        await self._transport.close()

    def _readable(self) -> None:
        data = os.read(_STDIN, 65536)
        if not data:
            asyncio.get_running_loop().remove_reader(_STDIN)
            self._link.end()
            return
        self._heard_at = time.monotonic()
        self._silent = False
        for message in self._lines.feed(data):
            self._act(message)

    def _act(self, message: dict[str, Any]) -> None:
        if message.get('op') == 'stop':
            self._link.stop()
        elif message.get('op') == 'send':
            try:
                item = Item(
                    bytes.fromhex(message['payload']),
                    float(message['until']),
                    int(message.get('token', 0)),
                )
            except (KeyError, TypeError, ValueError):
                self._lines.bad += 1
                return
            try:
                self._link.offer(item)
            except CommandRejectedError as error:
                self._drop(item, error.kind, error.reason)

    async def _watch(self) -> None:
        counted_at = 0.0
        while True:
            await asyncio.sleep(_WATCH_PERIOD)
            now = time.monotonic()
            silence = now - self._heard_at
            if silence > pipe.STOP_SILENCE and not self._silent:
                self._silent = True
                self._link.stop()
            if silence > pipe.END_SILENCE:
                self._link.end()
            if now - counted_at >= _COUNTS_PERIOD:
                counted_at = now
                counts = asdict(self._link.decoder.counts)
                pipe.write(_STDOUT, {'ev': 'counts', 'bad_lines': self._lines.bad, **counts})

    def status(self, status: Status) -> None:
        """Report a change of state."""
        pipe.write(_STDOUT, {'ev': 'status', **asdict(status)})

    def written(self, item: Item) -> None:
        """Report a written payload."""
        self._frame('tx', item.payload, item.token)

    def received(self, payload: bytes) -> None:
        """Report a payload of the robot."""
        self._frame('rx', payload, 0)

    def dropped(self, item: Item, reason: RejectReason) -> None:
        """Report a command that will not be written."""
        self._drop(item, reason, f'The command was not sent: {reason}.')

    def _frame(self, event: str, payload: bytes, token: int) -> None:
        now = time.monotonic()
        message = {'ev': event, 'payload': payload.hex(), 'time': now, 'token': token}
        pipe.write(_STDOUT, message)

    def _drop(self, item: Item, kind: RejectReason, text: str) -> None:
        message = {'ev': 'dropped', 'token': item.token, 'kind': kind, 'text': text}
        pipe.write(_STDOUT, {**message, 'payload': item.payload.hex()})


def main() -> int:
    """Run the process; returns 2 where the arguments make no sense."""
    parser = argparse.ArgumentParser(prog='radio', description='The Bluetooth link to one robot.')
    parser.add_argument('--transport', default='system')
    parser.add_argument('--robot', default=ANY_ROBOT)
    parser.add_argument('--form', choices=[f.value for f in DriveForm], default='walking5')
    parser.add_argument('--heartbeat', action='store_true')
    parser.add_argument('--may-walk', action='store_true')
    parser.add_argument('--still', action='store_true')
    args = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Link tells in words of a link that is lost in the middle of a command; bumble, in a traceback.
    logging.getLogger('bumble').setLevel(logging.CRITICAL)
    raise_priority()
    try:
        settings = Settings(
            args.robot, Codec(DriveForm(args.form)), args.heartbeat, args.may_walk, args.still
        )
        asyncio.run(RadioProcess(Transport(args.transport), settings).run())
    except SentinelError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
