"""How long it takes from the light on the sensor to the radio's write that answers it."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping

# An hour of commands and writes at 10 Hz: an always-on recorder must not grow.
_KEPT = 36_000

# First byte of the protocol's drive frame (Transform).
DRIVE = 6


def match(
    detections: Mapping[float, float],
    commands: Iterable[tuple[float, float]],
    writes: Iterable[float],
) -> list[dict[str, float]]:
    """Find the first drive frame after each command.

    Args:
        detections: capture time of a picture -> when its detections were sent (s).
        commands: (capture time of the picture that is answered, when the command was sent), s;
            commands that repeat the picture of the one before are no answers of their own.
        writes: when drive frames were really written to the radio, s, in any order.

    Returns:
        One sample for each write that carried a new command, in order: ``capture`` (s), and the
        seconds from there to ``detection`` (where known), ``command`` and ``write``. A command that
        a newer one overtook before the next write has no sample.

    """
    fresh: list[tuple[float, float]] = []  # (sent, capture)
    for capture, sent in sorted(commands, key=lambda item: item[1]):
        if not fresh or capture > fresh[-1][1]:
            fresh.append((sent, capture))
    samples: list[dict[str, float]] = []
    answered = 0
    for write in sorted(writes):
        newest = bisect_right(fresh, write, key=lambda item: item[0])
        if newest <= answered:
            continue
        answered = newest
        sent, capture = fresh[newest - 1]
        sample = {'capture': capture, 'command': sent - capture, 'write': write - capture}
        if capture in detections:
            sample['detection'] = detections[capture] - capture
        samples.append(sample)
    return samples


class LatencyLog:
    """Collects what ``match`` needs; the messages of different nodes may come in any order."""

    def __init__(self) -> None:
        self._detections: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._commands: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._writes: deque[float] = deque(maxlen=_KEPT)

    def detected(self, capture: float, sent: float) -> None:
        """Note that the detections of the picture of ``capture`` left the detector at ``sent``."""
        self._detections.append((capture, sent))

    def commanded(self, capture: float, sent: float) -> None:
        """Note a command; those that answer no picture (``capture`` 0) do not count."""
        if capture > 0:
            self._commands.append((capture, sent))

    def written(self, payload: bytes, at: float) -> None:
        """Note a frame that went over the air at ``at``; only drive frames count."""
        if payload[:1] == bytes([DRIVE]):
            self._writes.append(at)

    def samples(self) -> list[dict[str, float]]:
        """All samples so far."""
        return match(dict(self._detections), list(self._commands), list(self._writes))
