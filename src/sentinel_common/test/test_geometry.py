import math

import pytest
from sentinel_common.geometry import wrap


@pytest.mark.parametrize(
    ('angle', 'wrapped'),
    [(0.0, 0.0), (3.0, 3.0), (-3.0, -3.0), (4.0, 4.0 - math.tau), (-4.0, math.tau - 4.0)],
)
def test_an_angle_is_brought_into_half_a_turn_either_way(angle, wrapped):
    for turns in (-2, 0, 1):
        assert wrap(angle + turns * math.tau) == pytest.approx(wrapped)


def test_half_a_turn_is_to_the_right():
    assert wrap(math.pi) == wrap(-math.pi) == -math.pi
