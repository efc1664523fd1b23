"""Spans of the day."""


def in_span(hour: float, start: float, end: float) -> bool:
    """Whether ``hour`` (0..24) lies between ``start`` and ``end``, which may cross midnight.

    Equal ends: never.
    """
    return start <= hour < end if start <= end else hour >= start or hour < end
