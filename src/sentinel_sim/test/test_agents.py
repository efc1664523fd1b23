import numpy as np
import pytest
from sentinel_sim.agents import Agent, Sentinel, State, perceive
from sentinel_sim.fear import Fear, Stimulus, temperaments
from sentinel_sim.layout import LAYOUT
from sentinel_sim.scenarios import Visitor

SILENT = Sentinel()
BARK = Sentinel(sound='bark', volume=0.8)


def agent(**values):
    values.setdefault('kind', 'raccoon')
    visitor = Visitor(name='one', gap=1, bed=0, stays=(30.0, 30.0), **values)
    temperament = temperaments()[visitor.kind]
    return Agent(visitor, temperament, np.random.default_rng(4), stride=0.3)


def live(one, seconds, sentinel=SILENT, start=0.0):
    states = []
    for i in range(round(seconds / 0.05)):
        one.step(start + i * 0.05, 0.05, sentinel)
        if not states or states[-1] is not one.state:
            states.append(one.state)
    return states


def test_raccoon_left_alone_enters_forages_in_its_bed_and_leaves():
    one = agent()
    assert live(one, 22) == [State.ENTERING, State.FORAGING]
    assert LAYOUT.beds[0].contains(one.x, one.y)
    assert live(one, 40, start=22) == [State.FORAGING, State.LEAVING, State.GONE]


def test_raccoon_that_hears_a_dog_freezes_then_flees_by_the_way_it_came():
    one = agent()
    live(one, 20)
    states = live(one, 12, BARK, start=20)
    assert states == [State.FORAGING, State.ALERT, State.FLEEING, State.GONE]
    gap = LAYOUT.gaps[1]
    assert np.hypot(one.x - gap[0], one.y - gap[1]) < 2


def test_flight_avoids_a_gap_behind_the_robot():
    one = agent()
    live(one, 20)
    gap = LAYOUT.gaps[1]
    between = Sentinel((one.x + gap[0]) / 2, (one.y + gap[1]) / 2, sound='bark', volume=1.0)
    closest = np.inf
    for i in range(400):
        one.step(20 + i * 0.05, 0.05, between)
        if one.state is State.FLEEING:
            closest = min(closest, np.hypot(one.x - between.x, one.y - between.y))
    assert one.state is State.GONE
    assert closest > 0.8


def test_person_does_not_mind():
    one = agent(kind='person', plan='wander')
    live(one, 20)
    assert State.FLEEING not in live(one, 8, BARK, start=20)


def test_animal_returns_after_it_fled():
    one = agent(returns=1, returns_after=(5.0, 5.0))
    live(one, 20)
    live(one, 12, BARK, start=20)
    assert State.WAITING in live(one, 1, start=31.9) or one.visits == 2
    assert State.ENTERING in live(one, 8, start=33) or one.visits == 2
    assert one.visits == 2


def test_walk_around_the_robot_keeps_its_distance():
    one = agent()
    robot = Sentinel(4.2, -0.1)
    closest = np.inf
    for i in range(500):
        one.step(i * 0.05, 0.05, robot)
        if one.state is State.ENTERING:
            closest = min(closest, np.hypot(one.x - robot.x, one.y - robot.y))
    assert one.state is State.FORAGING
    assert closest > 0.7


def test_robot_that_comes_nearer_looms_and_one_that_leaves_does_not():
    near = Sentinel(0.0, 0.0, vx=0.2)
    away = Sentinel(0.0, 0.0, vx=-0.2)
    assert [s.kind for s in perceive(1.5, 0.0, near)] == ['looming']
    assert perceive(1.5, 0.0, away) == []


@pytest.mark.parametrize('steps', [1, 7])
def test_fear_does_not_depend_on_the_step(steps):
    fear = Fear.draw(temperaments()['raccoon'], np.random.default_rng(0))
    for _ in range(steps):
        fear.feel(1.0 / steps, [Stimulus('looming', 1.0, 2.0)])
    assert fear.level == pytest.approx(0.33, abs=0.02)


def test_barking_on_and_on_wears_out_and_comes_back():
    fear = Fear.draw(temperaments()['raccoon'], np.random.default_rng(0))
    for _ in range(400):
        fear.feel(1.0, [Stimulus('bark', 1.0, 2.0)])
    worn = fear.sensitivity['bark']
    assert worn < 0.2
    fear.rest(2 * 86400.0)
    assert fear.sensitivity['bark'] > 0.8


def test_meaning_counts_more_than_noise():
    levels = {}
    for sound in ('bark', 'some_tone'):
        fear = Fear.draw(temperaments()['raccoon'], np.random.default_rng(0))
        fear.feel(3.0, [Stimulus(sound, 1.0, 3.0)])
        levels[sound] = fear.level
    assert levels['bark'] > 3 * levels['some_tone']


def test_two_kinds_at_once_work_better_than_their_sum():
    def level(*stimuli):
        fear = Fear.draw(temperaments()['raccoon'], np.random.default_rng(0))
        fear.feel(1.0, stimuli)
        return fear.level

    bark, light = Stimulus('bark', 1.0, 3.0), Stimulus('light', 1.0, 3.0)
    assert level(bark, light) > level(bark) + level(light)
