"""Where animals are, for a little while after they were seen there."""

from dataclasses import dataclass

from sentinel_common.detections import TargetFrame
from sentinel_common.geometry import Point, Pose

from .scene import Animal

# How long a place of an animal that is no longer seen still keeps the robot away, s.
ANIMAL_MEMORY = 3.0


@dataclass
class _Memory:
    position: Point  # in the locally steady frame of the dead reckoning
    sigma: float
    time: float
    entry: Point


class Animals:
    """Places of confirmed tracks in the locally steady frame of the dead reckoning."""

    def __init__(self) -> None:
        self._known: dict[str, _Memory] = {}

    def locate(self, frame: TargetFrame, captured: float, here: Pose) -> None:
        """Tracks stand at these places around the robot, which is ``here``."""
        for target in frame.targets:
            place = here.to_world((target.x, target.y))
            known = self._known.get(target.track_id)
            entry = known.entry if known else place
            self._known[target.track_id] = _Memory(place, target.range_sigma, captured, entry)
        self._known = {i: m for i, m in self._known.items() if captured - m.time <= ANIMAL_MEMORY}

    def move(self, before: Pose, after: Pose) -> None:
        """The robot is at ``after``, not at ``before``: the animals stay where they are to it."""
        for memory in self._known.values():
            memory.position = after.to_world(before.to_base(memory.position))
            memory.entry = after.to_world(before.to_base(memory.entry))

    def at(self, now: float, here: Pose) -> tuple[Animal, ...]:
        """Those that were seen of late, around the robot, which is ``here``."""
        return tuple(
            Animal(i, here.to_base(m.position), m.sigma, now - m.time, here.to_base(m.entry))
            for i, m in self._known.items()
            if now - m.time <= ANIMAL_MEMORY
        )
