import pytest
from sentinel_common.errors import ConfigurationError

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
