"""What is told of people, cats, dogs and others that are protected, besides the tracks."""

from collections.abc import Sequence

from sentinel_common.detections import Box, Detection
from sentinel_common.species import PERSON, SPECIES

from .detector.port import Candidates, Floats
from .settings import Settings
from .track import Track

_PERSON = SPECIES.index(PERSON)


def hints(
    found: Candidates,
    owners: Sequence[Track | None],
    reported: Sequence[Track],
    settings: Settings,
) -> list[Detection]:
    """Whatever may be of the ``hinted`` species and is no ``reported`` track, from veto level on.

    ``found`` are the boxes of this picture, ``owners`` (N,) their tracks: what no look ever gave
    the score that begins a track (`Tracker.update`) is no hint. A hint has the scores of
    all looks at its thing together (``suspicion``), and tells which track it may become. A strong
    person is told even in the box of a reported track, and as strong as it is: who steps where a
    raccoon was must not wait until that track turns.
    """
    told, columns = [], settings.hinted_columns
    for box, scores, owner in zip(found.boxes, found.scores, owners, strict=True):
        if owner is None:
            continue
        said, tentative = owner.suspicion.scores, owner.identity
        if any(owner is track for track in reported):
            if scores[_PERSON] < settings.household_threshold:
                continue
            said, tentative = scores, ''
        if said[columns].max() >= settings.veto_level:
            named = {SPECIES[i]: float(said[i]) for i in columns if said[i] > 0}
            told.append(Detection(box_of(box), named, tentative=tentative))
    return told


def box_of(corners: Floats) -> Box:
    """Box of left, top, right, bottom."""
    left, top, right, bottom = (float(v) for v in corners)
    return Box(left, top, right - left, bottom - top)
