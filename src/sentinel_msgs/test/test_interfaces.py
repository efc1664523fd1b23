"""Every interface can be read by a person, and survives the wire."""

import importlib
from pathlib import Path

import pytest
from rclpy.serialization import deserialize_message, serialize_message

PACKAGE = Path(__file__).resolve().parents[1]
FILES = sorted(p for kind in ('action', 'msg', 'srv') for p in (PACKAGE / kind).glob('*.*'))
NAMES = [f'{path.parent.name}/{path.stem}' for path in FILES]


@pytest.mark.parametrize('path', FILES, ids=NAMES)
def test_the_file_begins_with_its_purpose(path):
    assert path.read_text(encoding='utf-8').startswith('# ')


@pytest.mark.parametrize('path', FILES, ids=NAMES)
def test_lines_are_short_and_clean(path):
    lines = path.read_text(encoding='utf-8').split('\n')
    assert lines[-1] == '' and all(len(x) <= 120 and x == x.rstrip() for x in lines)


def messages():
    for path in FILES:
        kind = path.parent.name
        interface = getattr(importlib.import_module(f'sentinel_msgs.{kind}'), path.stem)
        if kind == 'msg':
            yield interface
        else:
            parts = ('Request', 'Response') if kind == 'srv' else ('Goal', 'Result', 'Feedback')
            yield from (getattr(interface, part) for part in parts)


@pytest.mark.parametrize('kind', messages(), ids=lambda kind: kind.__name__)
def test_a_message_survives_the_wire(kind):
    message = kind()
    for field, type_name in message.get_fields_and_field_types().items():
        if type_name == 'string':
            setattr(message, field, 'Müllräuber')
        elif type_name in ('float', 'double'):
            setattr(message, field, 0.25)
    assert deserialize_message(serialize_message(message), kind) == message


def test_cmake_lists_every_interface():
    listed = (PACKAGE / 'CMakeLists.txt').read_text(encoding='utf-8')
    assert not [name for name in NAMES if f'  {name}.' not in listed]
