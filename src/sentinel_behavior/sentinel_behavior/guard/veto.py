"""Remembers every sign of somebody protected, and whose box it was in."""

from collections.abc import Mapping
from dataclasses import dataclass

from sentinel_common.detections import Detection, Frame
from sentinel_common.species import PERSON

from ..tracks import PART, covered
from .scene import Evidence

# Another animal's box may share so much with the target's before both count as the same animal
# (IoU).
SAME_ANIMAL_IOU = 0.5

# What a part of a raccoon is taken for: its head for a cat, its back for a dog. Nobody takes it for
# a person, and a person's box inside the target's is a person.
CONFUSABLE = frozenset({'cat', 'dog'})


@dataclass(frozen=True)
class VetoSettings:
    """What counts as a sign of somebody protected.

    ``veto_level`` is far below the level of an alarm. Evidence whose box is the target's own (a
    detector that wavers between raccoon and cat) or a part of it is excused as long as the track is
    surely a target, what was said before that track was confirmed too (of a raccoon that is half in
    the picture), but not from ``alarm_level`` on: what a wavering detector says of the target
    itself already counts in its posterior, by which it stays sure or does not. For a person the
    level is lower (``person_alarm_level``): raccoons look like cats and dogs, not like people.
    """

    targets: frozenset[str]
    protected: frozenset[str]
    veto_level: float
    alarm_level: float
    person_alarm_level: float
    seconds: float

    def alarm(self, species: str) -> float:
        """Score from which ``species`` counts in the box of the target itself."""
        return self.person_alarm_level if species == PERSON else self.alarm_level


@dataclass
class _Sight:
    time: float
    score: float


class VetoMemory:
    """Keeps evidence for the seconds that a rule may ask back."""

    def __init__(self, settings: VetoSettings) -> None:
        self._settings = settings
        self._protected = sorted(settings.protected)  # the same order in every process
        # By species and by the tracks whose sureness excuses it.
        self._evidence: dict[tuple[str, frozenset[str]], _Sight] = {}

    def see(self, frame: Frame, captured: float) -> None:
        """One more picture, captured at ``captured`` (s)."""
        tracks = {d.track_id: d for d in frame.detections if d.track_id}
        for detection in frame.detections:
            self._note(detection, tracks, captured)
        self._evidence = {
            k: s for k, s in self._evidence.items() if captured - s.time <= self._settings.seconds
        }

    def _note(self, detection: Detection, tracks: Mapping[str, Detection], captured: float) -> None:
        for species in self._protected:
            score = detection.scores.get(species, 0.0)
            if score < self._settings.veto_level:
                continue
            same: frozenset[str] = frozenset()
            if score < self._settings.alarm(species):
                same = frozenset(
                    track_id
                    for track_id, track in tracks.items()
                    if track.box.iou(detection.box) >= SAME_ANIMAL_IOU
                    or (species in CONFUSABLE and covered(detection.box, track.box) >= PART)
                )
                # A track that is elsewhere in this picture is somebody else.
                if species in CONFUSABLE and detection.tentative not in ('', *tracks):
                    same |= {detection.tentative}
            known = self._evidence.get((species, same))
            if known is None or known.time <= captured:  # a clock that steps makes pictures old
                self._evidence[species, same] = _Sight(captured, score)

    def newest(self, now: float, sure: frozenset[str]) -> Evidence | None:
        """The newest evidence that no sure track (``sure``) excuses; None where there is none."""
        counted = [
            Evidence(species, sight.score, now - sight.time)
            for (species, same), sight in self._evidence.items()
            if not same & sure and now - sight.time <= self._settings.seconds
        ]
        return min(counted, key=lambda e: (e.age, -e.score), default=None)
