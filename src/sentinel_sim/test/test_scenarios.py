import math

import pytest
from sentinel_common.errors import ConfigurationError
from sentinel_sim.agents import Sentinel
from sentinel_sim.animals import catalog
from sentinel_sim.commands import scenarios as command
from sentinel_sim.fear import temperaments
from sentinel_sim.night import Night

from sentinel_sim import scenarios

GOOD = {'about': 'x', 'duration': 30, 'light': 'ir', 'animals': [{'kind': 'raccoon'}]}


def play(night, sentinel=lambda night: Sentinel()):
    while not night.over:
        night.step(0.05, sentinel(night))
    return night.truth()


def bark_from_16_to_20(night):
    return Sentinel(sound='bark' if 16 < night.time < 20 else '', volume=0.8)


@pytest.mark.parametrize('name', scenarios.names())
def test_bundled_scenarios_load_and_end(name):
    scenario = scenarios.load(name)
    truth = play(Night(scenario, 1))
    assert truth['seconds'] <= scenario.duration + 0.05
    assert {v['animal'] for v in truth['visits']} == {a.name for a in scenario.animals}


@pytest.mark.parametrize(
    ('change', 'complaint'),
    [
        ({'light': 'noon'}, "light: 'noon' is not one of"),
        ({'duration': -1}, 'duration: -1 is less than or equal to the minimum of 0'),
        ({'animals': [{'kind': 'bear'}]}, "animals.0.kind: 'bear' is not one of"),
        ({'animals': [{'kind': 'cat', 'gap': 9}]}, 'animals.0.gap: 9 is greater than'),
        (
            {'animals': [{'kind': 'cat', 'enters': [9, 3]}]},
            'animals.0.enters: [9, 3] runs backwards',
        ),
        ({'animals': [{'kind': 'cat', 'name': 'a'}] * 2}, "two animals are called 'a'"),
        ({'animals': [{'kind': 'cat', 'gap': 1.0}]}, "animals.0.gap: 1.0 is not of type 'integer'"),
        ({'garden': 3.0}, "garden: 3.0 is not of type 'integer'"),
        (
            {'animals': [{'kind': 'cat', 'enters': 'soon'}]},
            "animals.0.enters: 'soon' is not of type 'number', 'array'",
        ),
        ({'animals': [{'kind': 'cat', 'stays': [1]}]}, 'animals.0.stays: [1] is too short'),
        ({'animals': [{'kind': 'cat', 'stays': [-1, 2]}]}, 'animals.0.stays.0: -1 is less than'),
        (
            {'animals': [{'kind': 'cat', 'enters': math.nan}]},
            'animals.0.enters: nan is no finite number',
        ),
        ({'duration': math.inf}, 'duration: inf is no finite number'),
        (
            {'animals': [{'kind': 'cat', 'leaves_by': 3}]},
            'animals.0.leaves_by: only with the plan cross',
        ),
        (
            {'animals': [{'kind': 'cat', 'plan': 'wander', 'leaves_by': 3}]},
            'animals.0.leaves_by: only with the plan cross',
        ),
        (
            {'animals': [{'kind': 'cat', 'name': 'robot/base_link'}]},
            "animals.0.name: 'robot/base_link' has more than letters",
        ),
        ({'animals': [{'kind': 'cat', 'name': 'a\0'}]}, "animals.0.name: 'a\\x00' has more than"),
        ({'robot': {'x': 9}}, 'robot.x: 9 is greater than the maximum of 6'),
        ({'robot': {'y': -5.1}}, 'robot.y: -5.1 is less than the minimum of -5'),
        ({'weather': {'snow': 1}}, "weather: Additional properties are not allowed ('snow' was"),
    ],
)
def test_fault_in_a_scenario_is_one_sentence_that_names_the_place(change, complaint):
    with pytest.raises(ConfigurationError) as caught:
        scenarios.parse('mine', {**GOOD, **change}, 'mine.yaml')
    assert str(caught.value).startswith('mine.yaml: ' + complaint)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'about: [', ' line 1: this is no YAML ('),
        (b'\xff\xfe\x00', ': this is no YAML (unreadable).'),
        (b'', ': the file is empty.'),
    ],
)
def test_a_file_that_is_no_scenario_is_one_sentence(tmp_path, content, words):
    file = tmp_path / 'broken.yaml'
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        scenarios.load(str(file))
    assert str(caught.value).startswith(f'{file}{words}')
    assert '\n' not in str(caught.value)


def test_unknown_scenario_names_those_that_are_there():
    with pytest.raises(
        ConfigurationError, match=r"no scenario 'moon'\. Use one of: .*raccoon_night"
    ):
        scenarios.load('moon')


def test_file_that_is_missing_or_no_yaml_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match='cannot be read'):
        scenarios.load(str(tmp_path / 'none.yaml'))
    bad = tmp_path / 'bad.yaml'
    bad.write_text('about: [')
    with pytest.raises(ConfigurationError, match='is no YAML'):
        scenarios.load(str(bad))


def test_same_seed_same_night_and_another_seed_another():
    scenario = scenarios.load('raccoon_night')
    first, second, other = (play(Night(scenario, s), bark_from_16_to_20) for s in (5, 5, 6))
    assert first == second
    assert first['visits'] != other['visits']


def test_truth_about_a_repelled_visit():
    (visit,) = play(Night(scenarios.load('raccoon_night'), 5), bark_from_16_to_20)['visits']
    assert visit['entered'] < visit['first_stimulus'] < visit['fled'] < visit['left']
    assert visit['reaction'] == pytest.approx(visit['fled'] - visit['first_stimulus'])
    assert 0 < visit['seconds_in_beds'] < visit['seconds_inside']
    assert visit['closest_distance'] < 3.5


def test_truth_about_a_visit_that_nobody_disturbs():
    (visit,) = play(Night(scenarios.load('raccoon_night'), 5))['visits']
    assert visit['fled'] is None and visit['first_stimulus'] is None
    assert visit['seconds_in_beds'] > 30


def test_command_lists_every_scenario(capsys):
    assert command.main(None) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == scenarios.names()


def test_every_kind_of_a_scenario_has_a_body_and_a_temperament():
    assert set(scenarios.KINDS) == set(catalog.KINDS) == set(temperaments())
