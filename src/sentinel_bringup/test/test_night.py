"""The night benchmark in small: the same visits for all, events that agree with steps, figures."""

import argparse
import json
import math
import random
import re
from dataclasses import replace

import pytest
from sentinel_behavior.deterrents import read_deterrents
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_behavior.policy.trial import Trial
from sentinel_bringup.night import (
    bodies,
    command,
    detector_errors,
    effect,
    encounters,
    family,
    meetings,
    workers,
    worlds,
)
from sentinel_bringup.night.campaign import Campaign
from sentinel_bringup.night.journal import Journal
from sentinel_bringup.night.residents import STEP, Resident, Stay, plans, read_nights
from sentinel_bringup.night.statistics import excludes_zero, interval, ratio, share
from sentinel_common.configuration import digest
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.errors import ConfigurationError
from sentinel_common.geometry import Pose

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
    world = make_lockstep(zones=encounters.ZONES, policy=POLICIES['first'], seed=1)
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
                deterrent = CATALOGUE.by_name[world.brain.board.deterrent]
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


def test_a_fixed_bark_barks_where_sounds_come_second():
    plain, second = (
        effect.month(effect.FIXED, MODELS['average'], GARDEN, catalogue, 1, 3)
        for catalogue in (CATALOGUE, replace(CATALOGUE, silent_first=True))
    )
    assert plain.sound > 0.0
    assert second == plain


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


PERFECT = detector_errors.perfect()
# Nobody is ever seen as what it is, and whoever is no raccoon passes for one.
BLIND = replace(PERFECT, never=1.0)
FOOLED = replace(
    PERFECT,
    called_raccoon=dict.fromkeys(PERFECT.called_raccoon, 1.0),
    scores={'called_raccoon': [0.9], 'raccoon': [0.9], 'noise': 0.0},
)


def test_an_encounter_without_errors_does_nothing_to_anybody():
    world = encounters.Encounters(PERFECT, 'clean')
    results = [world.play(raccoon=i % 2 == 0, visitor=('person', 'cat')[i % 2]) for i in range(6)]
    assert all(r.met for r in results) and not any(r.action for r in results)


def test_a_blind_detector_is_found_out():
    world = encounters.Encounters(BLIND, 'blind')
    found = [world.play(raccoon=True, visitor='person') for _ in range(10)]
    assert any(r.action for r in found)
    assert {r.why.partition(': ')[2] for r in found if r.action} == {'not seen up to then'}


def test_a_cat_that_passes_for_a_raccoon_is_found_out():
    result = encounters.Encounters(FOOLED, 'fooled').play(raccoon=False, visitor='cat')
    assert result.action and result.why == 'starts: taken for a raccoon, never a sign'


def test_a_raccoon_alone_is_answered_within_a_second_of_the_sure_picture():
    world = encounters.Encounters(PERFECT, 'alone')
    found = meetings.answers([world.play(raccoon=True, visitor='') for _ in range(8)])
    assert found['answered'][0] == 1.0 and found['vetoed_by_mistake'][0] == 0.0
    assert found['first_after_sure_p50_p95'][1] <= 1.0


def test_clutter_alone_is_left_alone_by_a_detector_that_does_not_err():
    world = encounters.Encounters(PERFECT, 'clutter')
    assert not any(world.play(raccoon=False, visitor='nothing').answered for _ in range(3))


def test_clutter_is_judged_by_all_its_looks_and_what_walks_by_a_few():
    often = replace(
        FOOLED,
        called_raccoon=dict.fromkeys(PERFECT.called_raccoon, 0.3),
        lasts=0.1,
        scores=FOOLED.scores | {'called_raccoon': [0.8]},
    )
    world = encounters.Encounters(often, 'often')
    assert not any(world.play(raccoon=False, visitor='nothing').answered for _ in range(5))
    assert any(world.play(raccoon=False, visitor='other_animal').answered for _ in range(5))


def test_a_family_is_never_parted_and_none_of_them_walked_up_to():
    found = family.play_family(PERFECT, 3)['seen']
    assert found['stimuli'] > 0
    assert found['walked_in_between'][0] == found['walked_too_near'][0] == 0.0
    assert found['walks_with_several_in_view'] == found['moved_with_several_in_view'][0] == 0


def test_the_judge_of_families_sees_a_step_in_between():
    places = [(-2.0, 0.0), (2.0, 0.0)]
    done = {}
    family._judge(done, Pose(0.0, 3.0), Pose(0.0, 0.5), places, [True, True])
    assert done == {'between': True}
    family._judge(done, Pose(-2.0, 1.0), Pose(-2.0, 0.5), places, [True, True])
    assert done == {'between': True, 'near': True}


def test_the_judge_of_families_tells_apart_whom_the_robot_cannot_know_of():
    done = {}
    places = [(-2.0, 0.0), (2.0, 0.0)]
    family._judge(done, Pose(0.0, 3.0), Pose(0.0, 0.5), places, [True, False])
    assert done == {'between_unseen': True}


def test_the_errors_are_upper_bounds_of_what_was_counted():
    path = files.share(meetings.FILE)
    bound, _ = detector_errors.read_errors(path)
    counted, _ = detector_errors.read_errors(path, bound=detector_errors.plain)
    assert all(bound.missed[s] > counted.missed[s] for s in counted.missed)
    assert bound.false_veto > counted.false_veto
    assert detector_errors.upper((0, 60)) == pytest.approx(1 - 0.05 ** (1 / 60), abs=1e-6)
    assert detector_errors.upper((3, 3)) == 1.0


