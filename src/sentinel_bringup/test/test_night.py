"""The night benchmark in small: the same visits for all, events that agree with steps, figures."""

import json
import math
import random
from dataclasses import replace

import pytest
from sentinel_behavior.deterrents import read_deterrents
from sentinel_behavior.geometry import Pose
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_behavior.policy.trial import Trial
from sentinel_bringup.night import effect, encounters
from sentinel_bringup.night.campaign import Campaign
from sentinel_bringup.night.residents import STEP, Resident, Stay, plans, read_nights
from sentinel_bringup.night.statistics import excludes_zero, interval, ratio, share
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame

from sentinel_common import files

GARDEN, MODELS = read_nights(files.share('config/nights.yaml'))
CATALOGUE = read_deterrents(files.share('config/deterrents.yaml'))
RATE = 8


def test_a_month_has_the_visits_that_it_should():
    counts = [len(plans(GARDEN, 30, seed)) for seed in range(40)]
    assert interval(counts)[0] == pytest.approx(GARDEN.raccoons * GARDEN.visits * 30, rel=0.05)


def test_every_policy_meets_the_same_visits():
    assert plans(GARDEN, 5, 3) == plans(GARDEN, 5, 3) != plans(GARDEN, 5, 4)


def test_skipping_is_the_same_as_stepping_through_peace():
    plan = next(p for p in plans(GARDEN, 5, 1) if not p.missed)
    whole, steps = (Stay(Resident(MODELS['average'], 1, 0), plan, 0.0) for _ in range(2))
    whole.skip(40.0)
    for _ in range(round(40.0 / STEP)):
        steps.step(0.0, 0.0, 0.0, '', 0.0)
    assert whole.distance == pytest.approx(steps.distance, abs=0.01)
    assert whole.bed_seconds == pytest.approx(steps.bed_seconds, abs=2 * STEP)


def test_a_held_out_month_is_a_month_without_a_sentinel():
    def bed(policy, trial):
        campaign = Campaign(CATALOGUE, GARDEN, policy, trial=trial, seed=2)
        return sum(o.bed_seconds for o in campaign.run(MODELS['average'], 4))

    policy = POLICIES['thompson'](CATALOGUE, random.Random(1))
    assert bed(policy, Trial(hold_out=1.0)) == bed(None, Trial())
    assert policy.state() == {'counts': {}}


def test_the_sentinel_helps_in_every_model():
    for model in MODELS.values():
        none, learned = (
            sum(
                effect.month(arm, model, GARDEN, CATALOGUE, s, nights=6).bed_seconds
                for s in range(3)
            )
            for arm in (effect.NONE, 'thompson')
        )
        assert learned < 0.7 * none, model.name


# One that many stimuli do not impress, so that there is something to agree on.
STUBBORN = replace(MODELS['fearless'], boldness=6.0)


def _stepped(plan, seed):
    """One visit with the real brain and guard, picture by picture; bed seconds and stimuli."""
    world = make_lockstep(zones=encounters._ZONES, policy=POLICIES['first'], seed=1)
    stay = Stay(Resident(STUBBORN, seed, 0), plan, 0.0)
    pose, now = Pose(), 1000.0
    sound, until = None, 0.0
    scores = {'raccoon': 0.95}
    while not stay.gone and stay.elapsed < plan.stays:
        # Pictures come four times a step; the robot walks along the line to the animal.
        moved, light, place = 0.0, 0.0, pose
        for _ in range(round(STEP * RATE)):
            now += 1 / RATE
            world.place(pose, 0.001, now)
            away = stay.distance - pose.x
            seen = stay.distance <= GARDEN.sight
            found = (Detection(Box(300, 200, 80, 60), scores, '1'),) if seen else ()
            places = (Target('1', scores, away, 0.0),) if seen else ()
            deeds = world.step(Frame(now, 'c', found), TargetFrame(now, 'b', places), hour=12.0)
            light += max(deeds.color) / (STEP * RATE)
            if deeds.play:
                deterrent = CATALOGUE.by_name[world.brain.world.deterrent]
                sound, until = deterrent.sound, now + deterrent.duration
            if deeds.stop_sound:
                until = now
            pose = pose.moved(deeds.twist, 1 / RATE)
        moved = pose.x - place.x
        on = sound is not None and until > now
        stay.step(
            place.x, moved / STEP, light, sound.name if on else '', sound.volume if on else 0.0
        )
    return (
        stay.bed_seconds,
        stay.elapsed,
        [i.deterrent for i in world.incidents if i.kind == 3 and i.species == 'raccoon'],
    )


