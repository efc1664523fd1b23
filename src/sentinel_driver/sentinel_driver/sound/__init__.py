"""Sounds: made by ``synthesis``, read by ``wav``, played by ``players``, bounded by ``budget``."""
