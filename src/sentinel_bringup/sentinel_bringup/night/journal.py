"""Keeps finished portions of a long run, so that the same command goes on where it was."""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any


class Journal:
    """JSON lines of ``path``, one per finished portion; without a path kept in memory only.

    ``code`` names what was measured (``fingerprint``): portions of another are left in the file and
    not counted.
    """

    def __init__(self, code: str, path: Path | None = None) -> None:
        self.code = code
        self._path = path
        text = path.read_text() if path and path.exists() else ''
        self._start = '\n' if text and not text.endswith('\n') else ''
        self.portions: list[dict[str, Any]] = []
        for line in text.splitlines():
            with suppress(json.JSONDecodeError):  # cut short by a power cut: it is played again
                row = json.loads(line)
                self.portions += [row['portion']] if row['code'] == code else []

    def add(self, portion: dict[str, Any]) -> None:
        """Keep one more."""
        self.portions.append(portion)
        if self._path:
            with self._path.open('a') as file:
                line = json.dumps({'code': self.code, 'portion': portion})
                file.write(f'{self._start}{line}\n')
            self._start = ''


def fingerprint(files: Iterable[Path]) -> str:
    """Short hash of the contents of ``files``, whatever their order."""
    return hashlib.sha256(b''.join(path.read_bytes() for path in sorted(files))).hexdigest()[:12]
