"""Where the files lie that several packages share: config/, launch/, models/, urdf/."""

import os
from pathlib import Path

from .errors import ConfigurationError

# The package whose share folder carries the top-level folders after an installation.
_OWNER = 'sentinel_bringup'


def share(relative: str) -> Path:
    """Return the path of a shared file or folder such as ``models/detector.tflite``.

    Looked for in the installed share folder of sentinel_bringup, then upwards from here (a source
    tree that was not installed). Raises ConfigurationError where it is in neither.
    """
    places = [
        Path(prefix) / 'share' / _OWNER / relative
        for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
        if prefix
    ]
    places += [folder / relative for folder in Path(__file__).resolve().parents]
    for place in places:
        if place.exists():
            return place
    raise ConfigurationError(
        f'The file {relative} is missing.', 'Build the workspace: ./sentinel setup.'
    )
