"""Who decides never hears of a glimpse: the same deeds with and without."""

from dataclasses import replace

import numpy as np
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_common.detections import Box, Detection, frame_from_message, frame_to_message
from sentinel_common.geometry import Pose
from sentinel_common.species import PERSON, RACCOON, SPECIES
from sentinel_perception.detector.port import Candidates
from sentinel_perception.pipeline import Pipeline
from sentinel_perception.position import Intrinsics
from sentinel_perception.settings import Settings

CAMERA = Intrinsics.from_field_of_view(640, 480, 0.7854)


class Garden:
    """A raccoon that walks, a little like a person, and now and then a faint one beside it."""

    input_size = 416

    def __init__(self):
        self.now = 0

    def look(self, picture, region, floor):
        x = 60.0 + 4 * self.now
        raccoon = ((x, 240, x + 70, 280), {RACCOON: 0.9, PERSON: 0.12})
        person = ((480, 150, 560, 350), {PERSON: 0.14})
        boxes, scores = [], []
        for box, said in (raccoon, person)[: 2 if self.now % 3 == 0 else 1]:
            center = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            if region.left <= center[0] < region.right and region.top <= center[1] < region.bottom:
                boxes.append(box)
                scores.append([said.get(name, 0.0) for name in SPECIES])
        if not boxes:
            return Candidates.none()
        return Candidates(np.array(boxes, np.float32), np.array(scores, np.float32))


def sights():
    garden, noise = Garden(), np.random.default_rng(1)
    pipeline = Pipeline(garden, Settings())
    for garden.now in range(100):
        picture = noise.integers(90, 96, (480, 640, 3), np.uint8)
        if garden.now:  # at first nobody is there
            left = 60 + 4 * garden.now
            picture[240:280, left : left + 70] = 200
        yield pipeline.process(picture, 1000 + 0.2 * garden.now, CAMERA, 'camera')


def decisions(seen, change):
    """What guard and brain make of pictures, each as ``change`` has it after its way over DDS."""
    lockstep = make_lockstep(policy=POLICIES['thompson'], seed=3)
    decided = []
    for sight in seen:
        lockstep.place(Pose(), 0.001, sight.frame.stamp)
        frame = frame_from_message(frame_to_message(change(sight.frame)))
        deeds = lockstep.step(frame, sight.targets, hour=23.0, sweep=sight.swept)
        decided.append((deeds, lockstep.verdict))
    return decided


def with_one_more(frame):
    """A picture with somebody at the lower edge: a box there means near to the guard."""
    somebody = Detection(Box(200, 300, 60, 180), {PERSON: 0.9})
    return replace(frame, glimpses=(*frame.glimpses, somebody))


def test_guard_and_brain_decide_the_same_with_and_without_glimpses():
    seen = list(sights())
    assert sum(len(sight.frame.glimpses) for sight in seen) > 100
    without = decisions(seen, lambda frame: replace(frame, glimpses=()))
    assert any(deeds.play for deeds, _ in without)
    assert decisions(seen, with_one_more) == without
