"""What every reader of ``safety_state`` keeps to."""

# A safety state older than this permits nothing, s: its sender or the way to it has failed.
PERMISSION_AGE = 0.5
