"""What can be tuned in the pipeline: one list for core, node, parameter files, documentation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from sentinel_common.errors import ConfigurationError
from sentinel_common.parameters import Parameter, Value
from sentinel_common.species import PROTECTED, SPECIES


def _knob(
    default: Any,
    description: str,
    low: float | None = None,
    high: float | None = None,
    *,
    fixed: bool = False,
) -> Any:
    """Field of a setting; ``fixed``: at start, for the guard counts on it."""
    metadata = {'text': description, 'low': low, 'high': high, 'fixed': fixed}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """All thresholds of the pipeline; scores in 0..1, times in s, lengths in m, angles in rad."""

    threshold: float = _knob(
        0.65, 'median score over the hits of a track from which it counts as seen', 0.01, 1.0
    )
    household_threshold: float = _knob(
        0.45,
        'the same for a person, cat or dog, which is believed in sooner: safer',
        0.01,
        1.0,
        fixed=True,
    )
    min_score: float = _knob(
        0.2,
        'lowest score that begins a track and counts as its hit; of a person, cat or dog 0.2 does',
        0.01,
        1.0,
    )
    veto_level: float = _knob(
        0.15,
        'score of all looks from which a person, cat or dog is told before its track is confirmed',
        0.01,
        0.5,
        fixed=True,
    )
    confirm_hits: int = _knob(3, 'hits among the last looks that confirm a track', 1, 20)
    confirm_looks: int = _knob(5, 'how many last looks count for the confirmation', 1, 20)
    lost_after: float = _knob(
        2.0, 'seconds without a hit after which a track is dropped', 0.1, 60.0
    )
    coast: float = _knob(0.5, 'seconds for which a track is reported after its last hit', 0.0, 5.0)
    smallest: float = _knob(
        0.05,
        'longer side of a raccoon, as a share of the height, below which it is not told',
        0.0,
        1.0,
    )
    fastest: float = _knob(
        12.0, 'lengths of its box per second above which a thing is an insect', 1.0, 1000.0
    )
    parked_after: float = _knob(
        20.0, 'seconds without motion after which a thing counts as parked, no target', 1.0, 3600.0
    )
    recheck_period: float = _knob(2.0, 'seconds between looks at a parked thing', 0.1, 60.0)
    finest_grid: int = _knob(
        2, 'the sweep looks at the whole picture and at grids of 2x2 up to this many tiles', 1, 4
    )
    engaged_sweep_period: float = _knob(
        0.7,
        'seconds in which the whole picture is swept while anything moves or is tracked',
        0.1,
        10.0,
    )
    idle_calls_per_second: float = _knob(
        0.8, 'model calls per second that the sweep may use while nothing moves', 0.05, 30.0
    )
    crops_per_frame: int = _knob(
        1, 'most crops around tracks and motion that are looked at in one picture', 1, 16
    )
    tiles_per_frame: int = _knob(2, 'most parts of the sweep looked at in one picture', 1, 16)
    second_looks: int = _knob(
        1, 'most tracks per picture that the crop classifier looks at; 0 switches it off', 0, 8
    )
    motion_contrast: float = _knob(
        14.0,
        'change of brightness (0..255, after contrast stretch) that counts as motion',
        1.0,
        255.0,
    )
    motion_area: float = _knob(
        0.0004, 'smallest share of the picture that counts as motion', 0.00001, 0.5
    )
    scene_change: float = _knob(
        0.35, 'changed share of the picture that means a lamp or a moving camera', 0.05, 1.0
    )
    camera_x: float = _knob(0.075, 'camera in front of the centre of the body, m', -10.0, 10.0)
    camera_y: float = _knob(0.0, 'camera to the left of the centre of the body, m', -10.0, 10.0)
    camera_z: float = _knob(0.03, 'camera above the centre of the body, m', -1.0, 20.0)
    camera_pitch: float = _knob(0.0, 'how far the camera looks down, rad', -1.5, 1.5)
    body_height: float = _knob(0.075, 'centre of the body above the ground, m', 0.0, 20.0)
    pitch_sigma: float = _knob(
        0.02, 'uncertainty of the pitch of the camera (a walking robot sways), rad', 0.001, 0.5
    )
    hinted: frozenset[str] = PROTECTED
    """Species of which every sign is told, confirmed or not."""

    def threshold_of(self, species: str) -> float:
        """Score from which ``species`` counts as seen."""
        return self.household_threshold if species in PROTECTED else self.threshold

    @property
    def hinted_columns(self) -> list[int]:
        """Columns of ``hinted`` in a row of scores."""
        return [i for i, name in enumerate(SPECIES) if name in self.hinted]

    def __post_init__(self) -> None:
        if self.confirm_hits > self.confirm_looks:
            raise ConfigurationError(
                f'confirm_hits ({self.confirm_hits}) cannot be more than confirm_looks '
                f'({self.confirm_looks}).'
            )


PARAMETERS = (
    *(
        Parameter(
            f.name,
            cast(Value, f.default),
            f.metadata['text'],
            f.metadata['low'],
            f.metadata['high'],
            read_only=f.metadata['fixed'],
        )
        for f in fields(Settings)
        if f.metadata
    ),
    Parameter(
        'also_protected',
        [],
        'species that are told from veto_level on, like a person, cat or dog; as for the guard',
        read_only=True,
    ),
)


def from_values(values: Mapping[str, Any]) -> Settings:
    """Return the settings among ``values``; others are ignored, what is missing is default."""
    names = {f.name for f in fields(Settings) if f.metadata}
    hinted = PROTECTED | frozenset(values.get('also_protected', ()))
    known = {name: value for name, value in values.items() if name in names}
    return Settings(**known, hinted=hinted)