def test_events_agree_with_the_real_brain_picture_by_picture():
    chosen = [replace(p, enters=p.bed) for p in plans(GARDEN, 30, 5) if not p.missed][:6]
    stepped, events, same = [], [], 0
    for seed, plan in enumerate(chosen):
        beds, seconds, names = _stepped(plan, seed)
        campaign = Campaign(CATALOGUE, GARDEN, POLICIES['first'](CATALOGUE, random.Random(1)))
        outcome = campaign._visit(Resident(STUBBORN, seed, 0), plan, 0.0)
        stepped.append((beds, seconds))
        events.append((outcome.bed_seconds, outcome.departure))
        same += list(outcome.stimuli) == names
    for one, other in zip(zip(*stepped, strict=True), zip(*events, strict=True), strict=True):
        assert sum(other) > 30.0
        assert sum(other) == pytest.approx(sum(one), rel=0.1), (stepped, events)
    assert same >= 5


def test_one_stimulus_for_ever_keeps_the_budgets_of_the_guard():
    campaign = effect.month(effect.FIXED, replace(STUBBORN, boldness=50.0), GARDEN, CATALOGUE, 1, 3)
    hours = 3 * ((GARDEN.night[1] - GARDEN.night[0]) % 24)
    # The last stimulus of an hour may begin just before the budget is spent.
    assert 0.0 < campaign.sound <= hours * (60.0 + CATALOGUE.by_name['bark'].duration)
    assert campaign.fled == 0


def test_what_the_detector_missed_is_counted_apart():
    none = effect.month(effect.NONE, MODELS['average'], GARDEN, CATALOGUE, 1, 10)
    blind = replace(GARDEN, missed=1.0)
    assert 0.0 < none.seen_seconds < none.bed_seconds
    assert effect.month('thompson', MODELS['average'], blind, CATALOGUE, 1, 3).seen_seconds == 0.0


def test_variations_halve_and_double_each_assumption():
    found = effect.variations(MODELS['average'], GARDEN)
    assert len(found) == 1 + 2 * 14
    assert found['visits doubled'][1].visits == 2 * GARDEN.visits
    assert found['bark halved'][0].temperament().stimuli['bark'].strength == pytest.approx(0.6)


def test_an_encounter_without_errors_does_nothing_to_anybody():
    errors = encounters.Errors(0.0, (1.0, 1.0), (0.5, 0.9), 0.0, 0.0, 0.0)
    world = encounters.Encounters(errors, 'clean')
    results = [world.play(raccoon=i % 2 == 0, visitor=('person', 'cat')[i % 2]) for i in range(6)]
    assert not any(r.action for r in results)


def test_a_blind_detector_is_found_out():
    errors = encounters.Errors(1.0, (1.0, 1.0), (0.5, 0.9), 0.0, 0.0, 0.0)
    world = encounters.Encounters(errors, 'blind')
    assert any(world.play(raccoon=True, visitor='person').action for _ in range(10))


def test_a_raccoon_alone_is_answered():
    errors = encounters.Errors(0.0, (1.0, 1.0), (0.5, 0.9), 0.0, 0.0, 0.0)
    world = encounters.Encounters(errors, 'alone')
    results = [world.play(raccoon=True, visitor='') for _ in range(4)]
    assert all(r.answered for r in results) and not any(r.vetoed for r in results)


def test_a_box_in_the_picture():
    box = encounters.box_of((3.0, 0.0), 0.3, 0.5)
    assert box.center[0] == pytest.approx(320) and box.height == pytest.approx(57.9, abs=0.1)
    assert encounters.box_of((3.0, 3.0), 0.3, 0.5) is None


def test_figures_can_be_written_down():
    model = {'average': MODELS['average']}
    found = effect.measure(
        model, GARDEN, CATALOGUE, campaigns=2, nights=2, arms=(effect.NONE, 'first')
    )
    row = json.loads(json.dumps(found))['average']['first']
    mean, low, high = row['over_none']
    assert low <= mean <= high < 1.0 and row['repelled_share'][0] > 0.5


def test_intervals():
    assert share(0, 1000)[2] == pytest.approx(0.00368, abs=1e-4)
    assert share(5, 5)[2] == 1.0
    mean, low, high = interval([1.0, 2.0, 3.0] * 30)
    assert low < mean == 2.0 < high and high - low == pytest.approx(0.34, abs=0.05)
    assert ratio([1.0, 2.0], [2.0, 4.0]) == (0.5, 0.5, 0.5)
    assert ratio([1.0, 2.0], [0.0, 0.0]) is None
    assert excludes_zero([1.0, 1.1, 0.9] * 5, [2.0, 2.1, 1.9] * 5)
    assert not excludes_zero([1.0], [2.0, 3.0])
    assert not math.isnan(share(1, 2)[0])
