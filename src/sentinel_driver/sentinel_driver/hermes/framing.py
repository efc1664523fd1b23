"""Frames on the wire: COBS body, one checksum byte over the *encoded* body, 0x00.

The checksum is the sum of the encoded bytes mod 255 plus 1, so it is never the terminator. (A
mod-256 form is in circulation; it agrees up to a sum of 254, and yields a stray terminator at 255.)
"""

from dataclasses import dataclass

from ..errors import BadFrameError

# Longest payload, bytes. Known commands have at most 13; below 254 a body needs a single extra
# COBS byte, and a bound is what keeps a decoder that listens to noise from growing.
MAX_PAYLOAD = 250

# Body and checksum of the longest frame, without terminator.
_MAX_PIECE = MAX_PAYLOAD + 2


def checksum(body: bytes) -> int:
    """Checksum byte of a COBS body, 1..255."""
    return sum(body) % 255 + 1


def encode(payload: bytes) -> bytes:
    """Return the frame of ``payload`` with its terminator.

    Raise BadFrameError where it is empty or too long.
    """
    if not 1 <= len(payload) <= MAX_PAYLOAD:
        raise BadFrameError(f'A payload has 1 to {MAX_PAYLOAD} bytes, not {len(payload)}.')
    body = b''.join([bytes((len(run) + 1,)) + run for run in payload.split(b'\0')])
    return body + bytes((checksum(body), 0))


def decode(frame: bytes) -> bytes:
    """Return the payload of one frame, given with or without terminator.

    Raise BadFrameError where it is damaged or too long.
    """
    piece = frame.removesuffix(b'\0')
    if b'\0' in piece:
        raise BadFrameError('A terminator in the middle: this is more than one frame.')
    if len(piece) > _MAX_PIECE:
        raise BadFrameError(f'Longer than any frame, which has at most {_MAX_PIECE + 1} bytes.')
    return _payload(piece)


def _payload(piece: bytes) -> bytes:
    """Return the payload of what stands between two terminators."""
    if len(piece) < 3:
        raise BadFrameError('Too short for a frame.')
    body, given = piece[:-1], piece[-1]
    if given != checksum(body):
        raise BadFrameError(f'The checksum is {given:02x} and should be {checksum(body):02x}.')
    end, size = body[0], len(body)
    if end == size:  # no zero in it, as in most
        return body[1:]
    runs = [body[1:end]]
    while end < size:
        at = end
        end += body[at]
        runs.append(body[at + 1 : end])
    if end > size:
        raise BadFrameError('A COBS code points past the end.')
    return b'\0'.join(runs)


@dataclass
class DecoderCounts:
    """What a decoder met so far."""

    frames: int = 0
    damaged: int = 0  # pieces with a wrong checksum or COBS code
    overlong: int = 0  # pieces longer than any frame
    dropped_bytes: int = 0  # bytes of damaged and overlong pieces


class Decoder:
    """Takes notifications as they come, split or merged anyhow, and returns whole payloads.

    Never raises, never holds more than one frame; after garbage it is in step again at the next
    terminator.
    """

    def __init__(self) -> None:
        self.counts = DecoderCounts()
        self._pending = b''
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads that ``data`` completes, oldest first."""
        *whole, rest = (self._pending + data).split(b'\0')
        if self._skipping:
            self.counts.dropped_bytes += len(whole[0] if whole else rest)
            if not whole:
                return []
            del whole[0]
            self._skipping = False
        payloads = []
        for piece in whole:
            if len(piece) > _MAX_PIECE:
                self._drop_overlong(piece)
            elif piece:
                try:
                    payloads.append(_payload(piece))
                except BadFrameError:
                    self.counts.damaged += 1
                    self.counts.dropped_bytes += len(piece)
        self.counts.frames += len(payloads)
        if len(rest) > _MAX_PIECE:
            self._drop_overlong(rest)
            self._skipping, rest = True, b''
        self._pending = rest
        return payloads

    @property
    def pending(self) -> int:
        """Bytes held of a frame that is not complete."""
        return len(self._pending)

    def reset(self) -> None:
        """Forget a half received frame: a new connection starts afresh."""
        self._pending = b''
        self._skipping = False

    def _drop_overlong(self, piece: bytes) -> None:
        self.counts.overlong += 1
        self.counts.dropped_bytes += len(piece)
