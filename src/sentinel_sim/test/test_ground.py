"""Slopes and the fence: animals follow the ground, a raccoon comes over the boards."""

import mujoco
import numpy as np
import pytest
from sentinel_sim.agents import Agent, Sentinel, State
from sentinel_sim.fear import temperaments
from sentinel_sim.layout import FENCE_HEIGHT, LAYOUT, POSTS
from sentinel_sim.scenarios import Visitor

from sentinel_sim import garden, relief, scenarios, world

AWAY = Sentinel()


def climber(**values):
    over = len(LAYOUT.gaps)
    visitor = Visitor(kind='raccoon', name='one', gap=over, bed=0, stays=(20.0, 20.0), **values)
    return Agent(visitor, temperaments()['raccoon'], np.random.default_rng(4), stride=0.3)


def live(one, seconds, sentinel=AWAY, start=0.0):
    """Place, height and pitch after every step."""
    track = []
    for i in range(round(seconds / 0.05)):
        one.step(start + i * 0.05, 0.05, sentinel)
        track.append((one.x, one.z, one.lean))
    return np.array(track)


def test_raccoon_climbs_over_the_fence_nose_up_then_head_first():
    one = climber()
    x, z, lean = live(one, 20).T
    top = int(np.argmax(z))
    assert z[top] == pytest.approx(FENCE_HEIGHT, abs=0.05)
    assert lean[:top].min() < -1.2 and lean[top:].max() > 1.2
    assert (np.diff(x[: top + 40]) <= 1e-9).all()  # never back
    assert one.inside and one.z == 0.0


def test_raccoon_that_has_climbed_in_climbs_out():
    one = climber()
    track = live(one, 70)
    assert one.state is State.GONE
    leaving = track[400:]  # it is inside since about 12 s
    assert leaving[:, 1].max() == pytest.approx(FENCE_HEIGHT, abs=0.05)


def test_a_bark_turns_it_back_on_the_fence():
    one = climber()
    while one.z < 0.6:
        one.step(0.0, 0.05, AWAY)
    track = live(one, 15, Sentinel(x=4.0, sound='bark', volume=1.0))
    assert one.state is State.GONE
    assert track[:, 0].min() > 5.9  # it never came in


def test_level_ground_is_level():
    along = np.linspace(-8, 8, 50)
    assert not relief.height(along, along, 0.0).any()


@pytest.mark.parametrize('bed', LAYOUT.beds)
def test_beds_shed_and_pond_stand_on_level_ground(bed):
    corners = [(bed.x + i * bed.half_x, bed.y + j * bed.half_y) for i in (-1, 1) for j in (-1, 1)]
    for x, y in (*corners, LAYOUT.shed, LAYOUT.pond):
        assert float(relief.height(x, y, 1.0)) < 0.02


def test_the_lawn_of_the_model_is_the_lawn_of_the_animals():
    model = garden.build(3, slopes=1.0).compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    ground = model.geom('ground').id
    for x, y in ((1.0, -0.5), (1.4, -0.3), (4.6, 0.3), (5.6, -0.9), (0.0, 0.0)):
        down = np.array([0.0, 0.0, -1.0])
        start = np.array([x, y, 3.0])
        distance = mujoco.mj_rayHfield(model, data, ground, start, down, None)
        assert 3.0 - distance == pytest.approx(float(relief.height(x, y, 1.0)), abs=0.004)


def test_robot_walks_over_the_mound():
    scenario = scenarios.parse(
        'mound',
        {
            'about': 'nobody comes',
            'duration': 60,
            'light': 'day',
            'slopes': 1.0,
            'robot': {'x': 0.2, 'y': -0.5},
            'animals': [],
        },
        'test',
    )
    w = world.World(scenario, 1)
    w.walk(0.2, 0.0, 0.0)
    highest = 0.0
    for _ in range(round(10 / w.control_step)):
        w.step()
        highest = max(highest, float(w.robot().position[2]))
    assert w.robot().position[0] > relief.MOUND[0] + 0.4
    assert highest > 0.12  # base_link is 7 cm above the ground that it stands on
    assert w.truth()['robot']['falls'] == 0


def test_raccoon_stands_on_the_bank():
    w = world.World(scenarios.load('raccoon_slopes'), 1)
    while w.night.agents[0].x > 4.6:
        w.step()
    w.pose_animals()
    place = w.data.mocap_pos[w.model.body(f'animal/{w.night.agents[0].visitor.name}').mocapid[0]]
    assert place[2] == pytest.approx(w.ground(*place[:2])) and place[2] > 0.05


def test_two_robots_walk_in_one_garden_and_see_each_other():
    scenario = scenarios.load('raccoon_day')
    w = world.World(scenario, 1, robots=2)
    first, second = w.bodies
    second.walk(0.2, 0.0, 0.0)
    for _ in range(150):
        w.step()
    eyes = [w.eye(0), w.eye(1)]
    places = [b.state().position[:2] for b in w.bodies]
    truth = w.truth()
    w.close()
    assert np.hypot(*(places[0] - POSTS[0][:2])) < 0.05
    assert places[1][0] - POSTS[1][0] > 0.3
    assert (eyes[0] != eyes[1]).mean() > 0.5
    assert [r['falls'] for r in truth['robots']] == [0, 0]
    assert first.mekamon is not second.mekamon


def test_an_animal_hears_whichever_robot_barks():
    one = climber()
    for i in range(600):
        one.step(i * 0.05, 0.05, AWAY)
    before = one.fear.level
    silent, barking = Sentinel(x=-3.0), Sentinel(x=0.0, y=-1.0, sound='bark', volume=1.0)
    one.step(30.0, 0.05, silent, barking)
    assert one.fear.level > before
