import copy
import math

import pytest
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share

from sentinel_common import configuration

SCHEMA = {
    'type': 'object',
    'additionalProperties': {'anyOf': [{'required': ['sound']}, {'required': ['light']}]},
}


def test_what_fits_its_schema_is_returned(tmp_path):
    path = tmp_path / 'a.yaml'
    path.write_text('bark: {sound: dog}')
    assert configuration.load(path, SCHEMA) == {'bark': {'sound': 'dog'}}


@pytest.mark.parametrize(
    ('content', 'complaint'),
    [
        (b'a: [', ' line 1: this is no YAML (expected'),
        (b'\xff', ': this is no YAML (unreadable)'),
        (b'until: 2026-06-31', ': a date in it does not exist (day '),
        (b'', ': the file is empty.'),
        (b'bark: {}', ': bark: needs at least one of sound, light'),
        (b'bark: {sound: [1, -.inf]}', ': bark.sound.1: -inf is no finite number.'),
    ],
)
def test_a_fault_is_one_sentence_that_names_file_and_place(tmp_path, content, complaint):
    path = tmp_path / 'a.yaml'
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        configuration.load(path, SCHEMA)
    assert str(caught.value).startswith(f'{path}{complaint}')
    assert '\n' not in str(caught.value)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(ConfigurationError, match=r'none\.yaml cannot be read: No such file'):
        configuration.read(tmp_path / 'none.yaml')


def numbers(data, *path):
    """Path of every number in ``data``."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from numbers(value, *path, key)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield path


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_every_number_of_a_bundled_file_must_be_finite(value):
    tried = 0
    for file in sorted(share('config').rglob('*.yaml')):
        data = configuration.read(file)
        configuration.check(data, {}, str(file))
        for *path, last in numbers(data):
            changed = parent = copy.deepcopy(data)
            for key in path:
                parent = parent[key]
            parent[last] = value
            with pytest.raises(ConfigurationError, match=f': {value} is no finite number'):
                configuration.check(changed, {}, str(file))
            tried += 1
    assert tried > 300
