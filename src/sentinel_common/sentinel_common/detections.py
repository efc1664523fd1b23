"""What was seen, as plain values, and its conversion from and to vision_msgs, once, at the border.

Units: pixels of the source image for boxes, metres in ``base_link`` for targets, seconds for
stamps.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .species import PERSON

# A single look's score of a person from which nobody may keep the picture as it is (``glimpses``).
# Far below the level that forbids a stimulus: a picture kept by mistake cannot be called back.
GLIMPSE_SCORE = 0.1


@dataclass(frozen=True)
class Box:
    """An axis-parallel box; ``x``, ``y`` is its upper left corner in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """Centre in pixels."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def bottom(self) -> float:
        """Row of the lower edge."""
        return self.y + self.height

    def iou(self, other: 'Box') -> float:
        """Intersection over union with ``other``, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


def best(scores: Mapping[str, float]) -> tuple[str, float]:
    """Return the most probable species and its score, ``('', 0.0)`` where there is none."""
    return max(scores.items(), key=lambda item: item[1], default=('', 0.0))


@dataclass(frozen=True)
class Detection:
    """Something seen in one picture.

    ``scores`` maps species to probability: for a confirmed track the posterior over its history,
    for a hint (``track_id`` empty) what the detector says of it. They need not sum to one.
    ``tentative`` is the id that a hint has as a track if it is confirmed later, '' if it never can.
    """

    box: Box
    scores: Mapping[str, float]
    track_id: str = ''
    tentative: str = ''

    @property
    def best(self) -> tuple[str, float]:
        """Most probable species and its score."""
        return best(self.scores)


@dataclass(frozen=True)
class Frame:
    """All that was seen in the picture captured at ``stamp`` (s, ROS time).

    ``glimpses`` are for those who keep pictures, and for nobody who decides: places with the score
    of a person, from ``GLIMPSE_SCORE`` on, in a single look at this picture, or in one shortly
    before where this picture was not looked at as closely.
    """

    stamp: float
    frame_id: str
    detections: tuple[Detection, ...] = ()
    glimpses: tuple[Detection, ...] = ()


@dataclass(frozen=True)
class Target:
    """A confirmed track in space: metres in ``base_link``, variances in square metres.

    Without ``scores`` it is a place to keep away from, and nothing to act upon.
    """

    track_id: str
    scores: Mapping[str, float]
    x: float
    y: float
    z: float = 0.0
    variance_x: float = 0.0
    variance_y: float = 0.0
    covariance_xy: float = 0.0

    @property
    def best(self) -> tuple[str, float]:
        """Most probable species and its score."""
        return best(self.scores)

    @property
    def range_sigma(self) -> float:
        """Standard deviation of its distance, m; infinite where the covariance tells none."""
        distance = math.hypot(self.x, self.y) or 1.0
        ux, uy = self.x / distance, self.y / distance
        variance = (
            ux * ux * self.variance_x + uy * uy * self.variance_y + 2 * ux * uy * self.covariance_xy
        )
        return math.sqrt(max(0.0, variance)) if math.isfinite(variance) else math.inf


@dataclass(frozen=True)
class TargetFrame:
    """All confirmed tracks at the capture time ``stamp`` (s, ROS time)."""

    stamp: float
    frame_id: str
    targets: tuple[Target, ...] = field(default=())


# Before the id of a message's detection: a hint, whose track is not confirmed.
_TENTATIVE = '?'

# The only hypothesis of a message's detection that is a glimpse; no species has this name.
GLIMPSE = 'person_glimpse'


def to_seconds(stamp: Any) -> float:
    """Seconds of a builtin_interfaces/Time."""
    return float(stamp.sec) + stamp.nanosec * 1e-9


def to_stamp(seconds: float) -> Any:
    """builtin_interfaces/Time of ``seconds``."""
    from builtin_interfaces.msg import Time

    nanoseconds = round(seconds * 1e9)
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def _hypotheses(scores: Mapping[str, float]) -> list[Any]:
    from vision_msgs.msg import ObjectHypothesis, ObjectHypothesisWithPose

    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return [
        ObjectHypothesisWithPose(hypothesis=ObjectHypothesis(class_id=name, score=float(score)))
        for name, score in ranked
    ]


