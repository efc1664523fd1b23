"""One animal, one box, whatever the tiles show of it."""

import numpy as np
from sentinel_perception.detector.port import Candidates, Region
from sentinel_perception.merging import merge, suppress

WHOLE = Region(0, 0, 640, 480)


def candidates(*rows):
    boxes = np.array([row[:4] for row in rows], np.float32)
    scores = np.zeros((len(rows), 5), np.float32)
    for i, row in enumerate(rows):
        scores[i, row[4]] = row[5]
    return Candidates(boxes, scores)


def test_overlapping_boxes_become_the_best_one_and_keep_the_doubt():
    merged = suppress(candidates((0, 0, 100, 100, 0, 0.6), (5, 5, 105, 100, 1, 0.4)))
    assert merged.boxes.tolist() == [[0, 0, 100, 100]]
    assert np.allclose(merged.scores[0], [0.6, 0.4, 0, 0, 0])


def test_two_animals_side_by_side_stay_two():
    assert len(suppress(candidates((0, 0, 100, 100, 0, 0.6), (80, 0, 180, 100, 0, 0.5)))) == 2


def test_half_an_animal_at_the_edge_of_a_tile_gives_way():
    tile = Region(0, 0, 350, 275)
    merged = merge(
        [
            (WHOLE, candidates((300, 100, 420, 200, 0, 0.5))),
            (tile, candidates((300, 100, 350, 200, 1, 0.9))),
        ],
        WHOLE,
    )
    assert merged.boxes.tolist() == [[300, 100, 420, 200]]
    assert merged.scores[0, 1] == 0


def test_half_an_animal_whose_box_is_off_gives_way_to_what_the_tile_shows_of_the_whole():
    tile = Region(0, 0, 350, 250)
    body = (86, 68, 411, 359, 0, 0.7)
    half = (68, 0, 330, 250, 0, 0.9)  # ends at the tile; 0.63 of it lies in the body
    assert merge([(WHOLE, candidates(body)), (tile, candidates(half))], WHOLE).boxes.tolist() == [
        list(body[:4])
    ]
    dog = (*half[:4], 2, 0.9)
    assert len(merge([(WHOLE, candidates(body)), (tile, candidates(dog))], WHOLE)) == 2


def test_a_small_animal_in_front_of_a_big_one_stays():
    merged = merge(
        [(WHOLE, candidates((100, 50, 400, 450, 3, 0.9), (200, 300, 280, 380, 1, 0.5)))], WHOLE
    )
    assert len(merged) == 2


def test_nothing_stays_nothing():
    assert len(merge([(WHOLE, Candidates.none())], WHOLE)) == 0


def test_a_head_in_a_body_is_one_animal_with_the_box_of_the_body():
    merged = suppress(candidates((60, 10, 95, 45, 0, 0.7), (0, 0, 100, 60, 0, 0.5)))
    assert merged.boxes.tolist() == [[0, 0, 100, 60]]
    assert merged.scores[0, 0] == np.float32(0.7)


def test_a_cat_box_in_a_raccoon_box_is_one_animal_and_the_doubt_stays():
    merged = suppress(candidates((0, 0, 100, 60, 0, 0.6), (5, 5, 60, 55, 1, 0.5)))
    assert len(merged) == 1
    assert np.allclose(merged.scores[0], [0.6, 0.5, 0, 0, 0])


def test_a_cat_beside_a_raccoon_is_not_hidden_by_a_box_around_both():
    rows = [(0, 0, 80, 60, 0, 0.7), (85, 5, 150, 60, 1, 0.5), (0, 0, 150, 60, 0, 0.6)]
    merged = suppress(candidates(*rows))
    assert merged.boxes.tolist() == [[0, 0, 80, 60], [85, 5, 150, 60]]
    assert merged.scores[1].argmax() == 1


def test_a_cat_in_the_arms_of_a_person_stays_a_cat():
    merged = suppress(candidates((0, 0, 100, 240, 3, 0.9), (20, 60, 80, 120, 1, 0.3)))
    assert len(merged) == 2


def test_a_speck_in_a_big_box_is_another_animal():
    assert len(suppress(candidates((0, 0, 200, 200, 2, 0.9), (90, 90, 130, 130, 1, 0.3)))) == 2


def test_a_dog_that_a_raccoon_stands_before_is_not_hidden():
    """Boxes of the shipped detector on a rendered frame with an opossum in front of a raccoon."""
    merged = suppress(candidates((174, 183, 343, 271, 0, 0.8), (82, 188, 343, 479, 2, 0.4)))
    assert len(merged) == 2
    assert merged.scores[1, 2] == np.float32(0.4)


def test_two_boxes_of_one_raccoon_in_two_tiles_are_one():
    """Boxes of the shipped detector on a rendered frame with one raccoon, close by."""
    rows = [(0, 114, 492, 350, 0, 0.83), (0, 112, 357, 269, 4, 0.31)]
    merged = suppress(candidates(*rows))
    assert merged.boxes.tolist() == [[0, 114, 492, 350]]
    assert merged.scores[0, 4] == np.float32(0.31)
