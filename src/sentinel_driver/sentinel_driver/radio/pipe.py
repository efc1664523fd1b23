"""The lines on the pipes between the driver node and its radio process.

One JSON object per line. Times are seconds of the steady clock, which all processes of one machine
share.

To the radio: ``{"op": "send", "payload": hex, "until": s, "token": n}`` (written, or dropped once
``until`` has passed), ``{"op": "stop"}`` (neutral, before all else), ``{"op": "alive"}`` (nothing
new, the writer lives). From the radio: ``{"ev": "tx" | "rx", "payload": hex, "time": s, "token":
n}``, ``{"ev": "dropped", "token": n, "kind": reason, "text": ...}``, ``{"ev": "status", ...}`` with
the fields of ``link.Status``, and ``{"ev": "counts", ...}`` with those of ``hermes.DecoderCounts``.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

# Longest line: a write of this size to a pipe is atomic (PIPE_BUF), so no line is ever torn.
MAX_LINE = 4096

# A radio process that hears nothing for this long stops the robot, s; and after this long it
# disconnects and ends, s. The node says something at least every ALIVE_PERIOD, s.
STOP_SILENCE = 0.4
END_SILENCE = 2.5
ALIVE_PERIOD = 0.1


class Lines:
    """Cuts a byte stream into JSON objects; what is no object is skipped and counted."""

    def __init__(self) -> None:
        self.bad = 0
        self._rest = b''

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Yield the objects that ``data`` completes."""
        *lines, self._rest = (self._rest + data).split(b'\n')
        if len(self._rest) > MAX_LINE:
            self._rest = b''
            self.bad += 1
        for line in lines:
            try:
                value = json.loads(line)
            except ValueError:
                value = None
            if isinstance(value, dict):
                yield value
            else:
                self.bad += 1


def write(descriptor: int, message: Mapping[str, Any]) -> bool:
    """Write one line to a non-blocking pipe; False where it is full or has no reader."""
    line = json.dumps(message, separators=(',', ':')).encode() + b'\n'
    try:
        return os.write(descriptor, line[:MAX_LINE]) == len(line)
    except (BlockingIOError, BrokenPipeError):
        return False
