"""The garden as a gymnasium environment."""

import numpy as np
import pytest

pytest.importorskip('gymnasium', reason='gymnasium is not installed; ./sentinel setup has it')

from gymnasium.utils.env_checker import check_env
from sentinel_sim.gym import DETERRENTS, HALF_VIEW, SIGHT, GardenEnv
from sentinel_sim.scenarios import Scenario, Visitor

from sentinel_sim import scenarios

STILL = np.zeros(3, np.float32)


def play(env, seed, act):
    """Play one night; return the sum of every reward, and all observations."""
    observation, info = env.reset(seed=seed)
    sums, seen, done = dict.fromkeys(info['rewards'], 0.0), [observation], False
    while not done:
        observation, _, done, _, info = env.step(act(info))
        seen.append(observation)
        for name, value in info['rewards'].items():
            sums[name] += value
    return sums, np.array(seen)


def action(deterrent='none', cmd_vel=STILL):
    return {'deterrent': DETERRENTS.index(deterrent), 'cmd_vel': cmd_vel}


def test_the_checker_of_gymnasium_finds_nothing():
    check_env(GardenEnv(), skip_render_check=True)


def test_the_same_seed_gives_the_same_night():
    nights = [play(GardenEnv(), 5, lambda _: action())[1] for _ in range(2)]
    assert (nights[0] == nights[1]).all()


def test_tracks_lie_in_the_field_of_view():
    env = GardenEnv()
    for seed in range(5):
        _, info = env.reset(seed=seed)
        done = False
        while not done:
            for track in info['tracks']:
                assert abs(track.bearing) < HALF_VIEW + 0.1 and track.range <= SIGHT
            _, _, done, _, info = env.step(action(cmd_vel=np.array([0, 0, 0.3], np.float32)))


def test_a_bark_at_a_raccoon_is_worth_more_than_silence():
    def bark_at_raccoons(info):
        there = any(t.scores.get('raccoon', 0) > 0.5 for t in info['tracks'])
        return action('bark_light' if there else 'none')

    env = GardenEnv(scenarios.load('raccoon_night'))
    silent = sum(sum(play(env, s, lambda _: action())[0].values()) for s in range(5))
    barking = sum(sum(play(env, s, bark_at_raccoons)[0].values()) for s in range(5))
    assert barking > silent + 50


def test_a_bark_at_a_cat_costs():
    env = GardenEnv(scenarios.load('cat_visits'))
    sums, _ = play(env, 1, lambda info: action('bark' if info['tracks'] else 'none'))
    assert sums['household'] < 0


def test_walking_up_to_an_animal_costs():
    def chase(info):
        if not info['tracks']:
            return action()
        bearing = info['tracks'][0].bearing
        return action(cmd_vel=np.array([1.0, 0.0, np.clip(bearing * 2, -1, 1)], np.float32))

    env = GardenEnv(scenarios.load('person_walks_by'))  # who does not run away
    chased = sum(play(env, seed, chase)[0]['too_near'] for seed in range(5))
    watched = sum(play(env, seed, lambda _: action())[0]['too_near'] for seed in range(5))
    assert chased < watched


def test_an_animal_that_comes_up_to_a_robot_that_stands_costs_nothing():
    person = Visitor(kind='person', name='p', plan='wander', stays=(90.0, 90.0))
    night = Scenario(
        name='x', about='x', duration=120.0, light='ir', robot=(2.5, 0.0, 0.0), animals=(person,)
    )
    env = GardenEnv(night)
    for seed in range(5):
        sums, _ = play(env, seed, lambda _: action(cmd_vel=np.array([0, 0, 0.5], np.float32)))
        assert sums['too_near'] == 0
        assert env.world.night.truth()['visits'][0]['closest_distance'] < 0.6
