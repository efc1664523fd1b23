"""The shipped data files hold, and each fault in one is one clear sentence."""

import random
import re

import pytest
from sentinel_behavior.brain import Brain
from sentinel_behavior.deterrents import MOTIONS, read_deterrents
from sentinel_behavior.incidents.model import brain_of
from sentinel_behavior.policy import POLICIES
from sentinel_behavior.tree.leaves import LEAVES
from sentinel_behavior.visits import Visit
from sentinel_behavior.zones import read_zones
from sentinel_common.detections import Target, TargetFrame
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share
from sentinel_common.species import PROTECTED

from sentinel_behavior import brain_node, guard_node


@pytest.fixture(scope='module')
def catalogue():
    return read_deterrents(share('config/deterrents.yaml'))


def brain(tree):
    return Brain(
        tree=tree,
        deterrents=share('config/deterrents.yaml'),
        zones=read_zones(share('config/zones.yaml')),
        policy=POLICIES['first'],
    )


def test_the_mildest_rung_has_something_for_a_spent_budget_of_sound(catalogue):
    mildest = [d for d in catalogue.by_name.values() if d.step == 1 and not d.neutral]
    assert sum(not d.sound for d in mildest) >= 2 and any(d.sound for d in mildest)


def test_the_loudest_is_not_on_the_mildest_rung(catalogue):
    loudest = max((d for d in catalogue.by_name.values() if d.sound), key=lambda d: d.sound.volume)
    assert loudest.step > 1


def test_every_motion_and_both_modes_are_there(catalogue):
    used = {d.motion.kind for d in catalogue.by_name.values() if d.motion}
    assert used >= set(MOTIONS) - {'retreat'}
    assert any(d.sound and d.light and d.motion for d in catalogue.by_name.values())


def test_household_members_are_never_engaged(catalogue):
    assert catalogue.never_engage >= PROTECTED | {'bear', 'coyote', 'skunk'}


def test_there_is_one_neutral_control(catalogue):
    assert [d.name for d in catalogue.by_name.values() if d.neutral] == ['tone']


CAT = 'target_species: [cat]\nnever_engage: []\ndeterrents: {x: {%s}}\n'
ENTRY = 'target_species: [raccoon]\nnever_engage: []\ndeterrents: {x: {%s}}\n'


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('target_species: [cat]\nnever_engage: []\ndeterrents: {}', 'deterrents'),
        (CAT % 'duration: 1, step: 1, motion: {kind: face}', 'cat is never engaged'),
        (ENTRY % 'duration: 1, step: 1', 'at least one of sound, light'),
        (ENTRY % 'duration: 99, step: 1, motion: {kind: face}', 'deterrents.x.duration: 99'),
        (ENTRY % 'duration: 1, step: 1, motion: {kind: bite}', "'bite' is not one of"),
        (ENTRY % 'duration: 1, step: 1, motion: {kind: advance, stop_at: 0.3}', '0.3 is less than'),
        (ENTRY % 'duration: 1, step: 1, light: {color: [1, 1, 1], flash_hz: 5}', 'flash_hz: 5'),
        (ENTRY % 'duration: 1, step: 1, species: [dog], motion: {kind: face}', 'dog is not among'),
        (ENTRY % 'duration: 1, step: 1, neutral: true, motion: {kind: face}', 'no deterrent for'),
        ('deterrents: [', 'this is no YAML'),
    ],
)  # fmt: skip
def test_a_fault_in_the_catalogue_is_one_sentence(tmp_path, text, words):
    path = tmp_path / 'deterrents.yaml'
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        read_deterrents(path)
    assert words in str(error.value) and '\n' not in str(error.value)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ConfigurationError, match='No such file'):
        read_zones(tmp_path / 'none.yaml')


def test_a_home_outside_the_geofence_is_one_sentence(tmp_path):
    path = tmp_path / 'zones.yaml'
    path.write_text('{geofence: [[0, 0], [1, 0], [1, 1], [0, 1]], zones: {}, home: [3, 0.5, 0]}')
    with pytest.raises(ConfigurationError, match=r'home \(3, 0.5\) lies outside the geofence'):
        read_zones(path)


@pytest.mark.parametrize('value', ['.nan', '.inf', '-.inf'])
@pytest.mark.parametrize(
    ('file', 'old', 'read'),
    [
        ('zones.yaml', '[4.8, -3.5]', read_zones),
        ('zones.yaml', 'home: [0.0', read_zones),
        ('deterrents.yaml', 'duration: 4.0', read_deterrents),
        ('deterrents.yaml', 'speed: 0.2', read_deterrents),
    ],
)
def test_a_number_that_is_not_finite_is_refused(tmp_path, file, old, read, value):
    whole = share(f'config/{file}').read_text()
    number = re.search(r'\d+\.\d+', old).group()
    path = tmp_path / file
    path.write_text(whole.replace(old, old.replace(number, value, 1), 1))
    with pytest.raises(ConfigurationError):
        read(path)


