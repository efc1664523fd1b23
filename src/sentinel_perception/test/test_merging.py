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


def test_a_small_animal_in_front_of_a_big_one_stays():
    merged = merge(
        [(WHOLE, candidates((100, 50, 400, 450, 3, 0.9), (200, 300, 280, 380, 1, 0.5)))], WHOLE
    )
    assert len(merged) == 2


def test_nothing_stays_nothing():
    assert len(merge([(WHOLE, Candidates.none())], WHOLE)) == 0
