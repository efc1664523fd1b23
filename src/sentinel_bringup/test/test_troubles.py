"""A person hears of errors that last, and not of those that come and go."""

from sentinel_bringup.troubles import Troubles


def told(*heard):
    """Lines that come of (error, time) pairs of one name."""
    troubles = Troubles()
    return [line for error, now in heard if (line := troubles.hear('link', error, 'away', now))]


def test_an_error_that_lasts_is_told_once_a_minute():
    assert told(*((True, t) for t in range(100))) == ['link: away'] * 2


def test_an_error_that_passes_is_not_told():
    assert told((True, 0), (True, 4), (False, 5), (True, 6), (True, 10), (False, 11)) == []


def test_the_end_of_a_trouble_is_told_if_its_begin_was():
    assert told((True, 0), (True, 6), (False, 7), (False, 8)) == [
        'link: away',
        'link is well again',
    ]


def test_names_are_apart():
    troubles = Troubles()
    troubles.hear('a', True, 'x', 0)
    assert troubles.hear('b', True, 'y', 6) == ''
    assert troubles.hear('a', True, 'x', 6) == 'a: x'
