import argparse

import pytest
from sentinel_sim.bench import simulator
from sentinel_sim.bench.reflex import Reflex
from sentinel_sim.kinematic import KinematicWorld
from sentinel_sim.world import World

from sentinel_sim import scenarios


def without_skipping(world):
    reflex = Reflex()
    while not world.night.over:
        reflex.act(world)
        world.step()
    return world.truth()


def test_reflex_keeps_a_raccoon_out_of_the_bed():
    scenario = scenarios.load('raccoon_night')
    guarded = simulator.play(KinematicWorld(scenario, 2))
    alone = KinematicWorld(scenario, 2)
    while not alone.night.over:
        alone.step()
    assert guarded['visits'][0]['fled'] is not None
    assert guarded['raccoon_seconds_in_beds'] < 0.5 * alone.truth()['raccoon_seconds_in_beds']


def test_skipping_quiet_hours_changes_nothing_that_matters():
    scenario = scenarios.load('raccoon_returns')
    skipped = simulator.play(KinematicWorld(scenario, 4))
    lived = without_skipping(KinematicWorld(scenario, 4))
    assert len(skipped['visits']) == len(lived['visits'])
    for a, b in zip(skipped['visits'], lived['visits'], strict=True):
        assert a['entered'] == pytest.approx(b['entered'], abs=0.2)
        assert (a['fled'] is None) == (b['fled'] is None)


def test_same_seed_same_whole_night():
    scenario = scenarios.load('whole_night')
    first, second = (simulator.play(KinematicWorld(scenario, 3)) for _ in range(2))
    assert first == second
    assert first['seconds'] > 3600


def test_physics_and_drawing_board_tell_the_same_story():
    scenario = scenarios.load('raccoon_night')
    world = World(scenario, 3)
    physics = simulator.play(world)
    world.close()
    drawn = simulator.play(KinematicWorld(scenario, 3))
    ours, theirs = physics['visits'][0], drawn['visits'][0]
    assert ours['entered'] == pytest.approx(theirs['entered'], abs=0.1)
    assert ours['fled'] == pytest.approx(theirs['fled'], abs=2.0)
    assert physics['robot']['path_m'] == pytest.approx(drawn['robot']['path_m'], abs=0.4)
    assert physics['robot']['falls'] == 0


def test_robot_on_the_drawing_board_goes_where_it_is_told():
    world = KinematicWorld(scenarios.load('clutter_night'), 1)
    world.walk(0.2, 0.0, 0.0)
    for _ in range(round(1.0 / world.control_step)):
        world.step()
    assert (world.x, world.y) == (pytest.approx(0.2), pytest.approx(0.0))


def test_benchmark_refuses_a_length_of_nothing(capsys):
    parser = argparse.ArgumentParser()
    simulator.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(['--seconds', '0'])
    assert '--seconds: 0 is not above 0' in capsys.readouterr().err
