"""Which of the errors in /diagnostics a person should hear of, and when."""

# Everything is an error while it starts; what lasts as long as this, s, is worth a line.
_LASTING = 5.0
# The same trouble is told again after, s.
_AGAIN = 60.0


class Troubles:
    """Follows the errors of all nodes by name."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._told: dict[str, float] = {}

    def hear(self, name: str, error: bool, message: str, now: float) -> str:
        """Take one status at the time ``now`` (s); return the line to tell, empty for none."""
        if not error:
            self._since.pop(name, None)
            return f'{name} is well again' if self._told.pop(name, None) is not None else ''
        since = self._since.setdefault(name, now)
        if now - since < _LASTING or now - self._told.get(name, -_AGAIN) < _AGAIN:
            return ''
        self._told[name] = now
        return f'{name}: {message}'
