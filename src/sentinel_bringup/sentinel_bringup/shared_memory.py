"""Shared memory that Fast DDS leaves behind when a process dies without saying goodbye."""

import fcntl
import re
from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path('/dev/shm')
# fastdds_ from Fast DDS 3 on (Kilted), fastrtps_ before (Jazzy).
_NAME = re.compile(r'/dev/shm/(fast(?:dds|rtps)_(?:[0-9a-f]{16}|port\d+))\b')
_PREFIXES = ('fastdds', 'fastrtps')


def in_use_by(pid: int) -> set[str]:
    """Return the Fast DDS segments and ports that a process maps; none where it is gone."""
    try:
        return set(_NAME.findall(Path(f'/proc/{pid}/maps').read_text()))
    except OSError:
        return set()


def _abandoned(lock: Path) -> bool:
    """Whether nobody holds the file that Fast DDS locks while it uses a segment or port."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def remove_segments(names: Iterable[str]) -> list[str]:
    """Remove the named segments whose owners are dead, which hold main memory; return them.

    Ports are left: they are small, and shared with nodes that live on.
    """
    return remove_leftovers((name for name in names if '_port' not in name), range(0))


def remove_leftovers(names: Iterable[str], ports: range) -> list[str]:
    """Remove the named memory, and the ports, whose owners are dead; return what was removed."""
    found = set(names)
    found |= {f'{prefix}_port{port}' for prefix in _PREFIXES for port in ports}
    removed = []
    for name in sorted(found):
        files = [_FOLDER / name, _FOLDER / f'{name}_el', _FOLDER / f'{name}_sl']
        files += [_FOLDER / f'sem.{name}_mutex']
        if not any(file.exists() for file in files) or not _abandoned(_FOLDER / f'{name}_el'):
            continue
        for file in files:
            file.unlink(missing_ok=True)
        removed.append(name)
    return removed
