"""Errors that a person can mend."""


class SentinelError(Exception):
    """Something is wrong that a person can mend.

    ``str()`` gives one sentence that says what is wrong, and a second one with the cure, so that a
    command can print it as it is and end with a non-zero status. Packages derive their own types
    from it; nobody parses the text.
    """

    def __init__(self, reason: str, cure: str = '') -> None:
        super().__init__(f'{reason} {cure}'.strip())
        self.reason = reason
        self.cure = cure


class ConfigurationError(SentinelError):
    """A configuration file or a parameter does not fit its schema."""
