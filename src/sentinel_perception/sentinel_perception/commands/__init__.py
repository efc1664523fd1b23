"""Commands that this package offers to ``./sentinel``."""
