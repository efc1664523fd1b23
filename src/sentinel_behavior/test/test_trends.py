"""Statistics over many visits: right on average, honest about doubt, silent on little."""

import time
from datetime import datetime

import numpy as np
import pytest
from sentinel_behavior.incidents.model import Decision, Hold, Log, Run, Sound, Stimulus, Visit
from sentinel_behavior.report import figures, statistics
from sentinel_behavior.report.figures import trends as shown
from sentinel_behavior.report.statistics import LEAST_ARM, LEAST_TRIALS, reduction, slope
from sentinel_behavior.report.summary import Summary
from sentinel_behavior.report.trends import trends

START = 1_780_000_000.0
DAY = 86400.0


def visit(
    at,
    *,
    arm='treatment',
    group='',
    outcome='repelled',
    stay=10.0,
    species='raccoon',
    alarm=False,
    holds=(),
    **detail,
):
    stimulus = Stimulus(stamp=at, told=at, deterrent='bark', seconds=1.0, detail={}, end_detail={})
    return Visit(
        id=str(at),
        track_id='1',
        species=species,
        probability=0.9,
        started=at,
        ended=at + stay,
        outcome=outcome,
        false_alarm=alarm,
        note='',
        detail=detail,
        holds=holds,
        end_detail={},
        decisions=(
            Decision(stamp=at, told=at, deterrent='bark', detail={'arm': arm, 'group': group}),
        ),
        stimuli=(stimulus,) if arm == 'treatment' and not holds else (),
    )


def of(visits, *, sounds=(), start=START, days=10.0, tmp=None):
    runs = (Run(started=start, last_alive=start + days * DAY, info={}),)
    log = Log(visits=tuple(visits), sounds=tuple(sounds), runs=runs)
    return trends(Summary(folder=tmp, log=log))


def test_the_slope_is_right_and_its_interval_covers_it():
    chance, true, trials = np.random.default_rng(1), -0.05, 60
    p = 1 / (1 + np.exp(-(1.5 + true * np.arange(trials))))
    found = [slope(list(chance.random(trials) < p)) for _ in range(300)]
    assert np.mean([e.value for e in found]) == pytest.approx(true, abs=0.005)
    assert 0.92 <= np.mean([e.low <= true <= e.high for e in found]) <= 0.99


def test_without_habituation_it_is_rarely_claimed():
    chance = np.random.default_rng(2)
    found = [slope(list(chance.random(40) < 0.7)) for _ in range(300)]
    assert np.mean([e.high < 0 or e.low > 0 for e in found]) <= 0.08


def test_outcomes_that_are_separated_still_have_a_finite_slope():
    found = slope([True] * 10 + [False] * 10)
    assert -5 < found.value < 0 and np.isfinite(found.low)


# Maxima of the penalized likelihood by Nelder-Mead (SciPy 1.16) from ten starts each.
@pytest.mark.parametrize(
    ('outcomes', 'expected'),
    [
        ([True] * 10 + [False] * 10, -0.85239),
        ([True] * 500 + [False] * 500, -0.83706),
        ([True] * 499 + [False, True] + [False] * 499, -0.63142),
        ([True] * 199 + [False], -0.04366),
        ([True] * 4999 + [False], -0.00255),
        ([True] * 997 + [False] * 3, -0.89627),
        ([True] * 1000, 0.0),
    ],
)
def test_the_slope_is_the_maximum_however_nearly_a_season_is_separated(outcomes, expected):
    assert slope(outcomes).value == pytest.approx(expected, abs=2e-5)


def test_a_slope_that_does_not_settle_is_none(monkeypatch):
    monkeypatch.setattr(statistics, '_NEWTON_STEPS', 3)
    assert slope([True] * 500 + [False] * 500) is None


