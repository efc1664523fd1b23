"""What the recorder asks of a store, and what a store may answer instead."""

import errno
from typing import Protocol

from sentinel_common.errors import SentinelError

from .model import Incident, Picture, Sound

# What a full disk says; later there may be room.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class StoreError(SentinelError):
    """The incident log cannot be read or written; ``passing`` where a later try may succeed."""

    def __init__(self, reason: str, cure: str = '', *, passing: bool = False) -> None:
        super().__init__(reason, cure)
        self.passing = passing


class IncidentStore(Protocol):
    """Port: what the recorder asks of a store.

    Each call is durable when it returns, or raises StoreError.
    """

    def record(self, incident: Incident, told: float) -> None:
        """Keep ``incident``, which was heard of at ``told`` (s)."""
        ...

    def add_picture(self, picture: Picture) -> None:
        """Keep what is known of a stored picture."""
        ...

    def add_sound(self, sound: Sound) -> None:
        """Keep that a sound was made."""
        ...

    def mark(self, visit_id: str, false_alarm: bool, note: str = '') -> None:
        """Say that a visit was a false alarm, or take that back."""
        ...

    def alive(self, now: float, again: bool = False) -> None:
        """Note that the recorder still listens at ``now`` (s), or ``again`` after a pause."""
        ...

    def forget(self, before: float) -> int:
        """Delete what began before ``before`` (s); return the number of visits deleted."""
        ...

    def believed(self, now: float) -> float:
        """Return how much of ``now`` (s) may be believed: less, where the clock is far ahead."""
        ...

    def picture_paths(self) -> frozenset[str]:
        """Paths of all pictures that are known, relative to the folder."""
        ...

    def close(self) -> None:
        """Close the store; a second call does nothing."""
        ...
