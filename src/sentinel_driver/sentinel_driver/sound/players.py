"""Where a sound goes: to the system's audio, or to a file."""

import itertools
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Protocol

from . import wav

# Programs that play a WAV file, best first: PipeWire, PulseAudio, ALSA.
PROGRAMS = (('pw-play',), ('paplay',), ('aplay', '-q'))


class Playing(Protocol):
    """A sound that was started; once it runs no more, ``error`` says why, '' at its proper end."""

    error: str

    def running(self) -> bool:
        """Whether it still sounds."""
        ...

    def stop(self) -> None:
        """Silence it now and clean up; harmless at any time."""
        ...


class Player(Protocol):
    """Something that plays."""

    def start(self, name: str, samples: wav.Array, rate: int) -> Playing:
        """Start to play mono samples -1..1; raise SoundError where that is impossible."""
        ...


class SystemPlayer:
    """Plays through a program of the system."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    def start(self, name: str, samples: wav.Array, rate: int) -> Playing:
        """Start the program; it is a process of its own, so nothing here waits."""
        file = Path(tempfile.mkdtemp(prefix='sentinel-')) / 'sound.wav'
        wav.write(file, samples, rate)
        try:
            process = subprocess.Popen(
                [*self._command, str(file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            shutil.rmtree(file.parent)
            reason = f'{self._command[0]} cannot be started: {error.strerror}.'
            raise wav.SoundError(reason) from error
        return _Process(process, file.parent)


class _Process:
    def __init__(self, process: 'subprocess.Popen[bytes]', folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.error = ''

    def running(self) -> bool:
        status = self._process.poll()
        if status and not self.error:
            stderr = self._process.stderr
            said = stderr.read(500).decode(errors='replace') if stderr else ''
            self.error = f'the audio program failed ({status}): {" ".join(said.split())}'
        return status is None

    def stop(self) -> None:
        if self._process.poll() is None:
            # Nothing is lost by killing a player, and a polite end would play its buffer out.
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class Renderer:
    """Writes what would sound into a folder; it takes as long as if it sounded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def start(self, name: str, samples: wav.Array, rate: int) -> Playing:
        """Write the file."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise wav.SoundError(f'{self.folder} cannot be made: {error.strerror}.') from error
        taken = {p.stem.split('-')[0] for p in self.folder.glob('*.wav')}
        number = next(n for n in self._numbers if f'{n:03}' not in taken)
        file = self.folder / f'{number:03}-{Path(name).stem}.wav'
        wav.write(file, samples, rate)
        return _Rendering(file, samples, rate)


class _Rendering:
    error = ''

    def __init__(self, file: Path, samples: wav.Array, rate: int) -> None:
        self._file, self._samples, self._rate = file, samples, rate
        self._started = time.monotonic()
        self._stopped = False

    def running(self) -> bool:
        return time.monotonic() - self._started < len(self._samples) / self._rate

    def stop(self) -> None:
        sounded = int((time.monotonic() - self._started) * self._rate)
        if sounded < len(self._samples) and not self._stopped:
            wav.write(self._file, self._samples[:sounded], self._rate)
        self._stopped = True


def choose(render_folder: str, fallback: Path) -> tuple[Player, str]:
    """Return the player and where it plays, in words.

    A ``render_folder`` is used where one is given; else the system's audio; without any,
    ``fallback``.
    """
    if render_folder:
        return Renderer(Path(render_folder).expanduser()), f'into files in {render_folder}'
    for command in PROGRAMS:
        if shutil.which(command[0]):
            return SystemPlayer(command), f'through {command[0]}'
    return Renderer(fallback), f'into files in {fallback}, as no audio program was found'
