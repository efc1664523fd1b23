"""The behaviour tree: leaves, and their assembly from a data file."""
