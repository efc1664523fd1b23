"""Sounds by name: the bundled ones, made anew each time, and WAV files."""

from pathlib import Path

from . import synthesis, wav


def load(name: str, seed: int) -> tuple[wav.Array, int]:
    """Return mono samples -1..1 and their rate in Hz; raise SoundError for an unknown sound.

    ``name`` is a bundled sound, of which each ``seed`` gives another variant, or the path of a WAV
    file.
    """
    if name in synthesis.BUNDLED:
        return synthesis.make(name, seed), synthesis.RATE
    if not name.lower().endswith('.wav'):
        raise wav.SoundError(
            f'There is no sound {name!r}.',
            f'Bundled are {", ".join(synthesis.BUNDLED)}; else give the path of a WAV file.',
        )
    try:
        path = Path(name).expanduser()
        there = path.is_file()
    except (OSError, RuntimeError, ValueError):  # too long a name, an unknown user, a NUL
        there = False
    if not there:
        raise wav.SoundError(f'There is no sound file {name}.')
    return wav.read(path)
