"""Times, counts and limits by which the brain decides."""

from dataclasses import dataclass

# An animal on its way out is observed so many times as long before the next stimulus.
MORE_TIME = 2.0


@dataclass(frozen=True)
class Settings:
    """What ``brain_parameters`` sets, and what no garden needs to change.

    An engagement:

    ``observe``: s after a stimulus within which a departure counts as its effect.
    ``absence``: s without a sight after which the animal has left.
    ``lost``: s without a sight after which a stimulus ends.
    ``stimuli``: per visit; then ``cool_down`` s of rest.
    ``pause``: s of rest after a stimulus that the guard cut short.
    ``held``: s for which rules hold fire before the log is told.
    ``first_step``: rung of the ladder that is open from the start of a visit.

    Faults: ``perception_timeout`` s is the age of the newest picture, ``battery_low`` and
    ``battery_ok`` (0..1) the charge below which it stops and above which it goes on.

    Time of day: spans of local hours (0..24); equal ends: never.

    Motion: ``home`` m from its place it is at home; it walks at ``walk`` m/s, turns at
    ``turn_gain`` 1/s times the angle, at most ``turn_rate`` rad/s, and faces what is within
    ``facing`` rad.
    """

    observe: float = 6.0
    absence: float = 5.0
    lost: float = 0.7
    stimuli: int = 6
    cool_down: float = 60.0
    pause: float = 3.0
    held: float = 0.5
    first_step: int = 1
    perception_timeout: float = 1.5
    battery_low: float = 0.15
    battery_ok: float = 0.25
    night: tuple[float, float] = (20.0, 7.0)
    quiet: tuple[float, float] = (22.0, 7.0)
    home: float = 0.3
    walk: float = 0.2
    turn_gain: float = 1.2
    turn_rate: float = 1.0
    facing: float = 0.15


SETTINGS = Settings()
