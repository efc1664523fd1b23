"""Parameters are checked with one clear sentence each."""

import pytest
from sentinel_common.errors import ConfigurationError
from sentinel_common.parameters import Parameter, check

RATE = Parameter('rate', 10.0, 'loop rate, Hz', minimum=1, maximum=50)
MODE = Parameter('mode', 'a', 'how', choices=('a', 'b'))
NAMES = Parameter('names', ['x'], 'who')


def test_a_whole_number_is_taken_for_a_float():
    value = check({'rate': 5}, [RATE], 'file')['rate']
    assert value == 5.0 and type(value) is float


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'rat': 5.0}, "no parameter 'rat'. Did you mean 'rate'?"),
        ({'rate': 51.0}, 'outside 1 to 50'),
        ({'rate': 'fast'}, 'takes a number'),
        ({'rate': True}, 'takes a number'),
        ({'rate': float('nan')}, 'outside 1 to 50'),
        ({'mode': 'c'}, 'one of: a, b'),
        ({'names': [1]}, 'list of str'),
    ],
)
def test_a_misfit_is_named_with_its_place(values, words):
    with pytest.raises(ConfigurationError) as caught:
        check(values, [RATE, MODE, NAMES], 'garden.yaml: camera')
    assert words in str(caught.value)
    assert str(caught.value).startswith('garden.yaml: camera: ')