def _scores(message: Any) -> dict[str, float]:
    return {r.hypothesis.class_id: r.hypothesis.score for r in message.results}


def frame_to_message(frame: Frame, stamp: Any = None) -> Any:
    """vision_msgs/Detection2DArray of ``frame``, hypotheses sorted by score.

    ``stamp``: builtin_interfaces/Time of the picture where there is one, for seconds as a float do
    not keep its nanoseconds, and readers look a picture up by its stamp. The id of a hint is that
    of its track after a '?', or empty. A glimpse has no id, and its only hypothesis is called
    ``GLIMPSE``.
    """
    from std_msgs.msg import Header
    from vision_msgs.msg import BoundingBox2D, Detection2D, Detection2DArray, Point2D, Pose2D

    header = Header(stamp=stamp or to_stamp(frame.stamp), frame_id=frame.frame_id)
    message = Detection2DArray(header=header)
    glimpses = (replace(g, scores={GLIMPSE: g.scores[PERSON]}) for g in frame.glimpses)
    for detection in (*frame.detections, *glimpses):
        x, y = detection.box.center
        box = BoundingBox2D(
            center=Pose2D(position=Point2D(x=float(x), y=float(y))),
            size_x=float(detection.box.width),
            size_y=float(detection.box.height),
        )
        message.detections.append(
            Detection2D(
                header=header,
                bbox=box,
                id=detection.track_id or _tentative_id(detection),
                results=_hypotheses(detection.scores),
            )
        )
    return message


def _tentative_id(detection: Detection) -> str:
    return _TENTATIVE + detection.tentative if detection.tentative else ''


def frame_from_message(message: Any) -> Frame:
    """Read a vision_msgs/Detection2DArray."""
    found: list[Detection] = []
    glimpses: list[Detection] = []
    for item in message.detections:
        width, height = item.bbox.size_x, item.bbox.size_y
        center = item.bbox.center.position
        box = Box(center.x - width / 2, center.y - height / 2, width, height)
        tentative = item.id.removeprefix(_TENTATIVE) if item.id.startswith(_TENTATIVE) else ''
        scores = _scores(item)
        if GLIMPSE in scores:
            glimpses.append(Detection(box, {PERSON: scores[GLIMPSE]}))
        else:
            found.append(Detection(box, scores, '' if tentative else item.id, tentative))
    stamp = to_seconds(message.header.stamp)
    return Frame(stamp, message.header.frame_id, tuple(found), tuple(glimpses))


def targets_to_message(frame: TargetFrame, stamp: Any = None) -> Any:
    """vision_msgs/Detection3DArray of ``frame``; the covariance stands with every hypothesis.

    ``stamp``: as in ``frame_to_message``.
    """
    from geometry_msgs.msg import Point, Pose, PoseWithCovariance
    from std_msgs.msg import Header
    from vision_msgs.msg import BoundingBox3D, Detection3D, Detection3DArray

    header = Header(stamp=stamp or to_stamp(frame.stamp), frame_id=frame.frame_id)
    message = Detection3DArray(header=header)
    for target in frame.targets:
        pose = Pose(position=Point(x=float(target.x), y=float(target.y), z=float(target.z)))
        covariance = [0.0] * 36
        covariance[0], covariance[7] = float(target.variance_x), float(target.variance_y)
        covariance[1] = covariance[6] = float(target.covariance_xy)
        results = _hypotheses(target.scores)
        for result in results:
            result.pose = PoseWithCovariance(pose=pose, covariance=covariance)
        message.detections.append(
            Detection3D(
                header=header, id=target.track_id, results=results, bbox=BoundingBox3D(center=pose)
            )
        )
    return message


def targets_from_message(message: Any) -> TargetFrame:
    """Read a vision_msgs/Detection3DArray."""
    found = []
    for item in message.detections:
        position = item.bbox.center.position
        covariance = item.results[0].pose.covariance if item.results else [0.0] * 36
        found.append(
            Target(
                item.id,
                _scores(item),
                position.x,
                position.y,
                position.z,
                variance_x=float(covariance[0]),
                variance_y=float(covariance[7]),
                covariance_xy=float(covariance[1]),
            )
        )
    return TargetFrame(to_seconds(message.header.stamp), message.header.frame_id, tuple(found))
