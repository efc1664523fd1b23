"""Measurements of the driver against the emulated robot: ``./sentinel bench driver``."""
