"""The fit finds the axis that made the runs, and refuses nonsense."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sentinel_driver.calibration import (
    CalibrationError,
    Trial,
    document,
    fit,
    parameters,
    read,
    robot_parameters,
)
from sentinel_driver.velocity_control import Axis

UNITS = (40, 60, 80)


def runs(axis, units=UNITS, seconds=3.0):
    return [Trial(u, seconds, axis.velocity(u) * seconds) for u in units]


@given(
    st.floats(0.1, 3.0) | st.floats(-3.0, -0.1),
    st.floats(0, 35),
)
def test_it_finds_the_axis(full, offset):
    found, worst = fit(runs(Axis(full, offset)))
    assert found.full == pytest.approx(full, rel=0.01)
    assert found.offset == pytest.approx(offset, abs=0.5)
    assert worst < 0.02 * abs(full)


def test_one_run_is_taken_as_proportional():
    found, _ = fit([Trial(80, 2.0, 0.32)])
    assert found == Axis(0.254, 0.0)


def test_a_line_that_would_move_a_standing_robot_goes_through_zero():
    found, worst = fit([Trial(40, 1.0, 0.12), Trial(80, 1.0, 0.20)])
    assert found.offset == 0.0 and worst > 0.01


def test_units_that_did_not_move_it_are_below_the_offset():
    found, _ = fit([Trial(20, 3.0, 0.0), *runs(Axis(0.3, 25.0))])
    assert found.offset == pytest.approx(25.0, abs=0.5)
    found, worst = fit([Trial(40, 3.0, 0.0), Trial(60, 3.0, 0.30), Trial(80, 3.0, 0.42)])
    assert found.offset == 40.0 and worst < 0.04
    found, worst = fit([Trial(40, 3.0, 0.0), Trial(60, 3.0, 0.0), Trial(80, 3.0, -0.24)])
    assert found.offset == 60.0 and worst < 0.001
    assert found.units(-0.01) > 60


@pytest.mark.parametrize(
    ('trials', 'words'),
    [
        ([], 'Nothing moved'),
        ([Trial(40, 3.0, 0.0)], 'Nothing moved'),
        ([Trial(40, 3.0, 0.2), Trial(80, 3.0, -0.3)], 'other'),
        ([Trial(40, 3.0, 0.3), Trial(80, 3.0, 0.2)], '80 units gave less speed than 40'),
        ([Trial(40, 3.0, 0.28), Trial(60, 3.0, 0.42), Trial(80, 3.0, 0.0)], '80 units gave less'),
        ([Trial(40, 3.0, 0.3), Trial(60, 3.0, 0.1), Trial(80, 3.0, 0.4)], '60 units gave less'),
        ([Trial(60, 3.0, 0.3), Trial(80, 3.0, 0.29)], 'More units gave less'),
        ([Trial(40, 3.0, 0.3), Trial(40, 3.0, 0.0)], '40 units gave less'),
    ],
)
def test_nonsense_is_refused(trials, words):
    with pytest.raises(CalibrationError, match=words):
        fit(trials)


def test_the_file_is_one_that_the_driver_takes():
    from sentinel_common.parameters import check
    from sentinel_driver.driver_parameters import PARAMETERS

    values = robot_parameters('Mécca "1"', 'legacy4', 'hci:usb:0')
    values |= parameters('forward', Axis(0.31, 12.0)) | parameters('turn', Axis(-1.4, 3.5))
    text = document(values)
    checked = check(yaml.safe_load(text)['/**/driver']['ros__parameters'], PARAMETERS, 'the file')
    assert checked == read(text) == values
    assert checked['turn_full'] == -1.4 and checked['transport'] == 'hci:usb:0'


def test_the_usual_transport_is_not_in_the_file():
    assert 'transport' not in robot_parameters('meka', 'walking5', 'system')


@pytest.mark.parametrize('text', ['', 'words', '{', 'a: 1', 'a: {}\nb: {}', '[1]', 'a: {b: {}}'])
def test_another_file_is_none_of_a_calibration(text):
    with pytest.raises(CalibrationError):
        read(text)
