"""Trials that the owner can switch on.

Without them nobody knows whether the sentinel does anything. A share of the visits gets nothing
(hold-out), another a sound that means nothing (neutral: it separates any noise from a predator;
Crawford 2018). With A/A all visits are treated alike under two names, which shows how far apart
chance alone drives two groups.
"""

import random
from dataclasses import dataclass

from sentinel_common.errors import ConfigurationError

TREATMENT, HOLD_OUT, NEUTRAL = 'treatment', 'hold_out', 'neutral'


@dataclass(frozen=True)
class Trial:
    """Shares of visits, 0..1; the rest is treated.

    ``a_a``: also toss for one of two equal groups. Raises ConfigurationError where the shares
    are more than all.
    """

    hold_out: float = 0.0
    neutral: float = 0.0
    a_a: bool = False

    def __post_init__(self) -> None:
        """Check the shares."""
        if self.hold_out + self.neutral > 1:
            raise ConfigurationError(
                f'hold_out ({self.hold_out:g}) and neutral ({self.neutral:g}) are shares of the '
                'same visits.',
                'Together they must be at most 1.',
            )

    @property
    def has_arms(self) -> bool:
        """Whether some visits are left alone, or get the control sound, by chance."""
        return self.hold_out + self.neutral > 0

    def assign(self, chance: random.Random) -> tuple[str, str]:
        """Arm and group ('' without A/A) of the next visit.

        Always draws twice: a switch shifts no later draw.
        """
        arm, group = chance.random(), chance.random()
        which = TREATMENT
        if arm < self.hold_out:
            which = HOLD_OUT
        elif arm < self.hold_out + self.neutral:
            which = NEUTRAL
        return which, ('A' if group < 0.5 else 'B') if self.a_a else ''


NO_TRIAL = Trial()
