"""Types of arguments of commands; argparse says what they refuse."""

import argparse
from collections.abc import Callable


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return the type of a whole number from ``low`` on, up to ``high`` where that is given."""

    def number(text: str) -> int:
        value = int(text) if text.isdecimal() else low - 1
        if value < low or (high is not None and value > high):
            upwards = 'on' if high is None else f'to {high}'
            raise argparse.ArgumentTypeError(f'{text!r} is no whole number from {low} {upwards}')
        return value

    return number


def seconds(text: str) -> float:
    """Return a time above 0, s."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is no number of seconds') from None
    if not value > 0:
        raise argparse.ArgumentTypeError(f'{text} is not above 0')
    return value
