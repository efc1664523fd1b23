"""The detector's part of a parameter file: read it, and write to it without losing comments."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from sentinel_common.errors import ConfigurationError
from sentinel_common.parameters import Parameter, check

from .settings import PARAMETERS

_SECTION = '/**/detector'

_ZONES = (
    Parameter('include_zones', [], 'polygons where animals count'),
    Parameter('exclude_zones', [], 'polygons where animals do not count'),
)


def read_detector(path: Path) -> dict[str, Any]:
    """Return the pipeline's parameters in the section of the detector, checked."""
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
        section = content[_SECTION]['ros__parameters']
    except OSError as error:
        raise ConfigurationError(f'{path} cannot be read: {error.strerror}.') from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        raise ConfigurationError(
            f'{path} has no section {_SECTION} with ros__parameters.',
            'Start from config/perception.yaml.',
        ) from None
    known = {p.name for p in (*PARAMETERS, *_ZONES)}
    mine = {k: v for k, v in section.items() if k in known}
    return dict(check(mine, (*PARAMETERS, *_ZONES), str(path)))


def write_detector(path: Path, values: Mapping[str, Any]) -> None:
    """Set ``values`` in the section of the detector; everything else of the file stays as it is."""
    lines = path.read_text(encoding='utf-8').splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f'{_SECTION}:'))
    # The section ends where the next one begins: at a line that is not indented and no comment.
    rest = range(first + 1, len(lines))
    end = next((i for i in rest if re.match(r'[^\s#]', lines[i])), len(lines))
    while end > first and not lines[end - 1].strip():
        end -= 1
    for name, value in values.items():
        text = f'    {name}: {yaml.safe_dump(value, default_flow_style=True, width=1000).strip()}'
        text = text.removesuffix('\n...')
        at = next(
            (i for i in range(first, end) if re.match(rf'\s+{re.escape(name)}:', lines[i])), None
        )
        if at is None:
            lines.insert(end, text)
            end += 1
        else:
            lines[at] = text
    try:
        path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    except OSError as error:
        raise ConfigurationError(f'{path} cannot be written: {error.strerror}.') from None