def test_few_trials_have_no_slope():
    assert slope([True, False] * (LEAST_TRIALS // 2 - 1)) is None


def exponential(chance, mean, count):
    return chance.exponential(mean, count)


def skewed(chance, mean, count):
    return chance.lognormal(np.log(mean) - 1.2**2 / 2, 1.2, count)


@pytest.mark.parametrize(
    ('stays', 'arms', 'true'),
    [(exponential, (90, 10), 0.0), (skewed, (90, 10), 0.5), (skewed, (20, 20), 0.0)],
)
def test_the_interval_of_the_reduction_misses_the_truth_in_one_of_twenty_trials(stays, arms, true):
    chance = np.random.default_rng(3)
    found = [
        reduction(stays(chance, 60 * (1 - true), arms[0]), stays(chance, 60, arms[1]))
        for _ in range(200)
    ]
    missed = np.mean([not e.low <= true <= e.high for e in found])
    assert 0.01 <= missed <= 0.09  # 5 %, and 2.6 standard deviations of 200 trials
    assert all(e.low <= e.value <= e.high for e in found)


def test_small_arms_have_no_lift():
    assert reduction([1.0] * 100, [2.0] * (LEAST_ARM - 1)) is None
    assert reduction([1.0] * 100, [0.0] * 100) is None
    assert reduction([0.0] * 100, [1.0] * 100) is None
    assert reduction([0.0] * 99 + [1.0], [0.0] * 9 + [1.0]) is None


def test_the_arms_of_a_trial_are_compared():
    treated = [visit(START + i * 1000, stay=10.0) for i in range(20)]
    left_alone = [
        visit(START + 50_000 + i * 1000, arm='hold_out', outcome='left', stay=40.0)
        for i in range(12)
    ]
    found = of([*treated, *left_alone])
    assert found.lift.value == pytest.approx(0.75)
    assert found.lift.low == pytest.approx(0.75)
    assert {arm.name: arm.mean for arm in found.arms} == {'treatment': 10.0, 'hold_out': 40.0}
    assert found.habituation.count == 20


def test_a_visit_that_nobody_saw_end_is_no_short_stay():
    """Its last sight is where the camera lost it, not where it left."""
    left = [visit(START + i * 1000, arm='hold_out', outcome='left', stay=60.0) for i in range(12)]
    lost = [visit(START + 50_000 + i * 1000, outcome='lost', stay=6.0) for i in range(12)]
    found = of([*left, *lost])
    assert (found.lift, found.arms[0].mean) == (None, None)
    facts = {name: (value, note) for name, value, note in shown(found)['facts']}
    assert facts['mean stay, treatment'] == (
        'unknown',
        '0 visits; 12 more with unknown end left out',
    )
    seen = [visit(START + 70_000 + i * 1000, stay=30.0) for i in range(12)]
    assert of([*left, *lost, *seen]).lift.value == pytest.approx(0.5)
    groups = [visit(START + i * 1000, group='AB'[i % 2], stay=9.0 + i % 7) for i in range(40)]
    void = [visit(START + i * 1000, group='A', outcome='lost', stay=900.0) for i in range(40)]
    assert of([*groups, *void]).a_a == of(groups).a_a


def disarmed():
    return Hold(
        stamp=START,
        told=START,
        visit_id='',
        track_id='1',
        species='raccoon',
        probability=0.9,
        detail={'rules': ['disarmed']},
    )


def test_the_groups_of_an_a_a_trial_are_compared():
    visits = [visit(START + i * 1000, group='AB'[i % 2], stay=10.0 + i // 2 % 5) for i in range(40)]
    found = of(visits)
    assert found.a_a.value == pytest.approx(0.0)
    assert found.a_a.low < 0 < found.a_a.high
    assert any('as chance does' in note for _, _, note in shown(found)['facts'])
    assert of([visit(START + i * 1000) for i in range(40)]).a_a is None


def test_false_alarms_pets_and_hold_outs_are_no_habituation():
    visits = [visit(START + i * 1000) for i in range(LEAST_TRIALS - 1)]
    others = [
        visit(START + 100_000, alarm=True),
        visit(START + 101_000, species='cat'),
        visit(START + 102_000, arm='hold_out'),
        visit(START + 103_000, outcome='lost'),
    ]
    assert of([*visits, *others]).habituation is None


def test_an_interrupted_visit_is_in_no_figure_of_what_came_of_it():
    visits = [visit(START + i * 1000) for i in range(LEAST_TRIALS - 1)]
    dead = visit(START + 100_000, outcome='interrupted', stay=1e6)
    after = visit(START + 200_000, species='cat')
    found = of([*visits, dead, after])
    assert found.habituation is None
    assert [len(arm.stays) for arm in found.arms] == [LEAST_TRIALS - 1]
    assert len(found.returns) == LEAST_TRIALS - 1


def test_return_intervals_count_from_the_last_sight():
    found = of([visit(START), visit(START + 100.0), visit(START + 50.0 + 1000.0)])
    assert found.returns == (90.0, 940.0)


def test_nobody_returns_to_a_garden_in_which_another_still_is():
    visits = [
        visit(START, stay=3000.0),
        visit(START + 100, species='opossum'),
        visit(START + 3600),
    ]
    assert of(visits).returns == (600.0,)


def test_after_an_animal_that_was_lost_from_sight_nobody_knows_when_the_garden_was_empty():
    visits = [visit(START), visit(START + 100, outcome='lost'), visit(START + 500)]
    found = of(visits, days=1.0)
    assert (found.returns, found.unanswered) == ((90.0,), (DAY - 510.0,))


def test_a_recorder_that_is_off_hears_nobody_return():
    visits = [visit(START + 20 * n) for n in range(3)]
    visits += [visit(START + 30 * DAY + 20 * n) for n in range(1, 3)]
    runs = [Run(started=START + at, last_alive=START + at + 4000, info={}) for at in (0, 30 * DAY)]
    found = trends(Summary(folder=None, log=Log(visits=tuple(visits), runs=tuple(runs))))
    assert (found.returns, found.unanswered) == ((10.0,) * 3, (3950.0, 3950.0))
    assert found.quiet == 3950.0
    facts = {name: (value, note) for name, value, note in shown(found)['facts']}
    assert facts['time until the next visit (median)'] == (
        '10.0 s',
        'middle half 10.0 s to more than 65.8 min, 3 intervals; 2 more ended with the recording',
    )


def test_that_nobody_came_any_more_is_said():
    found = of([visit(START + 1200 * n) for n in range(6)], days=60.0)
    assert ('no visit for', '59.9 days', 'of listening since the last one') in shown(found)['facts']
    assert of([visit(START, outcome='')]).quiet is None


def test_waits_against_published_times():
    # Remission under 6-mercaptopurine, weeks (E. J. Freireich et al., Blood 21:699-716, 1963).
    done = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    cut = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    assert [statistics.within(part, done, cut) for part in (0.25, 0.5, 0.75)] == [13, 23, None]


def test_visits_are_told_by_night_and_each_night_has_a_bar():
    found = of([visit(START + 3 * DAY), visit(START + 3 * DAY + 60, species='cat')], days=9.5)
    assert found.unit == 'night'
    assert len(found.bars) in (10, 11)
    assert sum((bar.counts.total() for bar in found.bars), 0) == 2
    assert max(bar.counts.total() for bar in found.bars) == 2


def test_a_short_period_is_told_by_the_hour():
    found = of([visit(START + 60.0)], days=0.25)
    assert found.unit == 'hour'
    assert len(found.bars) in (6, 7)


@pytest.mark.parametrize(
    ('begin', 'hours', 'days'),
    [
        (datetime(2026, 10, 25, 1), ['01', '02', '02', '03'], ['24', '25', '26']),
        (datetime(2027, 3, 28, 0), ['00', '01', '03', '04'], ['27', '28', '29']),
    ],
)
def test_bars_follow_the_clock_when_it_is_changed(monkeypatch, begin, hours, days):
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    try:
        start = begin.timestamp()
        visits = [visit(start + 60 + 1800 * n) for n in range(8)]
        bars = of(visits, start=start, days=3.5 / 24).bars
        assert [f'{bar.start:%H}' for bar in bars] == hours
        assert [bar.counts.total() for bar in bars] == [2, 2, 2, 2]
        nights = of([visit(start + day * DAY) for day in range(3)], start=start, days=2.1).bars
        assert [f'{bar.start:%d}' for bar in nights] == days
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_night_is_not_cut_at_midnight():
    before = datetime(2026, 6, 3, 23, 50).timestamp()
    found = of([visit(before), visit(before + 1200)])
    assert [bar.counts.total() for bar in found.bars if bar.counts] == [2]


def test_the_loudest_hour():
    sounds = [
        Sound(started=START + at, seconds=2.0, name='bark', volume=1.0)
        for at in (0.0, 1000.0, 3599.0, 3600.5, 9000.0)
    ]
    assert of([], sounds=sounds).loudest_hour == 6.0


def test_nothing_has_no_trend_and_the_page_can_say_it():
    found = of([])
    assert (found.bars, found.returns, found.habituation, found.lift) == ((), (), None, None)
    assert shown(found)['facts'] == []


def test_a_season_is_told_by_the_week_and_none_is_left_out():
    visits = [visit(START + day * DAY) for day in range(0, 200, 3)]
    found = of(visits, days=200.0)
    assert found.unit == 'week'
    assert len(found.bars) in (29, 30)
    assert sum(bar.counts.total() for bar in found.bars) == len(visits)
    assert {bar.start.weekday() for bar in found.bars} == {0}


def test_an_interval_that_says_nothing_is_no_long_number():
    outcomes = ['repelled'] * 11
    found = of([visit(START + i * 1000, outcome=o) for i, o in enumerate(outcomes)])
    (row,) = (note for name, _, note in shown(found)['facts'] if name.startswith('odds'))
    assert 'to more than 100, 11 visits' in row


@pytest.mark.parametrize(
    ('factor', 'said'),
    [(1e-5, 'less than 0.01'), (0.55, '0.55'), (99.4, '99'), (99.6, 'more than 100')],
)
def test_a_factor_is_a_plain_number(factor, said):
    assert figures._factor(factor) == said


def test_the_lift_is_that_of_the_trial_and_of_nothing_else():
    """Visits before the trial, and to a sentinel that was not armed, were not drawn by chance."""
    times = iter(START + 1000.0 * np.arange(1000))
    drawn = [visit(next(times), stay=6.0, trial=True) for _ in range(20)]
    drawn += [visit(next(times), arm='hold_out', stay=60.0, trial=True) for _ in range(20)]
    before = [visit(next(times), stay=60.0, trial=False) for _ in range(30)]
    off = [visit(next(times), stay=60.0, trial=True, holds=(disarmed(),)) for _ in range(30)]
    assert of(before + off + drawn).lift == of(drawn).lift
    assert of(drawn).lift.value == pytest.approx(0.9)
