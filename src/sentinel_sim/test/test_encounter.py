"""Encounters by chance."""

from sentinel_sim.encounter import COMES, COMES_LATE, LIGHTS, encounter


def draw(seed, bodies=('raccoon', 'cat')):
    return encounter(bodies, seed, gardens=100, variants=(5, 9))


def test_the_same_seed_is_the_same_encounter_and_another_is_another_garden():
    assert draw(3) == draw(3)
    assert draw(3).garden == 103
    assert draw(4).garden == 104


def test_raccoons_feed_and_others_come_later():
    raccoon, cat = draw(3).animals
    assert (raccoon.plan, raccoon.enters) == ('forage', COMES)
    assert cat.plan in ('cross', 'wander')
    assert cat.enters == COMES_LATE
    assert all(5 <= animal.variant <= 9 for animal in (raccoon, cat))


def test_two_of_a_kind_have_names_of_their_own():
    assert len({a.name for a in draw(3, ('cat', 'cat')).animals}) == 2


def test_nobody_comes_to_an_empty_garden_and_every_light_is_drawn():
    assert draw(0, ()).animals == ()
    assert {draw(seed).light for seed in range(40)} == set(LIGHTS)
