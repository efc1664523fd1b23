"""Stretches of time in which a rule forbade to act.

The brain tells each change of the set of rules, often several in a second: for people they are one
stretch as long as they follow each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ..incidents.model import Hold

# Holds of one visit that are further apart than this are told apart, s.
_GAP = 10.0


@dataclass(frozen=True)
class Stretch:
    """Holds of one visit that follow each other; ``reasons``: the first sentence of each rule."""

    holds: tuple[Hold, ...]
    reasons: dict[str, str]

    @property
    def begin(self) -> float:
        """When the first one was told, s."""
        return self.holds[0].told

    @property
    def end(self) -> float:
        """When the last one was told, s."""
        return self.holds[-1].told

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of all rules, in the order in which they came up."""
        return tuple(self.reasons)


def stretches(holds: Iterable[Hold]) -> tuple[Stretch, ...]:
    """Put together what follows each other, in the order in which it began."""
    groups: dict[str, list[list[Hold]]] = {}
    for hold in sorted(holds, key=lambda h: h.told):
        of_visit = groups.setdefault(hold.visit_id, [])
        if not of_visit or hold.told - of_visit[-1][-1].told > _GAP:
            of_visit.append([])
        of_visit[-1].append(hold)
    found = [_stretch(group) for of_visit in groups.values() for group in of_visit]
    return tuple(sorted(found, key=lambda s: s.begin))


def _stretch(holds: list[Hold]) -> Stretch:
    reasons: dict[str, str] = {}
    for hold in holds:
        for number, rule in enumerate(hold.rules):
            reason = hold.reasons[number] if number < len(hold.reasons) else ''
            reasons.setdefault(rule, reason)
    return Stretch(tuple(holds), reasons)
