"""Parameters are checked with one clear sentence each."""

import pytest
import rclpy
from rclpy.parameter import Parameter as RclParameter
from sentinel_common.errors import ConfigurationError
from sentinel_common.parameters import Parameter, Parameters, check

RATE = Parameter('rate', 10.0, 'loop rate, Hz', minimum=1, maximum=50)
MODE = Parameter('mode', 'a', 'how', choices=('a', 'b'))
NAMES = Parameter('names', ['x'], 'who')
SEED = Parameter('seed', 0, 'chance', minimum=0)
FREE = Parameter('free', 500.0, 'MB')


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
        ({'seed': 2**53 + 1}, 'must be at most 9007199254740992'),
        ({'seed': -1}, 'must be at least 0'),
        ({'free': float('inf')}, 'must be at most 9007199254740992'),
        ({'free': float('-inf')}, 'must be at least -9007199254740992'),
        ({'free': float('nan')}, 'must be at most'),
    ],
)
def test_a_misfit_is_named_with_its_place(values, words):
    with pytest.raises(ConfigurationError) as caught:
        check(values, [RATE, MODE, NAMES, SEED, FREE], 'garden.yaml: camera')
    assert words in str(caught.value)
    assert str(caught.value).startswith('garden.yaml: camera: ')


@pytest.fixture
def context():
    rclpy.init()
    yield
    rclpy.try_shutdown()


def test_a_node_takes_the_largest_number_that_is_checked(context):
    largest = [RclParameter('seed', value=2**53), RclParameter('free', value=-(2.0**53))]
    node = rclpy.create_node('numbers', parameter_overrides=largest)
    parameters = Parameters(node, [SEED, FREE])
    assert (parameters['seed'], parameters['free']) == (2**53, -(2.0**53))
    node.destroy_node()


@pytest.mark.parametrize('at_start', [[], ['a']])
def test_a_list_that_may_be_empty_is_changed_live(context, at_start):
    overrides = [RclParameter('zones', value=at_start)] if at_start else []
    node = rclpy.create_node('lists', parameter_overrides=overrides)
    parameters = Parameters(node, [Parameter('zones', [], 'where')])

    def change(kind, value):
        return node.set_parameters([RclParameter('zones', kind, value)])[0]

    assert change(RclParameter.Type.STRING_ARRAY, ['b']).successful
    assert parameters['zones'] == ['b']
    # What `ros2 param set` makes of an empty list.
    assert change(RclParameter.Type.BOOL_ARRAY, []).successful
    assert parameters['zones'] == node.get_parameter('zones').value == []
    refused = change(RclParameter.Type.INTEGER, 3)
    assert 'zones takes a list, not 3' in refused.reason
    assert parameters['zones'] == []
    node.destroy_node()
