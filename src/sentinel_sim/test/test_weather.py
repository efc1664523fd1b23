import mujoco
import numpy as np
import pytest
from sentinel_sim.camera_model import CameraModel
from sentinel_sim.scenarios import Weather
from sentinel_sim.weather import WeatherView, Wind

from sentinel_sim import garden

DARK = np.full((480, 640, 3), 20, np.uint8)


def view(seed=0, **weather):
    camera = CameraModel(np.random.default_rng(0), size=(640, 480), fovy=45)
    return WeatherView(Weather(**weather), np.random.default_rng(seed), camera)


def test_clear_sky_leaves_the_picture_alone():
    assert (view().draw(DARK, 'ir', 1.0) == DARK).all()


@pytest.mark.parametrize('weather', [{'rain': 1.0}, {'insects': 1.0}])
def test_weather_shines_in_the_lamp_and_is_never_twice_the_same(weather):
    sky = view(**weather)
    first, second = sky.draw(DARK, 'ir', 0.1), sky.draw(DARK, 'ir', 0.2)
    assert first.max() > 100
    assert (first != second).any()


@pytest.mark.parametrize('weather', [{'rain': 1.0}, {'insects': 1.0}])
def test_same_seed_same_weather(weather):
    one, two = (view(5, **weather).draw(DARK, 'ir', 0.1) for _ in range(2))
    assert (one == two).all()


def test_insects_need_the_lamp():
    assert (view(insects=1.0).draw(DARK, 'day', 0.1) == DARK).all()


def test_insects_fly_on_as_time_passes_and_stay_before_the_lens():
    sky = view(insects=1.0)
    for i in range(200):
        sky.draw(DARK, 'ir', 0.1 * i)
    # Whatever leaves comes back elsewhere, so the picture never empties.
    assert sky.draw(DARK, 'ir', 20.1).max() > 100


def test_wind_moves_plants_and_nothing_else():
    model = garden.build(3).compile()
    before = model.geom_quat.copy()
    Wind(model, 1.0).blow(model, 1.3)
    moved = np.flatnonzero((model.geom_quat != before).any(1))
    assert len(moved) > 50
    assert (model.geom_group[moved] == garden.GROUP_PLANTS).all()
    turn = 2 * np.arccos(np.clip(np.abs((model.geom_quat * before).sum(1)), 0, 1))
    assert turn.max() < 0.2  # rad: plants bend, they do not fall


def test_still_air_leaves_the_plants_alone():
    model = garden.build(3).compile()
    before = model.geom_quat.copy()
    Wind(model, 0.0).blow(model, 1.3)
    assert (model.geom_quat == before).all()
    assert mujoco.mjtGeom.mjGEOM_MESH in model.geom_type
