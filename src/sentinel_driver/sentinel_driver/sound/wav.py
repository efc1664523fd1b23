"""WAV files as arrays, with the standard library."""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sentinel_common.errors import SentinelError

Array = npt.NDArray[np.float64]

# Nobody frightens an animal for longer, and a mistaken file must not fill the memory, s.
MAX_DURATION = 30.0

SAMPLE_WIDTH = 2  # of what is written or played, B

_FULL_SCALE = {1: 128.0, 2: 32768.0, 4: 2147483648.0}


class SoundError(SentinelError):
    """A sound cannot be read or played."""


def read(path: Path) -> tuple[Array, int]:
    """Return mono samples -1..1 and their rate in Hz; raise SoundError where that is impossible."""
    try:
        with wave.open(str(path), 'rb') as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            if not file.getnframes() or not rate:
                raise SoundError(f'{path} holds no sound.')
            if file.getnframes() > MAX_DURATION * rate:
                raise SoundError(f'{path} is longer than {MAX_DURATION:.0f} s.', 'Cut it.')
            data = file.readframes(file.getnframes())
    except FileNotFoundError as error:
        raise SoundError(f'There is no sound file {path}.') from error
    except (wave.Error, EOFError, OSError) as error:
        raise SoundError(
            f'{path} is no WAV file with plain samples: {error}.', 'Convert it to 16-bit PCM WAV.'
        ) from error
    if width not in _FULL_SCALE:
        raise SoundError(f'{path} has {8 * width}-bit samples.', 'Convert it to 16-bit PCM WAV.')
    data = data[: len(data) // (width * channels) * width * channels]  # it may be cut short
    if not data:
        raise SoundError(f'{path} holds no sound.')
    # Only 8-bit samples are unsigned.
    kind = {1: 'u1', 2: '<i2', 4: '<i4'}[width]
    samples = np.frombuffer(data, dtype=kind).astype(np.float64)
    samples = (samples - 128.0 if width == 1 else samples) / _FULL_SCALE[width]
    return samples.reshape(-1, channels).mean(axis=1), rate


def pcm(samples: Array) -> bytes:
    """Return mono samples -1..1 as 16-bit little-endian PCM."""
    return (np.clip(samples, -1, 1) * 32767).astype('<i2').tobytes()


def write(path: Path, samples: Array, rate: int) -> None:
    """Write mono samples -1..1 as 16-bit PCM; raise SoundError where that is impossible."""
    try:
        with path.open('wb') as raw, wave.open(raw, 'wb') as file:
            file.setnchannels(1)
            file.setsampwidth(SAMPLE_WIDTH)
            file.setframerate(rate)
            file.writeframes(pcm(samples))
    except OSError as error:
        raise SoundError(f'{path} cannot be written: {error.strerror}.') from error
