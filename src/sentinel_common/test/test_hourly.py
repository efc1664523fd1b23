"""Seconds within the last hour."""

import pytest
from sentinel_common.hourly import HourlyUse


@pytest.mark.parametrize(
    ('now', 'used'), [(20.0, 15.0), (3600.0, 15.0), (3605.0, 10.0), (3616.0, 4.0), (3620.0, 0.0)]
)
def test_what_is_older_than_an_hour_counts_no_more(now, used):
    use = HourlyUse()
    use.add(0.0, 10.0)
    use.add(15.0, 20.0)
    use.add(20.0, 20.0)
    assert use.used(now) == used
