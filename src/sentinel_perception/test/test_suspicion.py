"""What several looks at a thing say of a person, cat or dog."""

import numpy as np
import pytest
from sentinel_common.species import SPECIES
from sentinel_perception.suspicion import Suspicion

CAT = SPECIES.index('cat')
NOTHING = len(SPECIES)
LEVEL = 0.2  # of the guard


def cat(score):
    scores = np.zeros(len(SPECIES), np.float32)
    scores[CAT] = score
    return scores


def after(looks, *, stays, weight=1.0):
    suspicion = Suspicion()
    for look in looks:
        suspicion.update(None if look is None else cat(look), weight, stays=stays)
    return suspicion


def test_one_sure_look_is_believed_at_once():
    assert after([0.8], stays=True).highest >= LEVEL


def test_one_faint_look_is_not():
    assert after([0.45], stays=False).highest < LEVEL


@pytest.mark.parametrize('stays', [True, False])
def test_a_faint_cat_in_every_look_is_believed_by_the_third(stays):
    assert after([0.42] * 3, stays=stays).highest >= LEVEL


def test_a_far_cat_needs_more_looks_but_is_believed_as_well():
    assert after([0.42] * 3, stays=False, weight=0.3).highest < LEVEL
    assert after([0.42] * 12, stays=False, weight=0.3).highest >= LEVEL


def test_a_leaf_that_is_a_cat_in_one_look_of_five_is_not_believed():
    suspicion = after([None] * 4, stays=True)
    for _ in range(20):
        suspicion.update(cat(0.6), 1.0, stays=True)
        assert suspicion.highest < LEVEL
        for _ in range(4):
            suspicion.update(None, 1.0, stays=True)


@pytest.mark.parametrize(('score', 'believed'), [(0.3, False), (0.4, True), (0.6, True)])
def test_what_never_moved_must_be_clearer(score, believed):
    assert (after([score] * 40, stays=True).highest >= LEVEL) is believed
    assert after([score] * 40, stays=False).highest >= LEVEL


def test_what_never_moved_is_no_furniture_before_a_dozen_close_looks():
    assert after([0.3] * 17, stays=True).highest >= LEVEL  # 11.6 of them are remembered
    assert after([0.3] * 20, stays=True).highest < LEVEL


def test_what_moves_is_judged_anew_sooner_than_what_stays():
    moved, still = after([None] * 20, stays=True), after([None] * 20, stays=True)
    for _ in range(4):
        moved.update(cat(0.7), 1.0, stays=False)
        still.update(cat(0.7), 1.0, stays=True)
    assert moved.highest > LEVEL > still.highest


def test_a_raccoon_raises_no_suspicion():
    scores = np.zeros(len(SPECIES), np.float32)
    scores[SPECIES.index('raccoon')] = 0.9
    suspicion = Suspicion()
    suspicion.update(scores, 1.0, stays=False)
    assert suspicion.highest == 0.0


def test_far_looks_count_less_than_close_ones():
    assert after([0.9], stays=False, weight=0.2).highest < after([0.9], stays=False).highest


def second(name, share=0.95):
    answer = np.full(len(SPECIES) + 1, (1.0 - share) / len(SPECIES), np.float32)
    answer[NOTHING if name == 'nothing' else SPECIES.index(name)] = share
    return answer


def looked_again(answers, score=0.45, looks=5):
    suspicion = after([score] * looks, stays=False)
    for answer in answers:
        suspicion.look_again(answer)
    return suspicion


@pytest.mark.parametrize('name', ['raccoon', 'nothing'])
def test_a_faint_cat_that_is_a_raccoon_or_nothing_at_a_second_look_is_not_believed(name):
    assert looked_again([]).highest >= LEVEL
    assert looked_again([second(name)] * 2).highest < LEVEL


@pytest.mark.parametrize('name', ['cat', 'dog', 'person', 'other_animal'])
def test_any_other_second_look_takes_nothing_away_and_adds_nothing(name):
    answers = [second(name)] * 5
    assert looked_again(answers).scores.tolist() == looked_again([]).scores.tolist()


def test_no_second_look_takes_a_clear_cat_away():
    assert looked_again([second('nothing', 1.0)] * 50, score=0.7, looks=50).highest >= LEVEL


def test_who_steps_where_nothing_was_is_believed_after_three_second_looks():
    before = [second('nothing', 1.0)] * 50
    assert looked_again(before).highest < LEVEL
    assert looked_again([*before, *[second('person')] * 3]).highest >= LEVEL


def test_second_looks_do_not_change_what_the_detector_says_alone():
    assert looked_again([second('nothing', 1.0)] * 9).detected == looked_again([]).highest
