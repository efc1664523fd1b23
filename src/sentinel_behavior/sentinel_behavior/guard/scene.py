"""What the guard knows at one instant, as plain values; every rule judges this and nothing else.

Times are seconds of one clock (the steady clock of the node, the simulated time of a lock-step
run). An age of None means that the input was never heard.
"""

import math
from dataclasses import dataclass

from sentinel_common.detections import Frame
from sentinel_common.geometry import Point

from ..geometry import Z_95_ONE_SIDED, PoseEstimate


@dataclass(frozen=True)
class Evidence:
    """The last sign of somebody protected: ``age`` in s, ``score`` 0..1."""

    species: str
    score: float
    age: float


@dataclass(frozen=True)
class Animal:
    """A confirmed track in space.

    Place in ``base_link`` (m), radial standard deviation (m), age of the sight (s).
    """

    track_id: str
    position: Point
    sigma: float
    age: float
    entry: Point | None = None  # where it was first seen, in base_link of now

    @property
    def distance_low(self) -> float:
        """Lower 5 % bound of its distance in m."""
        return math.hypot(*self.position) - Z_95_ONE_SIDED * self.sigma


@dataclass(frozen=True)
class Scene:
    """Everything the rules may look at."""

    now: float
    armed: bool = False
    emergency_stop: bool = False
    restart_age: float | None = None  # since the guard started again within a run
    frame: Frame | None = None
    frame_age: float | None = None
    sweep_age: float | None = None
    targets_age: float | None = None
    evidence: Evidence | None = None
    sure: frozenset[str] = frozenset()
    animals: tuple[Animal, ...] = ()
    image_height: int | None = None
    pose: PoseEstimate | None = None
    sound_age: float | None = None
    sound_used: float = 0.0  # s of sound in the last hour
    light_used: float = 0.0  # s of light in the last hour
    light_age: float | None = None  # s since the light that shines was asked for last; None: dark
    approached: float = 0.0  # m of own motion towards animals in the window of the charge limit
    hour: float | None = None  # local time of day, 0..24

    @property
    def unsure_tracks(self) -> list[str]:
        """Ids of tracks in the newest picture that are not surely a target."""
        found = self.frame.detections if self.frame else ()
        return [d.track_id for d in found if d.track_id and d.track_id not in self.sure]
