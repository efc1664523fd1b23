"""Speed as diagnostics tell it."""

import pytest
from sentinel_perception.meter import Meter


def test_nothing_was_processed_yet():
    assert Meter().idle(5.0) == float('inf')
    assert Meter().figures(5.0)['fps'] == 0.0


def test_rate_and_time_of_the_last_ten_seconds():
    meter = Meter()
    for i in range(40):
        meter.processed(i * 0.5, 0.02 if i else 3.0)
    figures = meter.figures(20.0)
    assert figures['fps'] == pytest.approx(2.0, abs=0.1)
    assert (figures['ms'], figures['ms_worst']) == (20.0, 3000.0)
    assert meter.idle(20.0) == pytest.approx(0.5)
