"""What a person sees on the terminal while nodes run: progress, warnings, errors, and no flood."""

import os
import re
import sys
import time

from .terminal import say

# The same words of the same node are shown again after, s.
_REPEAT_AFTER = 10.0
_SHOWN = frozenset({'WARN', 'ERROR', 'FATAL'})
# Lines of the progress node proper; a traceback of it is none.
_PROGRESS = re.compile(r'\d+:\d\d\.\d  ')
# What the detector says in its log of the first picture it is through with. The progress node may
# hear too late of a detector whose source is over in a moment.
FIRST_LOOK = 'Looking at pictures of'
_RESET = '\033[0m'
_SEVERITY_COLOURS = {'WARN': '\033[33m', 'ERROR': '\033[31m', 'FATAL': '\033[31m'}
# Colours that can be read on dark and on light terminals.
_NODE_COLOURS = tuple(f'\033[38;5;{n}m' for n in (33, 36, 70, 97, 130, 133, 166, 167, 100, 68))


def _coloured() -> bool:
    return sys.stdout.isatty() and 'NO_COLOR' not in os.environ


class Console:
    """Called by the runner for every line of every node."""

    def __init__(self, *, verbose: bool = False) -> None:
        self._verbose = verbose
        self.looked = False
        """Whether a picture was looked at."""
        self._colours: dict[str, str] = {}
        self._shown: dict[tuple[str, str], float] = {}

    def __call__(self, name: str, severity: str, text: str) -> None:
        """Show the line if it is worth it: progress and warnings always, the rest if verbose."""
        robot, _, node = name.rpartition('.')
        if node == 'progress' and _PROGRESS.match(text):
            say(f'  {self._prefix(robot)} {text}' if robot else f'  {text}')
            return
        self.looked = self.looked or (node == 'detector' and text.startswith(FIRST_LOOK))
        if not self._verbose and severity not in _SHOWN:
            return
        now = time.monotonic()
        if not self._verbose and now < self._shown.get((name, text), -_REPEAT_AFTER):
            return
        self._shown[name, text] = now + _REPEAT_AFTER
        say(f'  {self._prefix(name)} {self._mark(severity)}{text}')

    def _prefix(self, name: str) -> str:
        if not _coloured():
            return f'[{name}]'
        colour = self._colours.setdefault(
            name, _NODE_COLOURS[len(self._colours) % len(_NODE_COLOURS)]
        )
        return f'{colour}[{name}]{_RESET}'

    @staticmethod
    def _mark(severity: str) -> str:
        if severity not in _SHOWN:
            return ''
        if not _coloured():
            return f'{severity}: '
        return f'{_SEVERITY_COLOURS[severity]}{severity}:{_RESET} '
