"""Keeps finished portions of a long run, so that the same command goes on where it was."""

import hashlib
import json
from collections.abc import Iterable
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
        lines = path.read_text().splitlines() if path and path.exists() else []
        rows = [json.loads(line) for line in lines]
        self.portions: list[dict[str, Any]] = [r['portion'] for r in rows if r['code'] == code]

    def add(self, portion: dict[str, Any]) -> None:
        """Keep one more."""
        self.portions.append(portion)
        if self._path:
            with self._path.open('a') as file:
                file.write(json.dumps({'code': self.code, 'portion': portion}) + '\n')


def fingerprint(files: Iterable[Path]) -> str:
    """Short hash of the contents of ``files``, whatever their order."""
    return hashlib.sha256(b''.join(path.read_bytes() for path in sorted(files))).hexdigest()[:12]
