import pytest
from sentinel_sim.pacing import Every, Pacer


def test_pacer_keeps_up_with_real_time():
    pacer = Pacer(0.02)
    assert pacer.due(100.0) == 0
    assert sum(pacer.due(100.0 + 0.01 * i) for i in range(1, 101)) == 50
    assert pacer.lost == 0


def test_pacer_gives_up_what_it_cannot_catch_up():
    pacer = Pacer(0.02, patience=0.2)
    pacer.due(0.0)
    assert pacer.due(5.0) == 10
    assert pacer.lost == pytest.approx(4.8)


def test_every_fires_at_its_rate_and_never_in_bursts():
    every = Every(10.0)
    assert sum(every.due(0.02 * i) for i in range(100)) == 20
    assert [every.due(9.0), every.due(9.0)] == [True, False]


def test_every_begins_anew_when_the_clock_goes_back():
    every = Every(10.0)
    assert every.due(600.0)
    assert sum(every.due(0.02 * i) for i in range(100)) == 20


def test_rate_of_nothing_never_fires():
    assert not Every(0.0).due(5.0)
