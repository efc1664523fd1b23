"""Speed of the codec beside the plain way: COBS by the PyPI package, the rest by hand."""

import random
import time
from collections.abc import Callable, Iterable
from typing import Any

from sentinel_driver.errors import BadFrameError
from sentinel_driver.hermes import MAX_PAYLOAD, Decoder, decode, encode

# The longest command, all joints; and how often each direction is done per round.
_LENGTH, _PER_ROUND, _ROUNDS = 13, 20_000, 7


def plain_encode(payload: bytes) -> bytes:
    """COBS by the package, checksum and terminator."""
    from cobs import cobs

    body = cobs.encode(payload)
    return body + bytes([sum(body) % 255 + 1]) + b'\0'


def plain_decode(chunks: Iterable[bytes]) -> list[bytes]:
    """Cut at terminators, check, decode; nothing is bounded or counted."""
    from cobs import cobs

    found = []
    rest = b''
    for chunk in chunks:
        *pieces, rest = (rest + chunk).split(b'\0')
        for piece in pieces:
            if len(piece) > 2 and piece[-1] == sum(piece[:-1]) % 255 + 1:
                found.append(cobs.decode(piece[:-1]))
    return found


def _rates(jobs: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Frames per second of each job, best of rounds that take turns."""
    best = dict.fromkeys(jobs, 0.0)
    for _ in range(_ROUNDS):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            best[name] = max(best[name], _PER_ROUND / (time.perf_counter() - start))
    return best


def throughput(seed: int) -> dict[str, Any]:
    """Frames per second of both ways, and ours as a ratio to the plain one."""
    source = random.Random(seed)
    payloads = [source.randbytes(_LENGTH) for _ in range(_PER_ROUND)]
    wires = [encode(p) for p in payloads]
    assert wires == [plain_encode(p) for p in payloads]
    # Notifications of 20 bytes, as they come from the robot.
    stream = b''.join(wires)
    chunks = [stream[i : i + 20] for i in range(0, len(stream), 20)]

    def incremental() -> list[bytes]:
        decoder = Decoder()
        return [p for chunk in chunks for p in decoder.feed(chunk)]

    assert incremental() == plain_decode(chunks) == payloads
    rates = _rates(
        {
            'encode': lambda: [encode(p) for p in payloads],
            'plain_encode': lambda: [plain_encode(p) for p in payloads],
            'decode': incremental,
            'plain_decode': lambda: plain_decode(chunks),
        }
    )
    return {
        'frames_per_s': rates,
        'encode_ratio': rates['encode'] / rates['plain_encode'],
        'decode_ratio': rates['decode'] / rates['plain_decode'],
    }


def noise(size: int, seed: int) -> dict[str, Any]:
    """Feed ``size`` random bytes in pieces of any length.

    The decoder must neither raise nor grow.
    """
    source = random.Random(seed)
    decoder = Decoder()
    fed, largest, start = 0, 0, time.perf_counter()
    while fed < size:
        piece = source.randbytes(min(size - fed, source.randrange(1, 4096)))
        fed += len(piece)
        decoder.feed(piece)
        largest = max(largest, decoder.pending)
    seconds = time.perf_counter() - start
    decoder.feed(b'\0')
    assert decoder.feed(encode(b'\x93')) == [b'\x93'], 'in step again at once'
    return {
        'bytes': fed,
        'seconds': seconds,
        'most_bytes_held': largest,
        'bound': MAX_PAYLOAD + 2,
        'damaged': decoder.counts.damaged,
        'overlong': decoder.counts.overlong,
        'random_frames_accepted': decoder.counts.frames - 1,
    }


def damage(frames: list[bytes]) -> dict[str, int]:
    """Every truncation and every bit flip of ``frames``: how many, and how many pass as a frame."""
    tried = accepted = 0
    for wire in frames:
        damaged = [wire[:n] for n in range(len(wire) - 1)]
        damaged += [
            bytes(b ^ (1 << bit) if i == at else b for i, b in enumerate(wire))
            for at in range(len(wire))
            for bit in range(8)
        ]
        for piece in damaged:
            tried += 1
            Decoder().feed(piece)
            try:
                accepted += decode(piece) is not None and piece.removesuffix(b'\0') != wire[:-1]
            except BadFrameError:
                pass
    return {'tried': tried, 'accepted_as_another_frame': accepted}
