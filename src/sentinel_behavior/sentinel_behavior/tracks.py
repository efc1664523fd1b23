"""When a track is surely a target: one answer for guard and brain, each counts on its own."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sentinel_common.detections import Box, Frame
from sentinel_common.errors import ConfigurationError

# A box that lies inside another by this share of its area may be a part of it: a head.
PART = 0.8


@dataclass(frozen=True)
class Sureness:
    """Sure: posterior >= ``posterior`` in ``hits`` of the last ``window`` pictures.

    Raises ConfigurationError where that could never be.
    """

    posterior: float = 0.8
    hits: int = 5
    window: int = 8

    def __post_init__(self) -> None:
        if self.hits > self.window:
            raise ConfigurationError(
                f'sure_hits ({self.hits}) are more than sure_window ({self.window}): no target '
                'would ever be sure.',
                'Count the hits among at least as many pictures.',
            )


SURENESS = Sureness()


def make_sureness(values: Mapping[str, Any]) -> Sureness:
    """By the parameters that guard and brain have in common."""
    return Sureness(values['sure_posterior'], values['sure_hits'], values['sure_window'])


def covered(inner: Box, outer: Box) -> float:
    """Share of ``inner`` that lies within ``outer``, 0..1."""
    width = min(inner.x + inner.width, outer.x + outer.width) - max(inner.x, outer.x)
    height = min(inner.bottom, outer.bottom) - max(inner.y, outer.y)
    return max(0.0, width) * max(0.0, height) / inner.area if inner.area else 0.0


class SureTracks:
    """Counts pictures in which a track surely was of a target species.

    A picture without it counts against it.
    """

    def __init__(self, species: Iterable[str], sureness: Sureness) -> None:
        self._species = tuple(species)
        self._sureness = sureness
        self._history: dict[str, deque[bool]] = {}

    def see(self, frame: Frame) -> None:
        """One more picture."""
        seen = {d.track_id: d for d in frame.detections if d.track_id}
        for track_id in seen:
            self._history.setdefault(track_id, deque(maxlen=self._sureness.window))
        for track_id, history in list(self._history.items()):
            history.append(track_id in seen and self._is_target(seen[track_id].scores))
            if track_id not in seen and not any(history):
                del self._history[track_id]

    def _is_target(self, scores: Mapping[str, float]) -> bool:
        return any(scores.get(s, 0.0) >= self._sureness.posterior for s in self._species)

    @property
    def sure(self) -> frozenset[str]:
        """Ids of the tracks that are surely a target."""
        return frozenset(i for i, h in self._history.items() if sum(h) >= self._sureness.hits)
