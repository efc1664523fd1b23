"""Where the files lie that several packages share; how files are named, and replaced as a whole."""

import os
from pathlib import Path

from .errors import ConfigurationError

# The package whose share folder carries the top-level folders after an installation.
_OWNER = 'sentinel_bringup'


def share(relative: str) -> Path:
    """Return the path of a file or folder in config/, launch/, models/, urdf/, or of one's own.

    Looked for in the workspace of ``./sentinel`` (the file that a person edits, and not the copy
    that colcon makes of it), in the installed share folder of sentinel_bringup, in the current
    folder or where ``~`` leads, then upwards from this file (a source tree that was not installed).
    Raises ConfigurationError where it is in none.
    """
    root = os.environ.get('SENTINEL_ROOT')
    places = [Path(root) / relative] if root else []
    places += [
        Path(prefix) / 'share' / _OWNER / relative
        for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
        if prefix
    ]
    places.append(Path(relative).expanduser())
    places += [folder / relative for folder in Path(__file__).resolve().parents]
    for place in places:
        if place.exists():
            return place
    raise ConfigurationError(
        f'The file {relative} is missing.',
        'Name one of your own by its whole path; what is shipped comes with ./sentinel setup.',
    )


def safe_name(text: str) -> str:
    """Return ``text`` with a dash for whatever may not stand in the name of a file everywhere."""
    return ''.join(c if c.isalnum() or c in '._-' else '-' for c in text)


def replace_file(path: Path, text: str) -> None:
    """Make ``text`` the content of ``path``: a reader and a power cut see the old one or this.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + '.new')
    with open(new, 'w', encoding='utf-8') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too, survives a power cut
    finally:
        os.close(folder)
