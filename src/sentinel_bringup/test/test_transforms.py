"""Transforms chain and invert."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sentinel_bringup.transforms import Transform, from_rpy

# A busy computer is no failure.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NUMBERS = st.floats(-10, 10)
TRANSFORMS = st.builds(
    lambda v, r: Transform(v, from_rpy(*r)),
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
)


@UNTIMED
@given(TRANSFORMS)
def test_a_transform_and_its_inverse_cancel(transform):
    back = transform @ transform.inverse()
    assert back.translation == pytest.approx((0, 0, 0), abs=1e-9)
    assert abs(back.rotation[3]) == pytest.approx(1.0)


@UNTIMED
@given(TRANSFORMS, TRANSFORMS, TRANSFORMS)
def test_chains_do_not_depend_on_the_brackets(a, b, c):
    one, two = (a @ b) @ c, a @ (b @ c)
    assert one.translation == pytest.approx(two.translation, abs=1e-6)


def test_on_the_ground_there_is_no_height_and_no_tilt():
    flat = Transform((1.0, 2.0, 3.0), from_rpy(0.2, -0.3, 0.7)).on_ground()
    assert flat.translation == (1.0, 2.0, 0.0)
    assert flat.rotation == pytest.approx(from_rpy(0.0, 0.0, 0.7))


def test_two_steps_with_a_left_turn_between():
    step = Transform((1.0, 0.0, 0.0), from_rpy(0, 0, math.pi / 2))
    assert (step @ step).translation == pytest.approx((1.0, 1.0, 0.0))
