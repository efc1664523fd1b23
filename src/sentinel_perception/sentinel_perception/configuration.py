"""The eye's part of a parameter file: read it, and write to it without losing comments."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from sentinel_common.configuration import read
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import replace_file
from sentinel_common.parameters import Parameter, check

from .camera.sources import HOLD, LONGEST_SIDE
from .settings import PARAMETERS

_SECTION, _CAMERA = '/**/detector', '/**/camera'

_OTHERS = (
    Parameter('include_zones', [], 'polygons where animals count'),
    Parameter('exclude_zones', [], 'polygons where animals do not count'),
    Parameter('model', '', 'TFLite file'),
    Parameter('labels', '', 'file with a label per class'),
    Parameter('classifier', '', 'TFLite file of the second look'),
)


def read_detector(path: Path) -> dict[str, Any]:
    """Return the pipeline's parameters, zones and files in the detector's section, checked."""
    return _parameters(path, _SECTION, (*PARAMETERS, *_OTHERS))


def read_camera(path: Path) -> dict[str, Any]:
    """Return what the camera of this file does to pictures: its ``longest_side`` and ``hold``."""
    mine = (LONGEST_SIDE, HOLD)
    told = _parameters(path, _CAMERA, mine) if _CAMERA in read(path) else {}
    return {p.name: p.default for p in mine} | told


def _parameters(path: Path, name: str, parameters: Sequence[Parameter]) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
        section = dict(content[name]['ros__parameters'])
    except OSError as error:
        raise ConfigurationError(f'{path} cannot be read: {error.strerror}.') from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f'{path} has no section {name} with ros__parameters.',
            'Start from config/perception.yaml.',
        ) from None
    known = {p.name for p in parameters}
    mine = {k: v for k, v in section.items() if k in known}
    return dict(check(mine, parameters, str(path)))


def write_detector(path: Path, values: Mapping[str, Any]) -> None:
    """Set ``values`` in the section of the detector; everything else of the file stays as it is.

    Raises ConfigurationError, and leaves the file alone, where the result would not be read as
    exactly that.
    """
    read_detector(path)
    with path.open(encoding='utf-8', newline='') as file:
        text = file.read()
    content = yaml.safe_load(text)
    section = content[_SECTION]
    # Copies: an alias makes two sections one.
    wanted = section | {'ros__parameters': section['ros__parameters'] | dict(values)}
    for name, value in values.items():
        text = _with(text, name, value)
    if _read_again(text) != content | {_SECTION: wanted}:
        flow = yaml.safe_dump(dict(values), default_flow_style=True, width=math.inf).strip()
        raise ConfigurationError(
            f'{path} is written in a way that cannot be changed safely; it was left as it is.',
            f'Put this under {_SECTION} by hand: {flow.strip("{}")}.',
        )
    try:
        # Who names the file by a link keeps the link, and who may read it stays the same.
        path = path.resolve()
        mode = path.stat().st_mode
        replace_file(path, text)
        path.chmod(mode)
    except OSError as error:
        raise ConfigurationError(f'{path} cannot be written: {error.strerror}.') from None


def _read_again(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _with(text: str, name: str, value: Any) -> str:
    """Return ``text`` with ``value`` in place of that of ``name``, or after the last parameter."""
    written = yaml.safe_dump(value, default_flow_style=True, width=math.inf)
    written = written.strip().removesuffix('...').strip()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    section = _pair(_pair(root, _SECTION)[1], 'ros__parameters')[1]
    if any(key.value == name for key, _ in section.value):
        key, old = _pair(section, name)
        begin, end = old.start_mark.index, _end(text, old)
        if old.start_mark.line == key.end_mark.line:
            return text[:begin] + written + text[end:]
        # A list below its name goes up to it; what stands behind the name stays.
        colon = text.index(':', key.end_mark.index) + 1
        return f'{text[:colon]} {written}{text[colon : _line_end(text, colon)]}{text[end:]}'
    if section.flow_style:
        brace = text.index('{', section.start_mark.index) + 1
        return f'{text[:brace]}{name}: {written}{", " if section.value else ""}{text[brace:]}'
    column = section.value[0][0].start_mark.column
    at = _line_end(text, _end(text, section))
    return text[:at] + _newline(text) + ' ' * column + f'{name}: {written}' + text[at:]


def _pair(mapping: Any, name: str) -> tuple[Any, Any]:
    """Nodes of a key and its value; of keys that stand there twice the last one counts."""
    return next((key, value) for key, value in reversed(mapping.value) if key.value == name)


def _end(text: str, node: Any) -> int:
    """Where the text of a node ends; that of a block reaches over the comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    begin, end = node.start_mark.index, node.end_mark.index
    return begin + len(text[begin:end].rstrip())


def _newline(text: str) -> str:
    return '\r\n' if '\r\n' in text else '\n'


def _line_end(text: str, start: int) -> int:
    end = text.find(_newline(text), start)
    return len(text) if end < 0 else end
