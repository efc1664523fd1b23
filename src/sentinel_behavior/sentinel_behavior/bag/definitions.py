"""The text that describes a message type within an MCAP file, put together from .msg files."""

import os
import re
from functools import cache
from pathlib import Path

from sentinel_common.errors import SentinelError

# Between the definitions of a type and of those that it is made of (MCAP's "ros2msg").
_SEPARATOR = '=' * 80

_PRIMITIVES = frozenset(
    'bool byte char float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 string'
    ' wstring'.split()
)

# First word of a field, without array and string bounds: uint8[<=4] -> uint8, string<=5 -> string.
_TYPE = re.compile(r'^\s*([A-Za-z][\w/]*)')


class DefinitionError(SentinelError):
    """The definition of a message type is not on this machine."""


@cache
def _text(package: str, name: str) -> str:
    for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep):
        path = Path(prefix) / 'share' / package / 'msg' / f'{name}.msg'
        if prefix and path.is_file():
            return path.read_text(encoding='utf-8')
    raise DefinitionError(
        f'The definition of {package}/{name} is missing.', 'Build the workspace: ./sentinel setup.'
    )


def _parts(package: str, text: str) -> list[tuple[str, str]]:
    """(package, name) of the types that the fields of a definition have."""
    found = []
    for line in text.splitlines():
        match = _TYPE.match(line.split('#')[0])
        if match and match[1] not in _PRIMITIVES:
            owner, _, name = match[1].rpartition('/')
            found.append((owner.split('/')[0] or package, name))
    return found


def definition(datatype: str) -> str:
    """Return the definition of ``package/msg/Name`` with those of all its parts.

    Raises DefinitionError where one is not installed.
    """
    package, _, name = datatype.partition('/msg/')
    whole = _text(package, name)
    waiting, known = _parts(package, whole), {(package, name)}
    while waiting:
        part = waiting.pop(0)
        if part in known:
            continue
        known.add(part)
        text = _text(*part)
        whole += f'\n{_SEPARATOR}\nMSG: {part[0]}/{part[1]}\n{text}'
        waiting += _parts(part[0], text)
    return whole
