"""What a period in the garden amounts to: a table for the terminal, a page, and a film.

``summarise(folder)`` reads what the recorder left, ``table(summary)`` is plain text, and
``write(folder)`` makes ``report.html`` (one file with everything in it) and ``film.webp``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .summary import Summary

# The libraries behind these take half a second to load; a list of commands must not wait for them.


def summarise(
    folder: Path, *, since: float = float('-inf'), until: float = float('inf')
) -> 'Summary':
    """See ``summary.summarise``."""
    from .summary import summarise as work

    return work(folder, since=since, until=until)


def table(summary: 'Summary') -> str:
    """See ``terminal.table``."""
    from .terminal import table as work

    return work(summary)


def make(summary: 'Summary') -> tuple[Path, Path | None]:
    """See ``page.make``."""
    from .page import make as work

    return work(summary)


def write(folder: Path, *, since: float = float('-inf'), until: float = float('inf')) -> Path:
    """See ``page.write``."""
    from .page import write as work

    return work(folder, since=since, until=until)
