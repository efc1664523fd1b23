"""Progress of long work on the terminal, and subprocesses whose output is kept."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# A log line of progress at least this often where nobody watches a terminal, s.
_LOG_PERIOD = 15.0
_SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'


class SetupError(Exception):
    """Setting up failed; the text is one sentence with the cure."""


class Step:
    """One line of progress: ``with Step('Python packages', total=200) as step: step.done(17)``."""

    def __init__(self, title: str, total: int = 0) -> None:
        self._title, self._total, self._count = title, total, 0
        self._start = time.monotonic()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def done(self, count: int) -> None:
        """Say how many of ``total`` are done."""
        self._count = count

    def __enter__(self) -> 'Step':
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._end.set()
        self._thread.join()
        mark = '✗' if kind else '✓'
        erase = '\r\033[K' if sys.stdout.isatty() else ''
        print(f'{erase}  {mark} {self._title}  {self._elapsed()}', flush=True)

    def _elapsed(self) -> str:
        seconds = int(time.monotonic() - self._start)
        return f'{seconds // 60}:{seconds % 60:02d}'

    def _draw(self) -> None:
        tty = sys.stdout.isatty()
        turn = 0
        while not self._end.wait(0.15 if tty else _LOG_PERIOD):
            count = f'  {min(self._count, self._total)}/{self._total}' if self._total else ''
            line = f'{self._title}{count}  {self._elapsed()}'
            turn += 1
            if tty:
                width = shutil.get_terminal_size().columns - 5
                text = f'  {_SPINNER[turn % len(_SPINNER)]} {line[:width]}'
                print(f'\r\033[K{text}', end='', flush=True)
            else:
                print(f'    {line}', flush=True)


def run_logged(
    command: Sequence[str],
    log: Path,
    *,
    what: str,
    total: int = 0,
    counts: str = '',
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    explain: Callable[[str], str] = lambda _: '',
) -> None:
    """Run ``command`` behind one line of progress; its output goes to ``log``.

    ``counts`` is a pattern of the lines that count towards ``total``. On failure SetupError is
    raised with the last lines and the cure that ``explain`` finds in the output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    pattern = re.compile(counts) if counts else None
    lines: list[str] = []
    with Step(what, total) as step, log.open('w') as file:
        count = 0
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors='replace',
            env=env,
            cwd=cwd,
        ) as process:
            try:
                assert process.stdout
                for line in process.stdout:
                    file.write(line)
                    lines.append(line.rstrip())
                    if pattern and pattern.search(line):
                        count += 1
                        step.done(count)
            except BaseException:
                process.terminate()
                raise
        code = process.returncode
        if code:
            text = '\n'.join(lines)
            tail = '\n    '.join(line for line in lines[-8:] if line)
            raise SetupError(
                f'{what} failed (status {code}). {explain(text)}\n    {tail}\n'
                f'  The whole output: {os.path.relpath(log)}'
            )
