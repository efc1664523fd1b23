"""Positions from the ground plane and the size, and how sure they are."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from sentinel_common.detections import Box
from sentinel_perception.position import Intrinsics, locate
from sentinel_perception.settings import Settings

CAMERA = Intrinsics.from_field_of_view(640, 480, math.radians(45))
RACCOON = {'raccoon': 1.0}


def box_at(distance, lateral=0.0, height=0.30, camera_height=0.105):
    """Box of an animal that stands ``distance`` m in front of the camera."""
    bottom = CAMERA.cy + CAMERA.fy * camera_height / distance
    tall = CAMERA.fy * height / distance
    x = CAMERA.cx - CAMERA.fx * lateral / distance
    return Box(x - tall, bottom - tall, 2 * tall, tall)


@pytest.mark.parametrize('distance', [1.0, 2.0, 3.0, 5.0])
@pytest.mark.parametrize('lateral', [0.0, 0.4, -0.4])
def test_both_cues_agree_on_a_raccoon_of_usual_size(distance, lateral):
    target = locate('1', box_at(distance, lateral), RACCOON, CAMERA, Settings())
    assert target.x == pytest.approx(distance + 0.075, rel=0.02)
    assert target.y == pytest.approx(lateral, abs=0.02)
    assert target.z == -0.075


def test_the_size_steadies_what_one_degree_of_pitch_would_ruin():
    tilted = box_at(3.0)
    tilted = Box(tilted.x, tilted.y - 10, tilted.width, tilted.height)  # one degree is 10 px
    alone = 0.105 / math.tan(math.atan((tilted.bottom - CAMERA.cy) / CAMERA.fy))
    fused = locate('1', tilted, RACCOON, CAMERA, Settings()).x - 0.075
    assert alone > 5.5
    assert 2.5 < fused < 4.0


def test_uncertainty_grows_with_distance():
    spread = [locate('1', box_at(d), RACCOON, CAMERA, Settings()).variance_x for d in (1, 2, 4)]
    assert spread[0] < spread[1] < spread[2]


def test_a_box_that_touches_the_lower_edge_is_near():
    cut = Box(200, 200, 300, 280)
    assert locate('1', cut, RACCOON, CAMERA, Settings()).x - 0.075 < 0.3


@pytest.mark.parametrize('distance', [0.3, 0.5, 1.0, 1.5, 2.0])
def test_a_person_whose_head_is_above_the_picture_is_no_farther_than_the_feet_say(distance):
    whole = box_at(distance, height=1.7)
    seen = Box(whole.x, 0, whole.width, whole.bottom)
    target = locate('1', seen, {'person': 1.0}, CAMERA, Settings())
    told, sigma = target.x - 0.075, math.sqrt(target.variance_x)
    assert told - 1.645 * sigma < distance < told + 1.645 * sigma


def test_what_is_seen_of_a_body_that_is_cut_above_may_say_that_it_is_nearer():
    """The feet seem far where the camera sways up."""
    seen = Box(200, 0, 200, 250)
    feet = 0.105 / ((seen.bottom - CAMERA.cy) / CAMERA.fy)
    assert locate('1', seen, RACCOON, CAMERA, Settings()).x - 0.075 < 0.5 * feet


def test_a_box_above_the_horizon_is_far_and_unsure():
    target = locate('1', Box(300, 100, 10, 8), RACCOON, CAMERA, Settings())
    assert target.x > 8
    assert target.variance_x > 4


def test_an_unknown_species_widens_the_range():
    box = box_at(3.0)
    sure = locate('1', box, RACCOON, CAMERA, Settings()).variance_x
    unsure = locate('1', box, {'raccoon': 0.5, 'person': 0.5}, CAMERA, Settings()).variance_x
    assert unsure > sure


def test_a_camera_on_the_wall_looks_down():
    settings = Settings(
        camera_x=0.0, camera_z=3.0, body_height=0.0, camera_pitch=0.5, pitch_sigma=0.01
    )
    distance, below = 5.0, 3.0
    angle = math.atan2(below, distance) - 0.5
    bottom = CAMERA.cy + CAMERA.fy * math.tan(angle)
    tall = CAMERA.fy * 0.3 * math.cos(angle + 0.5) / math.hypot(distance, below) * 1.0
    target = locate('1', Box(310, bottom - tall, 2 * tall, tall), RACCOON, CAMERA, settings)
    assert target.x == pytest.approx(distance, rel=0.1)


@pytest.mark.parametrize(('pitch', 'above'), [(0.0, 0.105), (0.2, 0.105), (0.4, 2.5), (0.6, 2.5)])
def test_what_stands_aside_is_told_where_it_is_however_the_camera_looks_down(pitch, above):
    settings = Settings(camera_x=0.0, camera_z=above, body_height=0.0, camera_pitch=pitch)
    ahead, left = 3.0, 1.0
    sine, cosine = math.sin(pitch), math.cos(pitch)

    def seen(height):
        depth = cosine * ahead + sine * (above - height)
        down = cosine * (above - height) - sine * ahead
        return CAMERA.cx - CAMERA.fx * left / depth, CAMERA.cy + CAMERA.fy * down / depth

    (x, bottom), (_, top) = seen(0.0), seen(0.30)
    box = Box(x - (bottom - top), top, 2 * (bottom - top), bottom - top)
    target = locate('1', box, RACCOON, CAMERA, settings)
    assert target.y / target.x == pytest.approx(left / ahead, rel=0.01)
    assert target.x == pytest.approx(ahead, rel=0.05)


@pytest.mark.parametrize('pitch', [1.2, 1.3, 1.4, 1.5])
def test_what_is_below_or_behind_a_camera_that_looks_down_is_near(pitch):
    settings = Settings(camera_x=0.0, camera_z=2.5, body_height=0.0, camera_pitch=pitch)
    # Its size alone says 3 m along the line of sight, its feet that it is below the camera.
    target = locate('1', Box(300, 400, 60, 60), RACCOON, CAMERA, settings)
    assert target.x < 1.5


WIDE = Intrinsics(320.0, 320.0, 320.0, 240.0, 640, 480)
LENSES = [
    ('plumb_bob', (-0.3, 0.1, 0.001, 0.001, 0.0)),
    ('rational_polynomial', (-0.3, 0.1, 0.001, 0.001, 0.0, 0.01, 0.0, 0.0)),
    ('equidistant', (-0.02, 0.003, 0.0, 0.0)),
]


def through(lens, points):
    """Points (N, 2) of ``WIDE``, px, as it shows them with this lens."""
    model, coefficients = lens
    project = cv2.fisheye.projectPoints if model == 'equidistant' else cv2.projectPoints
    matrix = np.array([[320.0, 0, 320], [0, 320.0, 240], [0, 0, 1]])
    rays = [[[(x - 320) / 320, (y - 240) / 320, 1.0]] for x, y in points]
    none = np.zeros(3)
    return project(np.array(rays), none, none, matrix, np.array(coefficients))[0].reshape(-1, 2)


@pytest.mark.parametrize('lens', LENSES, ids=[model for model, _ in LENSES])
@pytest.mark.parametrize('x', [80.0, 320.0, 560.0])
def test_the_distortion_of_the_lens_moves_no_animal(lens, x):
    straight = Box(x - 20, 255, 40, 40)
    (_, top), (middle, bottom) = through(lens, [(x, 255), (x, 295)])
    shown = Box(middle - 20, top, 40, bottom - top)
    camera = replace(WIDE, model=lens[0], distortion=lens[1])
    wanted, target = (
        locate('1', box, RACCOON, c, Settings()) for box, c in ((straight, WIDE), (shown, camera))
    )
    assert (target.x, target.y) == pytest.approx((wanted.x, wanted.y), rel=0.01, abs=0.005)


@pytest.mark.parametrize(
    ('model', 'distortion'),
    [
        ('plumb_bob', (0.0,) * 5),
        ('plumb_bob', (-0.3,)),
        ('thin_prism', (0.1,) * 5),
        ('plumb_bob', (50.0, -900.0, 3.0, 1.0, 1.0)),
        ('equidistant', (math.nan, 0.0, 0.0, 0.0)),
    ],
    ids=['none', 'too few', 'unknown', 'impossible', 'no number'],
)
def test_a_lens_that_cannot_be_used_changes_nothing(model, distortion):
    camera, box = replace(WIDE, model=model, distortion=distortion), Box(500, 255, 40, 40)
    assert locate('1', box, RACCOON, camera, Settings()) == locate(
        '1', box, RACCOON, WIDE, Settings()
    )


def test_half_the_pixels_of_the_same_view_have_half_the_focal_length():
    assert CAMERA.scaled(320, 240) == Intrinsics.from_field_of_view(320, 240, math.radians(45))
