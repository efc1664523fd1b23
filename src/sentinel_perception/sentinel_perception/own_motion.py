"""In which pictures the robot itself is on its way, as far as its commands tell."""

from collections import deque

# A robot that was told to stand this long ago may still sway, s.
_STILL_AFTER = 0.7

# Without another command a walk counts for so long, s: a slow detector is a picture or two behind
# the command, which has the stamp of the picture that it answers, and the robot walks on meanwhile.
_WALKS_FOR = 1.5

# So many commands are kept; pictures wait for the model, and commands come at some ten per second.
_KEPT = 64


class OwnMotion:
    """Compares the stamps of commands with those of pictures; both in s of the same clock.

    When a message came does not matter: the same messages give the same answer, however busy the
    computer is.
    """

    def __init__(self) -> None:
        self._commands: deque[tuple[float, bool]] = deque(maxlen=_KEPT)
        self._walks = False
        self._newest: float | None = None

    def shown(self, stamp: float) -> None:
        """Note the newest picture; stamps that go back begin another story."""
        if self._newest is not None and stamp < self._newest:
            self._commands.clear()
        self._newest = stamp

    def commanded(self, stamp: float, *, walks: bool) -> None:
        """Note a command to walk, or to stand; 0 for one without a stamp.

        Such a one counts as given with the newest picture. Of stops only the first one counts.
        """
        when = stamp or self._newest
        if when is not None and (walks or self._walks):
            self._commands.append((when, walks))
        self._walks = walks

    def moves_at(self, stamp: float) -> bool:
        """Tell whether it walks, or still sways, in the picture of ``stamp``."""
        given = [command for command in list(self._commands) if command[0] <= stamp]
        if not given:
            return False
        # Of two with one stamp the one that came later is in force.
        when, walks = sorted(given, key=lambda command: command[0])[-1]
        return stamp - when < (_WALKS_FOR if walks else _STILL_AFTER)
