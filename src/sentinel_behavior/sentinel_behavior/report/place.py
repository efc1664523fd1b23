"""Where what is made of an incident log is laid."""

import os
from pathlib import Path


def place(folder: Path) -> Path:
    """The folder of the log; where that is read-only, one that is made in the current folder."""
    if os.access(folder, os.W_OK):
        return folder
    here = Path(f'report-{folder.resolve().name}')
    here.mkdir(exist_ok=True)
    return here
