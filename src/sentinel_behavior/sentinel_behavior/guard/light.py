"""What the guard knows of the head light: whether it shines, and how much it did."""

from sentinel_common.hourly import HourlyUse

# Light that nobody asked for so long counts as off, s: the rule ``light_silence`` forbade it half a
# second before, so it is out by now and may be asked for again.
FORGOTTEN = 2.0


class Light:
    """Hears who asks for light; all times are s of the guard's clock."""

    def __init__(self) -> None:
        self._use = HourlyUse()
        self._since: float | None = None
        self._asked = 0.0

    def ask(self, on: bool, now: float) -> None:
        """The head light was asked to be on or off."""
        if on:
            self._since = now if self._since is None else self._since
            self._asked = now
        elif self._since is not None:
            self._use.add(self._since, now)
            self._since = None

    def age(self, now: float) -> float | None:
        """Seconds since somebody asked for the light that shines; None where it is off."""
        if self._since is not None and now - self._asked > FORGOTTEN:
            self.ask(False, now)
        return None if self._since is None else max(0.0, now - self._asked)

    def used(self, now: float) -> float:
        """Seconds of light since an hour ago."""
        return self._use.used(now) + (0.0 if self._since is None else now - self._since)
