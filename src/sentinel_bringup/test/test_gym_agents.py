"""Agents play in the gymnasium environment: the tree is better than chance and than nothing."""

import pytest

pytest.importorskip('gymnasium', reason='gymnasium is not installed; ./sentinel setup has it')

from sentinel_bringup.gym_agents import compare
from sentinel_bringup.gym_train import Linear, mean_return, train
from sentinel_sim.gym import GardenEnv


@pytest.fixture(scope='module')
def table():
    return compare(6)


def test_the_tree_keeps_raccoons_out_of_the_beds(table):
    assert table['tree']['in_bed'] > 0.7 * table['idle']['in_bed']


def test_the_tree_leaves_people_and_pets_alone(table):
    assert table['tree']['household'] == 0.0
    assert table['chance']['household'] < 0.0


def test_the_tree_is_worth_more_than_chance_and_than_nothing(table):
    assert table['tree']['total'] > max(table['chance']['total'], table['idle']['total'])


def test_a_trained_policy_is_worth_more_than_doing_nothing():
    weights = train(4, seed=1, population=12, nights=2)
    env, unseen = GardenEnv(), range(6)
    trained, untrained = (mean_return(env, Linear(w), unseen) for w in (weights, 0 * weights))
    assert trained > untrained
