"""Where a sound goes: to the system's audio, or to a file."""

import contextlib
import fcntl
import itertools
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Protocol

from . import wav

# Programs that play raw mono samples of 16 bits from standard input, best first: PipeWire,
# PulseAudio, ALSA. Each is asked to keep 0.1 s; PulseAudio's would take two seconds ahead.
PROGRAMS = (
    ('pw-play', '--raw', '--format=s16', '--channels=1', '--rate={rate}', '--latency=100ms', '-'),
    ('paplay', '--raw', '--format=s16le', '--channels=1', '--rate={rate}', '--latency-msec=100'),
    ('aplay', '-q', '-t', 'raw', '-f', 'S16_LE', '-c', '1', '-r', '{rate}', '-B', '100000', '-'),
)

# So much of a sound waits for the program at most, s: what still sounds when the speaker is killed
# or hangs. The speaker comes by every 0.05 s.
_AHEAD = 0.25

# The kernel makes pipes of whole pages, B.
_PAGE = 4096

_HELP_TIMEOUT = 5.0  # s


class Playing(Protocol):
    """A sound that was started; once it runs no more, ``error`` says why, '' at its proper end."""

    error: str

    def advance(self) -> bool:
        """Hand on the next moment, due every 0.05 s; return whether it still sounds."""
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
    """Plays through a program of the system, which gets no more than the next moment of the sound.

    So it falls silent and ends when this process dies, and falls silent when it hangs. ``{rate}``
    in ``command`` stands for the sampling rate in Hz.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    def start(self, name: str, samples: wav.Array, rate: int) -> Playing:
        """Start the program; it is a process of its own, so nothing here waits."""
        try:
            process = subprocess.Popen(
                [part.format(rate=rate) for part in self._command],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            reason = f'{self._command[0]} cannot be started: {error.strerror}.'
            raise wav.SoundError(reason) from error
        return _Process(process, wav.pcm(samples), rate)


class _Process:
    def __init__(self, process: 'subprocess.Popen[bytes]', data: bytes, rate: int) -> None:
        assert process.stdin is not None and process.stderr is not None
        self._process = process
        self._pipe, self._errors = process.stdin, process.stderr
        self._rest = memoryview(data)
        self.error = ''
        for descriptor in (self._pipe.fileno(), self._errors.fileno()):
            os.set_blocking(descriptor, False)
        with contextlib.suppress(OSError):  # pipes may be small already where there are many
            pages = max(1, int(_AHEAD * rate * wav.SAMPLE_WIDTH) // _PAGE)
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PAGE * 2 ** (pages.bit_length() - 1))
        self._feed()

    def advance(self) -> bool:
        self._feed()
        status = self._process.poll()
        if status and not self.error:
            said = (self._errors.read(500) or b'').decode(errors='replace')
            self.error = f'the audio program failed ({status}): {" ".join(said.split())}'
        return status is None

    def _feed(self) -> None:
        if self._pipe.closed:
            return
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._pipe.fileno(), self._rest) :]
        except BlockingIOError:
            return  # enough for now
        except BrokenPipeError:
            pass  # it ended; its status says why
        self._pipe.close()

    def stop(self) -> None:
        if self._process.poll() is None:
            # Nothing is lost by killing a player, and a polite end would play its buffer out.
            self._process.kill()
            self._process.wait()
        self._pipe.close()
        self._errors.close()


class Renderer:
    """Writes what would sound into a folder; it takes as long as if it sounded.

    Where it does not ``keep_all``, the newest sound of a name takes the place of the one before.
    """

    def __init__(self, folder: Path, *, keep_all: bool = True) -> None:
        self.folder = folder
        self._keep_all = keep_all
        self._numbers = itertools.count(1)

    def start(self, name: str, samples: wav.Array, rate: int) -> Playing:
        """Write the file."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise wav.SoundError(f'{self.folder} cannot be made: {error.strerror}.') from error
        file = self.folder / f'{self._number()}{Path(name).stem}.wav'
        wav.write(file, samples, rate)
        return _Rendering(file, samples, rate)

    def _number(self) -> str:
        if not self._keep_all:
            return ''
        taken = {p.stem.split('-')[0] for p in self.folder.glob('*.wav')}
        return next(f'{n:03}-' for n in self._numbers if f'{n:03}' not in taken)


class _Rendering:
    error = ''

    def __init__(self, file: Path, samples: wav.Array, rate: int) -> None:
        self._file, self._samples, self._rate = file, samples, rate
        self._started = time.monotonic()
        self._stopped = False

    def advance(self) -> bool:
        return time.monotonic() - self._started < len(self._samples) / self._rate

    def stop(self) -> None:
        sounded = int((time.monotonic() - self._started) * self._rate)
        if sounded < len(self._samples) and not self._stopped:
            with contextlib.suppress(wav.SoundError):  # a full disk; it is silent, though
                wav.write(self._file, self._samples[:sounded], self._rate)
        self._stopped = True


def choose(render_folder: str, fallback: Path) -> tuple[Player, str]:
    """Return the player and where it plays, in words.

    A ``render_folder`` is used where one is given; else the system's audio; without any,
    ``fallback``, which nobody asked for and so must not grow.
    """
    if render_folder:
        return Renderer(Path(render_folder).expanduser()), f'into files in {render_folder}'
    for command in PROGRAMS:
        if shutil.which(command[0]):
            return SystemPlayer(_fitting(command)), f'through {command[0]}'
    player = Renderer(fallback, keep_all=False)
    return player, f'into files in {fallback}, as no audio program was found'


def _fitting(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``command`` without --raw where the program does not know that option.

    PipeWire before 1.4 always reads raw samples from standard input; later it asks for the option.
    """
    text = b''
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        text = subprocess.run(
            [command[0], '--help'], capture_output=True, timeout=_HELP_TIMEOUT, check=False
        ).stdout
    return command if b'--raw' in text else tuple(part for part in command if part != '--raw')