def test_every_measured_set_can_be_read():
    path = files.share(meetings.FILE)
    assert all(
        detector_errors.read_errors(path, name)[0].missed for name in detector_errors.sets(path)
    )


def test_the_benchmark_says_whose_errors_were_counted():
    found = meetings.models()
    assert found['shipped_model'] == digest(files.share('models/detector.tflite'))
    assert len(found['counted_model']) == len(found['shipped_model']) == 12


def test_counts_that_make_no_sense_are_refused(tmp_path):
    text = files.share(meetings.FILE).read_text()
    first = re.search(r'raccoon_missed: \[\d+, \d+\]', text).group()
    path = tmp_path / 'errors.yaml'
    path.write_text(text.replace(first, 'raccoon_missed: [53]'))
    with pytest.raises(ConfigurationError, match='raccoon_missed'):
        detector_errors.read_errors(path)
    path.write_text(text.replace('set: night_composites', 'set: moon'))
    with pytest.raises(ConfigurationError, match='moon'):
        detector_errors.read_errors(path)
    path.write_text(text.replace(first, 'raccoon_missed: [153, 123]'))
    with pytest.raises(ConfigurationError, match='153'):
        detector_errors.read_errors(path)


def test_looks_at_one_animal_are_correlated_as_the_file_says():
    some = replace(PERFECT, correlation=0.4)
    chance = random.Random(1)
    shares = [some.share(chance, 0.3) for _ in range(4000)]
    mean = sum(shares) / len(shares)
    variance = sum((s - mean) ** 2 for s in shares) / len(shares)
    assert mean == pytest.approx(0.3, abs=0.02)
    assert variance / (mean * (1 - mean)) == pytest.approx(0.4, abs=0.03)


def test_random_worlds_go_on_from_a_journal(tmp_path, monkeypatch):
    played = []
    monkeypatch.setattr(worlds, 'WORLDS', {'one': lambda chance: played.append(chance) or []})
    monkeypatch.setattr(worlds, '_CHUNK', 10)
    portions = [worlds._play(('one', first, 10)) for first in (0, 10)]
    journal = tmp_path / 'journal'
    Journal(worlds.code(), journal).add(portions[0])
    Journal('other', journal).add(portions[1])
    found = worlds.measure(20, journal=journal)['one']
    assert found['worlds'] == 20 and found['broken'] == 0
    assert len(journal.read_text().splitlines()) == 3


def test_a_journal_whose_last_line_was_cut_short_goes_on(tmp_path):
    path = tmp_path / 'journal'
    for seed in (1, 2):
        Journal('x', path).add({'seed': seed})
    whole = path.read_text()
    path.write_text(whole[:-9])
    cut = Journal('x', path)
    assert cut.portions == [{'seed': 1}]
    cut.add({'seed': 3})
    cut.add({'seed': 4})
    assert Journal('x', path).portions == [{'seed': seed} for seed in (1, 3, 4)]


@pytest.mark.parametrize(
    'option', ['campaigns', 'encounters', 'others', 'rendered', 'worlds', 'workers']
)
@pytest.mark.parametrize('count', ['0', '-1', '1.5', 'many'])
def test_a_count_below_one_is_refused(option, count, capsys):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([f'--{option}', count])
    assert f"--{option}: '{count}' is no whole number from 1 on" in capsys.readouterr().err


def test_an_interrupt_ends_the_random_worlds_with_what_was_played(monkeypatch):
    def play(chance):
        played.append(chance)
        if len(played) > 15:
            raise KeyboardInterrupt
        return []

    played = []
    monkeypatch.setattr(worlds, 'WORLDS', {'one': play})
    monkeypatch.setattr(worlds, '_CHUNK', 10)
    assert worlds.measure(100)['one']['worlds'] == 10


def test_jobs_are_shared_among_processes_in_their_order():
    for count in (1, 2):
        with workers.mapper(count) as run:
            assert list(run(abs, [-3, 1, -2])) == [3, 1, 2]


def test_broken_worlds_are_told_by_their_seeds(monkeypatch):
    monkeypatch.setattr(worlds, 'WORLDS', {'bad': lambda chance: ['broken']})
    found = worlds.summary([worlds._play(('bad', 5, 3))], 'x')['bad']
    assert found['broken'] == 3 and found['broken_seeds'] == [5, 6, 7]


@pytest.mark.parametrize(
    ('name', 'change'),
    [('person_or_pet', {'veto_seconds': 9.0}), ('distance', {'minimum_distance': 0.65})],
)
def test_random_worlds_find_a_guard_that_allows_too_much(name, change, monkeypatch):
    for key, value in change.items():
        monkeypatch.setitem(DEFAULTS, key, value)
    seeds = range(1000)  # about one world in sixty breaks such a guard
    assert any(worlds.WORLDS[name](random.Random(f'{name} {seed}')) for seed in seeds)


def test_a_box_in_the_picture():
    box = bodies.box_of((3.0, 0.0), 0.3, 0.5)
    assert box.center[0] == pytest.approx(320) and box.height == pytest.approx(57.9, abs=0.1)
    assert bodies.box_of((3.0, 3.0), 0.3, 0.5) is None


def test_conclusions_need_the_whole_interval():
    row = {ratio_of: (0.6, 0.5, 0.69) for ratio_of, _ in effect.CONCLUSIONS.values()}
    assert all(effect.conclusions(row).values())
    row['over_none'] = (0.6, 0.5, 0.71)
    row['over_random'] = None
    found = effect.conclusions(row)
    assert [name for name, holds in found.items() if holds is False] == ['30 % fewer than none']
    assert found['within 5 % of random'] is None and found['better than round robin'] is True


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