@pytest.mark.parametrize('node', [brain_node, guard_node])
def test_a_target_that_could_never_be_sure_is_one_sentence(node):
    values = {p.name: p.default for p in node.PARAMETERS} | {'sure_hits': 10}
    with pytest.raises(ConfigurationError, match='no target would ever be sure'):
        node.preflight(values)


def test_shares_of_a_trial_that_are_more_than_all_are_one_sentence():
    values = {p.name: p.default for p in brain_node.PARAMETERS}
    with pytest.raises(ConfigurationError, match='at most 1'):
        brain_node.preflight(values | {'hold_out': 0.6, 'neutral': 0.6})


def test_a_trial_without_the_control_sound_that_it_needs_is_one_sentence(tmp_path):
    whole = share('config/deterrents.yaml').read_text()
    silent = tmp_path / 'deterrents.yaml'
    silent.write_text(whole[: whole.index('  tone:')])
    values = {p.name: p.default for p in brain_node.PARAMETERS} | {'neutral': 0.3}
    brain_node.preflight(values)
    with pytest.raises(ConfigurationError, match='no control sound for raccoon'):
        brain_node.preflight(values | {'deterrents': str(silent)})


def test_two_starts_of_the_brain_in_one_second_name_their_visits_differently(monkeypatch):
    monkeypatch.setattr(brain_node.time, 'strftime', lambda form: '20260601T220010')
    values = {p.name: p.default for p in brain_node.PARAMETERS}

    def visit():
        made = brain_node._brain(values)
        for stamp in (1.0, 1.1, 1.2):
            raccoon = Target('1', {'raccoon': 0.95}, 3.0, 0.0)
            made.locate(TargetFrame(stamp, 'base_link', (raccoon,)))
        return made.board.visits.open['raccoon'].visit_id

    first, second = visit(), visit()
    assert brain_of(first) != brain_of(second)
    assert first.startswith('20260601T220010-') and first.endswith('-0001')


def test_a_tree_that_acts_without_a_choice_does_nothing(tmp_path):
    path = tmp_path / 'tree.yaml'
    path.write_text('{leaf: act}')
    made = brain(path)
    made.board.visits.open['raccoon'] = Visit('v', 'raccoon', 0.0)
    assert made.tick(1.0, 12.0).incidents == []


def test_the_shipped_tree_is_built():
    root = brain(share('config/tree.yaml')).root
    assert root.name == 'sentinel' and len(root.children) >= 10


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('leaf: fly', "'fly' is not one of"),
        ('selector: []', 'selector'),
        ('{selector: [{leaf: act}], sequence: [{leaf: act}]}', 'exactly one of selector, sequence'),
        ('{leaf: quiet, with: {minutes: 3}}', 'leaf quiet'),
        ('{leaf: scan}', 'leaf scan'),
        ('{leaf: scan, with: {angle: 1, period: 0}}', 'leaf scan: period: 0 is less than'),
        ('{leaf: quiet, with: {seconds: 10 s}}', "leaf quiet: seconds: '10 s' is not"),
        ('{leaf: patrol, with: {points: [[0, 0, 0]], pause: 1}}', 'leaf patrol: points.0'),
        (
            '{leaf: patrol, with: {points: [[0, 9]], pause: 1}}',
            'leaf patrol: the point (0, 9) lies',
        ),
    ],
)
def test_a_fault_in_the_tree_is_one_sentence(tmp_path, text, words):
    path = tmp_path / 'tree.yaml'
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        brain(path)
    assert words in str(error.value) and '\n' not in str(error.value)


def test_every_leaf_can_be_named_in_a_tree(tmp_path):
    options = {
        'state': ', with: {state: watching}',
        'refrain': ', with: {state: fault}',
        'quiet': ', with: {seconds: 1}',
        'scan': ', with: {angle: 1, period: 5}',
        'patrol': ', with: {points: [[0, 0]], pause: 1}',
    }
    path = tmp_path / 'tree.yaml'
    leaves = ', '.join(f'{{leaf: {name}{options.get(name, "")}}}' for name in LEAVES)
    path.write_text(f'selector: [{leaves}]')
    assert len(brain(path).root.children) == len(LEAVES)


@pytest.mark.parametrize('name', POLICIES)
def test_every_policy_is_made_from_the_catalogue(catalogue, name):
    assert POLICIES[name](catalogue, random.Random(1)).name == name
