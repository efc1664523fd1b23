"""Barks, growls and a human-like voice, made from scratch by source and filter; and a tone.

A voiced source is a sum of harmonics of a gliding fundamental with the spectral tilt of a glottis,
cycle to cycle jitter and, where it is harsh, a second source an octave below. A turbulent source is
white noise. Both pass the resonances of a vocal tract, whose formants move over time. Every call
with another ``seed`` gives another individual utterance, the same seed the same one.

Sizes: a tract of 17 to 20 cm (a dog of 25 to 35 kg, or an adult person) has neutral formants near
(2k-1) * 350 / (4 * length) Hz. Bark: 0.15 to 0.25 s, fundamental 350 to 750 Hz rising shortly and
then falling, harmonics over noise; a series of two to four with 0.2 to 0.4 s between (structure as
in Yin and McCowan, Animal Behaviour 68, 2004, and in Pongracz et al., Journal of Comparative
Psychology 119, 2005).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Enough for the formants and the hiss of a bark, and half the size of CD quality, Hz.
RATE = 22050

# Highest peak of a sound; the rest is room for volume and for the player's resampling.
_PEAK = 0.89

# Speed of sound in a warm vocal tract, m/s.
_SOUND = 350.0

_STRIDE = 64  # samples between two looks at the resonances of a harmonic
_BLOCK = 512  # samples of one noise block; formants stand still within one

# Most harmonics that are summed; above, the tilt has made them inaudible.
_HARMONICS = 70


@dataclass(frozen=True)
class Track:
    """A value over time as straight lines between ``(share of the duration, value)``."""

    points: tuple[tuple[float, float], ...]

    def at(self, share: Array) -> Array:
        """Value at times given as a share 0..1 of the duration."""
        times, values = zip(*self.points, strict=True)
        return np.interp(share, times, values)


def flat(value: float) -> Track:
    """Return a track that does not change."""
    return Track(((0.0, value),))


@dataclass(frozen=True)
class Utterance:
    """One sound of one breath."""

    duration: float  # s
    pitch: Track  # fundamental, Hz
    loudness: Track  # 0..1
    formants: tuple[Track, ...]  # centre frequencies, Hz
    noise: Track  # turbulence against voice, amplitude ratio
    tilt: float = 1.0  # amplitude of harmonic k is k**-tilt
    jitter: float = 0.01  # relative wobble of the pitch
    subharmonic: float = 0.0  # amplitude of the octave below
    roughness: float = 0.0  # depth of the amplitude modulation of a growl
    flutter: float = 27.0  # Hz of that modulation


def tract(
    length: float, opening: Sequence[tuple[float, float]], count: int = 6
) -> tuple[Track, ...]:
    """Return the formants of a tract of ``length`` m.

    ``opening`` gives (share, 0..1) how far the mouth is open: an open mouth raises the first two
    formants.
    """
    neutral = [(2 * k - 1) * _SOUND / (4 * length) for k in range(1, count + 1)]
    gains = [0.55, 0.25] + [0.05] * (count - 2)
    return tuple(
        Track(tuple((share, f * (0.85 + gain * mouth)) for share, mouth in opening))
        for f, gain in zip(neutral, gains, strict=True)
    )


def _smooth(random: np.random.Generator, size: int, cutoff: float) -> Array:
    """Random wobble of unit variance with nothing faster than about ``cutoff`` Hz."""
    knots = max(4, int(size / RATE * cutoff * 2))
    values = random.normal(size=knots)
    return np.interp(np.linspace(0, 1, size), np.linspace(0, 1, knots), values)


def _resonance(frequency: Array, formants: Sequence[Array]) -> Array:
    """Magnitude of a cascade of resonators with ``formants`` as their centres, at ``frequency``."""
    gain = np.ones_like(frequency)
    for centre in formants:
        half = 0.5 * (50.0 + 0.09 * centre)  # half band width, Hz: wider as the mouth radiates more
        low = (frequency - centre) ** 2 + half**2
        high = (frequency + centre) ** 2 + half**2
        gain = gain * (centre**2 + half**2) / np.sqrt(low * high)
    return gain


def _voiced(sound: Utterance, size: int, random: np.random.Generator) -> Array:
    share = np.linspace(0, 1, size)
    wobble = 1 + sound.jitter * (_smooth(random, size, 40.0) + 0.5 * _smooth(random, size, 150.0))
    pitch = sound.pitch.at(share) * wobble
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    coarse = np.linspace(0, 1, max(2, size // _STRIDE))
    formants = [f.at(coarse) for f in sound.formants]
    wave = np.zeros(size)
    step = 2 if sound.subharmonic else 1
    for n in range(1, _HARMONICS * step):
        k = n / step
        frequency = k * pitch
        if frequency.min() > 0.45 * RATE:
            break
        amplitude = k**-sound.tilt * (1.0 if n % step == 0 else sound.subharmonic)
        audible = np.clip((0.47 * RATE - frequency) / (0.04 * RATE), 0, 1)
        gain = _resonance(np.interp(coarse, share, frequency), formants)
        turn = random.uniform(0, 0.6)  # no two harmonics quite in step: less buzz
        wave += amplitude * audible * np.interp(share, coarse, gain) * np.sin(k * phase + turn)
    return wave


def _turbulent(sound: Utterance, size: int, random: np.random.Generator) -> Array:
    """White noise through the same tract, in overlapping blocks."""
    padded = size + 2 * _BLOCK
    white = random.normal(size=padded)
    wave = np.zeros(padded)
    window = np.hanning(_BLOCK + 1)[:-1]
    frequency = np.fft.rfftfreq(_BLOCK, 1 / RATE).astype(np.float64)
    for start in range(0, padded - _BLOCK, _BLOCK // 2):
        share = np.clip((start - _BLOCK / 2) / size, 0, 1)
        formants = [f.at(np.full(1, share)) for f in sound.formants]
        # Breath has little below the first formant.
        shape = _resonance(frequency, formants) * np.minimum(1, frequency / 400)
        block = np.fft.irfft(np.fft.rfft(white[start : start + _BLOCK] * window) * shape, _BLOCK)
        wave[start : start + _BLOCK] += block
    return wave[_BLOCK : _BLOCK + size]


def _level(wave: Array) -> Array:
    return wave / max(1e-9, float(np.sqrt(np.mean(wave**2))))


def render(sound: Utterance, random: np.random.Generator) -> Array:
    """Return the samples of one utterance, unit level where its loudness is 1."""
    size = int(sound.duration * RATE)
    share = np.linspace(0, 1, size)
    wave = _level(_voiced(sound, size, random))
    wave = wave + sound.noise.at(share) * _level(_turbulent(sound, size, random))
    if sound.roughness:
        flutter = sound.flutter * (1 + 0.15 * _smooth(random, size, 15.0))
        pulse = (0.5 + 0.5 * np.cos(2 * np.pi * np.cumsum(flutter) / RATE)) ** 2
        wave = wave * (1 - sound.roughness * (1 - pulse))
    return wave * sound.loudness.at(share)


def bark(random: np.random.Generator) -> Array:
    """One bark of a large dog."""
    top = random.uniform(430, 620)
    length = random.uniform(0.17, 0.20)
    utterance = Utterance(
        duration=random.uniform(0.17, 0.24),
        pitch=Track(((0, 0.70 * top), (0.16, top), (0.45, 0.93 * top), (1, 0.55 * top))),
        loudness=Track(((0, 0), (0.06, 0.9), (0.2, 1), (0.55, 0.7), (0.85, 0.2), (1, 0))),
        formants=tract(length, [(0, 0.1), (0.25, 1.0), (0.6, 0.8), (1, 0.0)]),
        noise=Track(((0, 0.5), (0.15, 0.22), (0.6, 0.3), (1, 0.8))),
        tilt=0.55,
        jitter=0.02,
        subharmonic=random.uniform(0.08, 0.3),
    )
    return render(utterance, random)


def barks(random: np.random.Generator) -> Array:
    """A series of two to four barks, the way a dog announces a stranger."""
    parts = []
    for _ in range(int(random.integers(2, 5))):
        parts += [bark(random) * random.uniform(0.85, 1.0)]
        parts += [np.zeros(int(random.uniform(0.18, 0.38) * RATE))]
    return np.concatenate(parts)


def growl(random: np.random.Generator) -> Array:
    """A long low growl that swells and ends in a snarl."""
    base = random.uniform(75, 100)
    utterance = Utterance(
        duration=random.uniform(1.8, 2.4),
        pitch=Track(((0, 0.85 * base), (0.4, base), (0.8, 1.15 * base), (1, 0.9 * base))),
        loudness=Track(((0, 0), (0.12, 0.6), (0.6, 0.85), (0.85, 1), (1, 0))),
        formants=tract(random.uniform(0.18, 0.21), [(0, 0.0), (0.6, 0.15), (0.85, 0.45), (1, 0.1)]),
        noise=Track(((0, 0.5), (0.6, 0.4), (0.85, 0.7), (1, 0.5))),
        tilt=0.7,
        jitter=0.06,
        subharmonic=0.35,
        roughness=0.75,
        flutter=random.uniform(24, 32),
    )
    return render(utterance, random)


# Formants of an adult male voice, Hz (averages as in Peterson and Barney, JASA 24, 1952, rounded;
# glides and the velar stop after Klatt, JASA 67, 1980).
_VOWELS = {
    'a': (730, 1090, 2440),
    'e': (530, 1840, 2480),
    'i': (300, 2250, 3000),
    'o': (560, 900, 2400),
    'u': (330, 900, 2250),
    'w': (300, 650, 2200),
    'ə': (500, 1400, 2450),
    'g': (260, 1700, 2100),
}

# One spoken piece: sounds with the share of the duration at which each is reached, s, breath at
# the start.
_PHRASES: tuple[tuple[tuple[tuple[float, str], ...], float, bool], ...] = (
    (((0.0, 'e'), (0.45, 'e'), (1.0, 'i')), 0.42, True),  # "hey"
    (((0.0, 'g'), (0.12, 'o'), (0.6, 'o'), (1.0, 'u')), 0.34, False),  # "go"
    (((0.0, 'ə'), (0.22, 'ə'), (0.4, 'w'), (0.6, 'e'), (1.0, 'i')), 0.60, False),  # "away"
)
_PAUSES = (0.22, 0.04, 0.25)  # s after each piece


def _spoken(
    piece: tuple[tuple[tuple[float, str], ...], float, bool],
    pitch: float,
    size: float,
    random: np.random.Generator,
) -> Array:
    sounds, duration, breathy = piece
    formants = [
        Track(tuple((share, _VOWELS[s][i] * size) for share, s in sounds)) for i in range(3)
    ]
    higher = [flat(3500 * size), flat(4500 * size)]
    start = ((0, 2.5), (0.18, 0.25)) if breathy else ((0, 0.6), (0.1, 0.08))
    utterance = Utterance(
        duration=duration,
        pitch=Track(((0, pitch), (0.35, 1.22 * pitch), (1, 0.72 * pitch))),
        loudness=Track(((0, 0.0), (0.1, 0.7), (0.3, 1), (0.75, 0.8), (1, 0))),
        formants=(*formants, *higher),
        noise=Track((*start, (0.9, 0.06), (1, 0.3))),
        tilt=0.75,  # a raised voice: less tilt than a spoken one
        jitter=0.012,
    )
    return render(utterance, random)


def voice(random: np.random.Generator) -> Array:
    """A raised human-like voice: "hey, go away"."""
    pitch, size = random.uniform(150, 200), random.uniform(0.96, 1.06)
    parts = []
    for piece, pause in zip(_PHRASES, _PAUSES, strict=True):
        parts += [_spoken(piece, pitch, size, random), np.zeros(int(pause * RATE))]
    return np.concatenate(parts)


def tone(random: np.random.Generator) -> Array:
    """Soft two-note calls that mean nothing to a raccoon: the control sound of a trial."""
    low = random.uniform(500, 600)
    parts = []
    for _ in range(3):
        for pitch in (low, 1.25 * low):
            time = np.arange(int(0.3 * RATE)) / RATE
            parts.append(np.sin(2 * np.pi * pitch * time) * np.hanning(len(time)))
        parts.append(np.zeros(int(0.25 * RATE)))
    return np.concatenate(parts)


BUNDLED: dict[str, Callable[[np.random.Generator], Array]] = {
    'bark': barks,
    'growl': growl,
    'voice': voice,
    'tone': tone,
}


def make(name: str, seed: int) -> Array:
    """Return the samples (-1..1, ``RATE`` Hz) of a bundled sound; KeyError where there is none."""
    wave = BUNDLED[name](np.random.default_rng(seed))
    # A little of the compression that a loud throat and a small loudspeaker bring anyway.
    wave = np.tanh(1.4 * wave / np.max(np.abs(wave)))
    return _PEAK * wave / float(np.max(np.abs(wave)))
