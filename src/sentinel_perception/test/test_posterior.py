"""How much the looks at a track say of its species."""

import numpy as np
import pytest
from sentinel_common.species import CAT, RACCOON, SPECIES
from sentinel_perception.posterior import Posterior

LOOK = {RACCOON: 0.8, CAT: 0.2}
RATIO = 0.82 / 0.22  # of this look; no score counts as less than 0.02


def row(scores, nothing=()):
    return np.array([*(scores.get(name, 0.0) for name in SPECIES), *nothing], np.float32)


def seen(*weights):
    posterior = Posterior()
    for weight in weights:
        posterior.update(row(LOOK), weight)
    return posterior


def power(posterior):
    """To which power of its ratio a look counts in ``posterior``."""
    likely = posterior.probabilities()
    assert sum(likely.values()) == pytest.approx(1.0)
    return np.log(likely[RACCOON] / likely[CAT]) / np.log(RATIO)


@pytest.mark.parametrize(
    ('weights', 'counts'),
    [
        ([1.0], 0.5),
        ([0.5], 0.25),
        ([1.0, 0.0], 0.5),  # who sees nothing of it forgets nothing, either
        ([1.0, 1.0], 0.95),
        ([1.0, 0.5], 0.5 * 0.9**0.5 + 0.25),
        ([1.0] * 200, 5.0),
    ],
)
def test_a_look_counts_half_and_ten_are_remembered(weights, counts):
    assert power(seen(*weights)) == pytest.approx(counts, rel=1e-4)


def test_second_looks_count_as_the_others_and_what_is_kept_of_both_is_the_same():
    posterior = seen(1.0)
    for _ in range(2):
        posterior.look_again(row(LOOK, [0.0]))
    assert power(posterior) == pytest.approx(0.5 + 0.95)
    posterior.keep(0.2)
    assert power(posterior) == pytest.approx(0.2 * (0.5 + 0.95))


def test_one_look_excludes_no_species():
    posterior = Posterior()
    posterior.update(row({RACCOON: 1.0}))
    assert posterior.probabilities()[CAT] == pytest.approx(
        1 / (len(SPECIES) - 1 + (1.02 / 0.02) ** 0.5)
    )
