"""What the guard was told by hand outlives its process: one small file, replaced as a whole."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sentinel_common.errors import SentinelError
from sentinel_common.files import replace_file


class LatchError(SentinelError):
    """The file is there and cannot be read."""


@dataclass(frozen=True)
class Told:
    """What services told the guard.

    ``emergency_stop`` holds until it is released, whatever happens to processes and power;
    ``armed`` within ``run``.
    """

    run: str = ''
    armed: bool = False
    emergency_stop: bool = False


def load(path: Path) -> Told:
    """Return what ``path`` keeps, nothing where it is missing; raises LatchError."""
    try:
        return Told(**json.loads(path.read_text(encoding='utf-8')))
    except FileNotFoundError:
        return Told()
    except (OSError, ValueError, TypeError) as error:
        raise LatchError(
            f'{path} cannot be read ({error}): the emergency stop counts as latched.',
            'Release it: ./sentinel estop --release, or the service emergency_stop.',
        ) from error


def save(path: Path, told: Told) -> None:
    """Keep ``told``; raises OSError."""
    replace_file(path, json.dumps(asdict(told)))
