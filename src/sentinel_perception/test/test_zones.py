"""Where an animal counts is judged at its feet."""

import pytest
from sentinel_common.detections import Box
from sentinel_common.errors import ConfigurationError
from sentinel_perception.zones import Zones, parse

LOWER = '0,0.5 1,0.5 1,1 0,1'


@pytest.mark.parametrize(
    ('include', 'exclude', 'counts'),
    [
        ([], [], True),
        ([LOWER], [], True),
        ([], [LOWER], False),
        (['0,0 1,0 1,0.4 0,0.4'], [], False),
        ([LOWER], ['0.4,0.5 0.6,0.5 0.6,0.9 0.4,0.9'], False),
    ],
)
def test_the_feet_decide(include, exclude, counts):
    # Its head is in the upper half, its feet at 60 % of the height.
    assert parse(include, exclude).allow(Box(300, 100, 40, 188), 640, 480) is counts


def test_a_box_at_the_very_edge_is_inside_the_whole_picture():
    zones = parse(['0,0 1,0 1,1 0,1'], [])
    assert zones.allow(Box(-20, 300, 10, 200), 640, 480)
    assert zones.allow(Box(630, 0, 30, 480), 640, 480)


@pytest.mark.parametrize('text', ['', '0,0 1,1', '0,0 1,0 2,2', 'a,b c,d e,f', '0,0,0 1,1 1,0'])
def test_what_is_no_polygon_is_refused(text):
    with pytest.raises(ConfigurationError, match='no polygon'):
        parse([text], [])


def test_without_zones_everything_counts():
    assert Zones().allow(Box(0, 0, 1, 1), 10, 10)
