"""Brain and guard together in lock step, without ROS: what a visit looks like from outside."""

import itertools
import math
import random
import re

import pytest
from sentinel_behavior.blackboard import Safety
from sentinel_behavior.deterrents import Motion
from sentinel_behavior.incidents.model import Kind
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_behavior.policy.trial import HOLD_OUT, NEUTRAL, Trial
from sentinel_behavior.settings import Settings
from sentinel_behavior.tree import act
from sentinel_behavior.tree.act import SWING
from sentinel_behavior.visits import OPENING, distance_low
from sentinel_behavior.zones import Zones
from sentinel_common.body import STAND_HEIGHT
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.files import share
from sentinel_common.geometry import Pose, Twist, wrap

PERIOD = 0.1

# Times are written out in the tests, so they do not follow the default.
SLOW = Settings(observe=12.0)
RACCOON = {'raccoon': 0.95}

CATALOGUE = """
target_species: [raccoon]
never_engage: [skunk]
deterrents:
  flash: {duration: 2.0, step: 1, light: {color: [1, 1, 1], flash_hz: 2}}
  bark:
    duration: 3.0
    step: 2
    sound: {name: bark, volume: 0.8}
    light: {color: [1, 0, 0]}
    motion: {kind: advance, speed: 0.2, stop_at: 1.2}
"""


class Garden:
    """Brain and guard, fed with animals at given places ten times a second."""

    def __init__(self, lockstep, placed=True):
        self.lockstep = lockstep
        self.brain, self.guard = lockstep.brain, lockstep.guard
        self.now, self.hour = 0.0, 23.0
        self.plays = []
        self.deeds = None
        if placed:
            lockstep.place(Pose(), 0.001, 0.0)

    def step(self, *animals, seconds=PERIOD, guard_speaks=True):
        self.lockstep.guard_speaks = guard_speaks
        for _ in range(round(seconds / PERIOD)):
            self.now += PERIOD
            found, places = [], []
            for index, (scores, x, y) in enumerate(animals):
                box = Box(300 - 150 * y, 200, 80, 60)
                found.append(Detection(box, scores, str(index + 1)))
                places.append(Target(str(index + 1), scores, x, y, variance_x=0.01))
            self.take(
                self.lockstep.step(
                    Frame(self.now, 'camera', tuple(found)),
                    TargetFrame(self.now, 'base_link', tuple(places)),
                    hour=self.hour,
                )
            )

    def see(self, scores, x, told):
        """One picture with an animal of ``scores`` straight ahead; its place has those ``told``."""
        self.now += PERIOD
        seen = (Detection(Box(300, 200, 80, 60), scores, '1'),)
        places = (Target('1', told, x, 0.0, variance_x=0.01),)
        self.take(
            self.lockstep.step(
                Frame(self.now, 'camera', seen),
                TargetFrame(self.now, 'base_link', places),
                hour=self.hour,
            )
        )

    def take(self, deeds):
        self.deeds = deeds
        if deeds.play:
            self.plays.append((self.now, deeds.play.name))

    @property
    def incidents(self):
        return self.lockstep.incidents

    def kinds(self):
        return [i.kind for i in self.incidents]

    def last(self, kind):
        return next(i for i in reversed(self.incidents) if i.kind == kind)

    @property
    def lit(self):
        return self.deeds.lit

    @property
    def twist(self):
        return self.deeds.twist

    @property
    def state(self):
        return self.brain.board.state


@pytest.fixture
def garden(tmp_path):
    return make(tmp_path)


def make(tmp_path, catalogue=CATALOGUE, **brain):
    path = tmp_path / 'deterrents.yaml'
    path.write_text(catalogue)
    return Garden(
        make_lockstep(
            deterrents=path,
            **{'policy': POLICIES['first'], 'run': 't', 'settings': SLOW, **brain},
        )
    )


def test_nobody_there_nothing_done(garden):
    garden.step(seconds=20)
    assert garden.state == 'watching'
    assert garden.incidents == [] and garden.plays == [] and garden.twist == Twist()


def test_the_first_stimulus_comes_with_the_picture_that_makes_sure(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=0.4)
    assert not garden.lit
    garden.step((RACCOON, 3.0, 0.0))
    assert garden.lit
    assert garden.kinds() == [Kind.VISIT_STARTED, Kind.DECISION, Kind.STIMULUS_STARTED]


def test_nothing_is_done_about_a_thing_of_which_only_the_place_is_told(garden):
    for _ in range(30):
        garden.see(RACCOON, 3.0, told={})
    assert garden.incidents == [] and not garden.lit and garden.twist == Twist()
    for _ in range(OPENING):
        garden.see(RACCOON, 3.0, told=RACCOON)
    assert garden.kinds() == [Kind.VISIT_STARTED, Kind.DECISION, Kind.STIMULUS_STARTED]


def test_an_animal_that_leaves_was_repelled(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    garden.step(seconds=6)
    assert garden.kinds()[-2:] == [Kind.STIMULUS_ENDED, Kind.VISIT_ENDED]
    ended = garden.last(Kind.VISIT_ENDED).detail
    assert ended['outcome'] == 'repelled'
    assert [s['name'] for s in ended['stimuli']] == ['flash']
    assert ended['to_departure'] == pytest.approx(1.5, abs=0.11)
    assert garden.last(Kind.STIMULUS_ENDED).detail['reason'] == 'target_lost'
    assert not garden.lit and garden.state == 'watching'


def test_one_that_stays_gets_the_next_rung(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=18)
    names = [i.deterrent for i in garden.incidents if i.kind == Kind.DECISION]
    assert names == ['flash', 'bark']
    assert garden.plays and garden.plays[0][1] == 'bark'
    rejected = {c['name']: c['rejected'] for c in garden.last(Kind.DECISION).detail['candidates']}
    assert rejected == {'flash': 'used last time', 'bark': ''}


@pytest.mark.parametrize(
    ('hour', 'first', 'second'), [(23.0, 'flash', 'bark'), (12.0, 'bark', 'flash')]
)
def test_with_a_silent_first_rung_a_quiet_night_begins_with_light(tmp_path, hour, first, second):
    catalogue = """
target_species: [raccoon]
never_engage: []
silent_first: true
deterrents:
  bark: {duration: 2.0, step: 1, sound: {name: bark, volume: 0.8}}
  flash: {duration: 2.0, step: 1, light: {color: [1, 1, 1]}}
"""
    garden = make(tmp_path, catalogue)
    garden.hour = hour
    garden.step((RACCOON, 3.0, 0.0), seconds=18)
    names = [i.deterrent for i in garden.incidents if i.kind == Kind.DECISION]
    assert names == [first, second]


def test_the_first_decision_says_why_not_the_other(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    detail = garden.last(Kind.DECISION).detail
    assert {c['name']: c['rejected'] for c in detail['candidates']} == {
        'flash': '',
        'bark': 'rung 2 is not reached yet',
    }
    assert any('target_sure: SUCCESS' in line for line in detail['path'])
    assert detail['tree'] and detail['config'] and detail['range'] == 3.0


def test_it_turns_to_face_and_walks_up_only_so_far(garden):
    garden.step((RACCOON, 2.0, 1.0), seconds=15)
    assert garden.state == 'engaging' and garden.twist.wz > 0.3
    garden.step((RACCOON, 2.0, 0.1), seconds=0.5)
    assert garden.twist.vx == pytest.approx(0.2)
    garden.step((RACCOON, 1.3, 0.0), seconds=0.5)
    assert garden.twist.vx == 0.0


@pytest.mark.parametrize('species', ['person', 'cat', 'dog'])
def test_somebody_who_turns_up_ends_a_stimulus_in_the_same_picture(garden, species):
    garden.step((RACCOON, 3.0, 0.0), seconds=15)
    assert garden.lit and garden.plays
    garden.step((RACCOON, 3.0, 0.0), ({species: 0.3}, 3.0, 1.0))
    assert not garden.lit and garden.deeds.stop_sound and garden.twist == Twist()
    assert garden.last(Kind.STIMULUS_ENDED).detail['reason'] == 'interrupted'
    garden.step((RACCOON, 3.0, 0.0), seconds=9.5)
    assert not garden.lit and len(garden.plays) == 1
    assert garden.last(Kind.HELD_FIRE).detail['rules'] == ['person_or_pet']
    assert garden.state == 'holding_fire'


def test_a_cat_alone_is_logged_and_left_alone(garden):
    garden.step(({'cat': 0.95}, 2.0, 0.0), seconds=10)
    garden.step(seconds=16)
    assert garden.kinds() == [Kind.VISIT_STARTED, Kind.VISIT_ENDED]
    assert garden.last(Kind.VISIT_ENDED).detail['outcome'] == 'left'


@pytest.mark.parametrize('scores', [{'raccoon': 0.7}, {'other_animal': 0.99}, {'skunk': 0.99}])
def test_no_sure_target_no_stimulus(garden, scores):
    garden.step((scores, 2.0, 0.0), seconds=20)
    assert Kind.DECISION not in garden.kinds() and not garden.lit


@pytest.mark.parametrize('scores', [RACCOON, {'raccoon': 0.7}])
def test_disarmed_it_only_watches(garden, scores):
    garden.guard.armed = False
    garden.step((scores, 3.0, 0.0), seconds=5)
    assert garden.state == 'disarmed'
    assert garden.kinds() == [Kind.VISIT_STARTED, Kind.HELD_FIRE]
    assert garden.last(Kind.HELD_FIRE).detail['rules'][0] == 'disarmed'


def test_switched_off_it_says_so_once_a_visit(garden):
    told = []
    for _ in range(20):
        garden.now += PERIOD
        raccoon = Target('1', RACCOON, 3.0, 0.0)
        garden.brain.see(Frame(garden.now, 'camera'), garden.now)
        garden.brain.locate(TargetFrame(garden.now, 'base_link', (raccoon,)))
        told += garden.brain.watch(garden.now, garden.hour).incidents
    assert [i.kind for i in told] == [Kind.VISIT_STARTED, Kind.HELD_FIRE]
    assert told[-1].detail['rules'] == ['disabled']


def test_a_silent_guard_is_a_fault(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    garden.step((RACCOON, 3.0, 0.0), seconds=0.7, guard_speaks=False)
    assert garden.state == 'fault' and not garden.lit
    garden.step((RACCOON, 3.0, 0.0), seconds=0.5, guard_speaks=False)
    assert garden.last(Kind.HELD_FIRE).detail['rules'] == ['fault']


def test_a_fault_of_the_eye_says_nothing_of_targets(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    for _ in range(40):
        garden.now += PERIOD
        garden.lockstep.tell(garden.now, garden.hour)
        garden.lockstep.tick(garden.now, garden.hour)
    assert garden.state == 'fault' and Kind.HELD_FIRE not in garden.kinds()


def test_missing_pictures_are_a_fault(garden):
    garden.step(seconds=1)
    garden.now += 2.0
    garden.lockstep.tell(garden.now, garden.hour)
    garden.take(garden.lockstep.tick(garden.now, garden.hour))
    assert garden.state == 'fault'


def test_low_battery_has_two_levels(garden):
    states = []
    for charge in (0.5, 0.14, 0.2, 0.26, 0.2):
        garden.brain.charge(charge)
        garden.step()
        states.append(garden.state)
    assert states == ['watching', 'fault', 'fault', 'watching', 'watching']


def test_a_low_battery_stays_low_while_a_driver_cannot_tell(garden):
    garden.brain.charge(0.1)
    garden.brain.charge(None)
    garden.step()
    assert garden.brain.board.explanation == 'The battery is down to 10%'


def test_after_enough_stimuli_it_rests(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=120)
    decisions = [i for i in garden.incidents if i.kind == Kind.DECISION]
    assert len(decisions) == 6
    assert garden.state == 'watching'  # it keeps looking at the animal
    assert all(a.deterrent != b.deterrent for a, b in itertools.pairwise(decisions))


def test_a_lost_id_is_the_same_visit(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    garden.step(seconds=1)
    garden.step(({'raccoon': 0.1}, 9.0, 0.0), (RACCOON, 3.0, 0.0), seconds=2)
    assert garden.kinds().count(Kind.VISIT_STARTED) == 1


def test_the_end_of_the_process_closes_the_log(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    garden.take(garden.lockstep.carry_out(garden.brain.stop(), garden.now, garden.hour))
    assert garden.kinds()[-2:] == [Kind.STIMULUS_ENDED, Kind.VISIT_ENDED]
    assert garden.last(Kind.VISIT_ENDED).detail['outcome'] == 'stayed'
    assert not garden.lit


def test_the_same_pictures_give_the_same_decisions(tmp_path):
    logs = []
    for _ in range(2):
        garden, chance = make(tmp_path), random.Random(3)
        for _ in range(600):
            seen = [(RACCOON, 3.0, chance.uniform(-1, 1))] if chance.random() < 0.8 else []
            garden.step(*seen)
        logs.append(garden.incidents)
    assert logs[0] == logs[1] and len(logs[0]) > 10


def test_without_a_fix_it_acts_in_place(tmp_path):
    garden = make(tmp_path)
    garden.guard._reckoning.__init__()
    for _ in range(300):
        garden.step((RACCOON, 3.0, 0.5))
        assert garden.twist.speed == 0.0
    assert {i.deterrent for i in garden.incidents if i.kind == Kind.DECISION} == {'flash'}


TONE = '  tone: {duration: 2.0, step: 1, neutral: true, sound: {name: tone, volume: 0.8}}\n'


def test_a_held_out_visit_gets_nothing_and_one_decision_for_nothing(tmp_path):
    garden = make(tmp_path, trial=Trial(hold_out=1.0))
    garden.step((RACCOON, 3.0, 0.0), seconds=20)
    assert not garden.lit and not garden.plays
    assert garden.kinds() == [Kind.VISIT_STARTED, Kind.DECISION]
    decision = garden.last(Kind.DECISION)
    assert decision.deterrent == '' and decision.detail['arm'] == HOLD_OUT


def test_a_neutral_visit_gets_the_control_sound_alone(tmp_path):
    garden = make(tmp_path, CATALOGUE + TONE, trial=Trial(neutral=1.0))
    garden.step((RACCOON, 3.0, 0.0), seconds=40)
    assert garden.plays and {name for _, name in garden.plays} == {'tone'}
    assert not garden.brain.board.learned
    assert garden.last(Kind.DECISION).detail['arm'] == NEUTRAL


def test_what_happened_is_learned(tmp_path):
    garden = make(tmp_path, policy=POLICIES['thompson'])
    garden.step((RACCOON, 3.0, 0.0), seconds=18)
    garden.step(seconds=8)
    counts = garden.brain.board.policy.state()['counts']['raccoon']
    (flash,), (bark,) = counts['flash'].values(), counts['bark'].values()
    assert flash[0] == 0.0 < flash[1]
    assert bark[0] == pytest.approx(1 - 3.5 / 27.0, abs=0.05)


def test_the_sooner_it_leaves_the_better(tmp_path):
    rewards = []
    for seconds in (1.0, 10.0):
        garden = make(tmp_path, policy=POLICIES['thompson'])
        garden.step((RACCOON, 3.0, 0.0), seconds=seconds)
        garden.step(seconds=8)
        (counts,) = garden.brain.board.policy.state()['counts']['raccoon']['flash'].values()
        rewards.append(counts[0])
    assert 1.0 > rewards[0] > 0.9 > rewards[1] > 0.2


def test_several_animals_are_not_walked_up_to(garden):
    garden.step((RACCOON, 3.0, 0.5), (RACCOON, 3.0, -0.5), seconds=40)
    chosen = [i.deterrent for i in garden.incidents if i.kind == Kind.DECISION]
    assert set(chosen) == {'flash'}
    assert len(chosen) > 1  # twice running, as there is no other


def test_a_young_one_before_its_mother_is_an_animal_of_its_own(garden):
    mother, young = Box(300, 190, 80, 80), Box(350, 195, 28, 28)
    for _ in range(400):
        garden.now += PERIOD
        found = Detection(mother, RACCOON, '1'), Detection(young, RACCOON, '2')
        places = Target('1', RACCOON, 3.0, 0.0), Target('2', RACCOON, 3.3, 0.0)
        garden.take(
            garden.lockstep.step(
                Frame(garden.now, 'camera', found),
                TargetFrame(garden.now, 'base_link', places),
                hour=garden.hour,
            )
        )
    assert {i.deterrent for i in garden.incidents if i.kind == Kind.DECISION} == {'flash'}


def test_a_mother_that_hides_her_young_is_not_walked_up_to(garden):
    garden.step((RACCOON, 3.0, 0.5), (RACCOON, 3.0, -0.5), seconds=2 * PERIOD * OPENING)
    garden.step((RACCOON, 3.0, 0.5), seconds=40)
    assert {i.deterrent for i in garden.incidents if i.kind == Kind.DECISION} == {'flash'}


def test_who_comes_after_a_family_comes_alone(garden):
    garden.step((RACCOON, 3.0, 0.5), (RACCOON, 3.0, -0.5), seconds=2)
    assert garden.brain.board.visit.several
    garden.step(seconds=6)
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    assert not garden.brain.board.visit.several


def test_a_tracker_that_loses_an_animal_and_finds_it_makes_no_family(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    garden.step((RACCOON, 4.0, 0.0), (RACCOON, 3.0, 0.0))
    garden.step((RACCOON, 3.0, 0.0), seconds=18)
    assert garden.last(Kind.DECISION).deterrent == 'bark'


def test_a_walk_ends_when_a_second_animal_comes_into_view(garden):
    while not garden.plays:
        garden.step((RACCOON, 3.0, 0.0))
    garden.step((RACCOON, 3.0, 0.0), seconds=0.5)
    assert garden.twist.vx > 0.1
    for _ in range(10):
        garden.step((RACCOON, 3.0, 0.0), (RACCOON, 3.5, 1.0))
        assert garden.twist.speed == 0.0 and garden.lit


def test_it_looks_where_it_saw_the_animal_last(tmp_path):
    garden = make(tmp_path)
    garden.step(({'raccoon': 0.7}, 2.0, 1.5), seconds=0.1 * OPENING)
    garden.step(seconds=0.5)
    assert garden.twist.wz > 0.3


def test_it_goes_home_when_it_is_quiet(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    pose = Pose(1.5, 0.5, 0.3)
    for _ in range(900):
        garden.lockstep.place(pose, 0.001, garden.now)
        garden.step()
        pose = pose.moved(garden.twist, PERIOD)
    assert abs(pose.x) < 0.3 and abs(pose.y) < 0.3 and abs(pose.yaw) < 0.2
    assert garden.twist == Twist()


def test_walking_in_vain_is_a_fault(garden):
    for _ in range(400):
        garden.lockstep.place(Pose(2.5, 0.0, 3.1), 0.001, garden.now)
        garden.step()
        if garden.state == 'fault':
            break
    assert 'did not get anywhere' in garden.brain.board.explanation.lower()


def test_lying_on_its_side_is_a_fault(garden):
    garden.brain.tilt(0.2)
    garden.step()
    assert garden.state == 'fault'
    garden.brain.tilt(0.99)
    garden.step()
    assert garden.state == 'watching'


def test_it_sits_down_when_nobody_came_for_long_and_gets_up_for_somebody(garden):
    heights = []
    tick = garden.brain.tick
    garden.brain.tick = lambda *a: heights.append(tick(*a)) or heights[-1]
    # A steady clock counts from the start of the machine, not from that of the brain.
    garden.now = 5000.0
    garden.step(seconds=1)
    assert [w.height for w in heights if w.height is not None] == []
    garden.now = 5700.0
    garden.step(seconds=1)
    assert [w.height for w in heights if w.height is not None] == [0.0]
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    assert [w.height for w in heights if w.height is not None] == [0.0, STAND_HEIGHT]


class Walker(Garden):
    """A robot in an empty garden that goes where it is told and is seen twice a second."""

    def __init__(self, tmp_path, *branches, fixes=True):
        """``branches``: those of the shipped tree's comments from which the # is taken away."""
        tree = share('config/tree.yaml').read_text()
        for name in branches:
            # The line with the name, and those that are further in.
            branch = rf'^  # (- name: {name}$(?:\n  #   .*)+)'
            tree, found = re.subn(
                branch, lambda m: '  ' + m[1].replace('\n  # ', '\n  '), tree, flags=re.MULTILINE
            )
            assert found == 1
        (tmp_path / 'tree.yaml').write_text(tree)
        lockstep = make_lockstep(tree=tmp_path / 'tree.yaml', policy=POLICIES['first'])
        super().__init__(lockstep, placed=fixes)
        self.pose, self.poses, self.heights, self.fixes = Pose(), [], [], fixes
        tick = self.brain.tick
        self.brain.tick = lambda *a: self.note(tick(*a))

    def note(self, wants):
        self.heights += [] if wants.height is None else [wants.height]
        return wants

    def go(self, seconds, *animals):
        for i in range(round(seconds / PERIOD)):
            if self.fixes and i % 5 == 0:
                self.lockstep.place(self.pose, 0.001, self.now)
            self.step(*animals)
            self.pose = self.pose.moved(self.twist, PERIOD)
            self.poses.append(self.pose)

    def been_at(self, x, y):
        return any(math.dist((p.x, p.y), (x, y)) < 0.35 for p in self.poses)


@pytest.mark.parametrize('branches', [('patrol',), ('patrol', 'look around')])
def test_a_patrol_walks_its_round_and_neither_goes_home_nor_sits(tmp_path, branches):
    robot = Walker(tmp_path, *branches)
    robot.go(9)
    assert robot.pose == Pose()
    robot.now = 700.0  # sitting is due after 600 s
    robot.go(85)
    assert robot.been_at(1.5, 1.0) and math.hypot(robot.pose.x, robot.pose.y) < 0.35
    assert robot.heights == [] and robot.state == 'watching'


def test_a_patrol_begins_again_when_nobody_was_there_for_a_while(tmp_path):
    robot = Walker(tmp_path, 'patrol')
    robot.go(30)
    robot.go(3, ({'raccoon': 0.7}, 3.0, 0.0))
    robot.poses.clear()
    robot.go(14)  # 5 s until the visit ends, 10 s of quiet
    assert len({(p.x, p.y) for p in robot.poses}) == 1
    robot.go(30)
    assert robot.been_at(1.5, 1.0)


def test_a_patrol_stands_where_nothing_says_any_more_where_it_is(tmp_path):
    robot = Walker(tmp_path, 'patrol')
    robot.go(20)
    robot.fixes, robot.now = False, 700.0
    robot.go(115)  # there, and half the way back
    stands = robot.pose
    robot.go(10)
    assert robot.pose == stands and robot.heights == []
    assert robot.brain.board.explanation == 'Nobody is there; it may not walk on.'
    robot.fixes = True
    robot.go(2)
    assert robot.pose != stands


def test_a_point_that_is_not_reached_is_given_up(tmp_path):
    robot = Walker(tmp_path, 'patrol')
    robot.go(45)
    states = set()
    for _ in range(1000):  # something holds it
        robot.pose = Pose(0.7, 0.5, robot.pose.yaw)
        robot.go(PERIOD)
        states.add(robot.state)
    assert states == {'watching', 'fault'}
    robot.now += 30
    robot.poses.clear()
    robot.go(60)
    assert robot.been_at(0.0, 0.0) and not robot.been_at(1.5, 1.0)


def test_it_turns_back_when_it_is_quiet(tmp_path):
    robot = Walker(tmp_path)
    robot.pose = Pose(yaw=1.0)
    robot.go(20)
    assert abs(robot.pose.yaw) < 0.2 and (robot.pose.x, robot.pose.y) == (0.0, 0.0)


def test_who_looks_around_goes_home_first_and_does_not_sit(tmp_path):
    robot = Walker(tmp_path, 'look around')
    robot.pose = Pose(1.5, 0.5, 0.3)
    robot.go(40)
    robot.now = 700.0
    robot.poses.clear()
    robot.go(45)
    assert max(math.hypot(p.x, p.y) for p in robot.poses) < 0.3
    yaws = [wrap(p.yaw) for p in robot.poses]
    assert max(yaws) > 0.4 and min(yaws) < -0.4
    assert robot.heights == []
    robot.fixes = False
    robot.go(50)
    assert abs(wrap(robot.pose.yaw)) < 0.2 and robot.twist == Twist()


@pytest.mark.parametrize('name', ['patrol', 'look around'])
def test_without_any_pose_fix_it_watches_and_sits(tmp_path, name):
    robot = Walker(tmp_path, name, fixes=False)
    robot.go(60)
    assert robot.pose == Pose()
    robot.now = 700.0
    robot.go(2)
    assert robot.heights == [0.0]


def test_a_hook_ends_when_the_target_is_no_longer_sure(tmp_path):
    catalogue = """
target_species: [raccoon]
never_engage: []
deterrents:
  water: {duration: 5.0, step: 1, hook: {topic: sprinkler}}
"""
    garden = make(tmp_path, catalogue)
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    assert garden.kinds()[-1] == Kind.STIMULUS_STARTED
    garden.step(({'raccoon': 0.6, 'other_animal': 0.4}, 3.0, 0.0), seconds=1)
    assert garden.last(Kind.STIMULUS_ENDED).detail['reason'] == 'guard'


def test_a_slow_detector_is_no_lost_animal(garden):
    for _ in range(8):
        garden.now += 0.8
        garden.step((RACCOON, 3.0, 0.0))
    assert garden.kinds()[:3] == [Kind.VISIT_STARTED, Kind.DECISION, Kind.STIMULUS_STARTED]
    ended = [i.detail['reason'] for i in garden.incidents if i.kind == Kind.STIMULUS_ENDED]
    assert ended == ['finished']


def test_a_silent_writer_of_places_means_that_nobody_is_there(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    for _ in range(10):
        garden.now += PERIOD
        garden.brain.see(Frame(garden.now, 'camera'), garden.now)
    assert garden.brain.board.target is None


def test_held_fire_is_told_once_for_a_rule_that_flickers(garden):
    for _ in range(10):
        garden.step((RACCOON, 3.0, 0.0), ({'cat': 0.3}, 3.0, 1.0), seconds=1)
        garden.step((RACCOON, 3.0, 0.0), seconds=2)
    held = [i for i in garden.incidents if i.kind == Kind.HELD_FIRE]
    assert [i.detail['rules'][0] for i in held] == ['person_or_pet']


def test_an_animal_on_its_way_is_not_driven_on(tmp_path):
    stimuli = []
    for speed in (0.0, 0.4):
        garden = make(tmp_path, settings=Settings(observe=6.0))
        garden.step((RACCOON, 2.0, 0.0), seconds=3)
        for tick in range(85):
            garden.step((RACCOON, 2.0 + speed * PERIOD * tick, 0.0))
        stimuli.append(garden.kinds().count(Kind.STIMULUS_STARTED))
    assert stimuli == [2, 1]


def feedback(garden, name):
    return next(n.feedback_message for n in garden.brain.root.iterate() if n.name == name)


def test_a_condition_says_what_it_lacks(garden):
    garden.step()
    assert feedback(garden, 'target_present') == 'no target is confirmed'
    garden.step((RACCOON, 3.0, 0.0), seconds=0.3)
    garden.step(({'raccoon': 0.6, 'cat': 0.1}, 3.0, 0.0))
    assert feedback(garden, 'target_sure') == 'raccoon by 60% now, not for long enough'
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    garden.guard.armed = False
    garden.step((RACCOON, 3.0, 0.0), seconds=0.2)
    garden.guard.armed = True
    garden.step((RACCOON, 3.0, 0.0), seconds=0.5)
    assert feedback(garden, 'rested') == 'rests for another 2 s'
    garden.step((RACCOON, 3.0, 0.0), seconds=3)
    assert feedback(garden, 'rested') == 'flash has another 8 s to work'


def test_an_interruption_does_not_hasten_the_next_stimulus(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    garden.guard.armed = False
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    garden.guard.armed = True
    garden.step((RACCOON, 3.0, 0.0), seconds=10)
    assert garden.kinds().count(Kind.DECISION) == 1
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    assert garden.kinds().count(Kind.DECISION) == 2
    assert garden.brain.board.visit.stimuli[0].success is False


FLASHES = """
target_species: [raccoon]
never_engage: [skunk]
deterrents:
  white: {duration: 2.0, step: 1, light: {color: [1, 1, 1]}}
  red: {duration: 2.0, step: 1, light: {color: [1, 0, 0]}}
  blue: {duration: 2.0, step: 1, light: {color: [0, 0, 1]}}
"""


def test_after_a_stimulus_that_the_guard_cut_short_it_rests(tmp_path):
    garden = make(tmp_path, FLASHES)
    garden.step((RACCOON, 3.0, 0.0), seconds=0.6)
    garden.guard.armed = False
    garden.step((RACCOON, 3.0, 0.0), seconds=0.2)
    garden.guard.armed = True
    garden.step((RACCOON, 3.0, 0.0), seconds=2.7)
    assert garden.kinds().count(Kind.STIMULUS_STARTED) == 1
    garden.step((RACCOON, 3.0, 0.0), seconds=0.5)
    assert garden.kinds().count(Kind.STIMULUS_STARTED) == 2


def test_a_guard_that_stutters_makes_no_stimulus_stutter(tmp_path):
    garden = make(tmp_path, FLASHES, settings=Settings(pause=3.0, stimuli=3, cool_down=30.0))
    for _ in range(30):
        garden.step((RACCOON, 3.0, 0.0), seconds=0.7)
        garden.guard.armed = False
        garden.step((RACCOON, 3.0, 0.0), seconds=0.3)
        garden.guard.armed = True
    # Three within ten seconds, as many as a visit gets, then the long rest.
    assert garden.kinds().count(Kind.STIMULUS_STARTED) == 3


def test_a_stimulus_that_hardly_began_is_not_judged(tmp_path):
    garden = make(tmp_path, policy=POLICIES['thompson'])
    garden.step((RACCOON, 3.0, 0.0), seconds=0.6)
    garden.guard.armed = False
    garden.step(seconds=8)
    assert garden.last(Kind.VISIT_ENDED).detail['outcome'] == 'left'
    assert not garden.brain.board.learned


def test_a_stimulus_that_hardly_began_is_not_judged_by_an_animal_that_stays(tmp_path):
    garden = make(tmp_path, policy=POLICIES['thompson'], guard={'light_budget': 0.2})
    garden.step((RACCOON, 3.0, 0.0), seconds=16)
    stimulus = garden.brain.board.visit.stimuli[0]
    assert stimulus.reason == 'guard' and not stimulus.felt and stimulus.success is None
    assert not garden.brain.board.learned
    assert garden.last(Kind.DECISION).detail['level'] == 1  # no rung for it either


@pytest.mark.parametrize(('seconds', 'end'), [(1.2, 'interrupted'), (8.0, 'finished')])
def test_who_left_as_a_person_came_was_not_repelled(tmp_path, seconds, end):
    garden = make(tmp_path, policy=POLICIES['thompson'])
    garden.step((RACCOON, 3.0, 0.0), seconds=seconds)
    garden.step((RACCOON, 3.0, 0.0), ({'person': 0.9}, 2.0, 1.0), seconds=0.3)
    garden.step(({'person': 0.9}, 2.0, 1.0), seconds=8)
    ended = next(
        i.detail for i in garden.incidents if i.kind == Kind.VISIT_ENDED and i.species == 'raccoon'
    )
    assert ended['outcome'] == 'left' and ended['stimuli'][0]['reason'] == end
    assert not garden.brain.board.learned


def test_who_left_was_repelled_though_it_gave_a_hint_of_a_cat(garden):
    """Half in the picture, raccoons are called cat; nobody was confirmed."""
    garden.step((RACCOON, 3.0, 0.0), seconds=6)
    nothing = dict.fromkeys(('translation', 'turning', 'sound', 'light'), False)
    rule = {'rules': ('person_or_pet',), 'reasons': ('A cat was seen.',)}
    garden.brain.obey(Safety(armed=True, **nothing, **rule), garden.now)
    garden.step(seconds=8)
    ended = next(i.detail for i in garden.incidents if i.kind == Kind.VISIT_ENDED)
    assert ended['outcome'] == 'repelled'


def test_who_stays_though_a_person_came_gets_the_next_rung_and_teaches_nothing(tmp_path):
    garden = make(tmp_path, policy=POLICIES['thompson'])
    garden.step((RACCOON, 3.0, 0.0), seconds=8)
    garden.step((RACCOON, 3.0, 0.0), ({'person': 0.9}, 2.0, 1.0), seconds=0.3)
    garden.step((RACCOON, 3.0, 0.0), seconds=15)
    assert garden.last(Kind.DECISION).detail['level'] == 2
    assert not garden.brain.board.learned


def test_who_left_before_a_person_came_was_repelled(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    garden.step(seconds=2)
    garden.step(({'person': 0.9}, 2.0, 1.0), seconds=8)
    ended = next(i.detail for i in garden.incidents if i.kind == Kind.VISIT_ENDED)
    assert ended['outcome'] == 'repelled'


@pytest.mark.parametrize('step', [0.0, 10.0, -10.0])
def test_a_time_of_day_that_is_set_ends_the_visit_and_nothing_else(garden, step):
    brain, incidents = garden.brain, []
    allowed = Safety(armed=True, translation=True, turning=True, sound=True, light=True)
    for picture in range(200):
        now = 1000.0 + picture * PERIOD
        stamp = now + (step if picture > 20 else 0.0)  # in the middle of a stimulus
        raccoon = Detection(Box(300, 200, 80, 60), RACCOON, '1')
        brain.obey(allowed, now)
        brain.see(Frame(stamp, 'camera', (raccoon,)), now)
        brain.locate(TargetFrame(stamp, 'base_link', (Target('1', RACCOON, 3.0, 0.0),)))
        incidents += brain.tick(now, 23.0).incidents
        if picture == 20:
            assert garden.state == 'engaging'
    kinds = [i.kind for i in incidents]
    assert kinds.count(Kind.VISIT_STARTED) == (2 if step else 1)
    ends = [i.detail['outcome'] for i in incidents if i.kind == Kind.VISIT_ENDED]
    assert ends == (['lost'] if step else [])
    act = kinds.index(Kind.STIMULUS_ENDED)
    assert 0 < incidents[act].detail['seconds'] < 3
    assert Kind.VISIT_ENDED not in kinds[:act]
    assert garden.state != 'fault'


def test_a_second_target_species_during_a_stimulus_is_engaged_by_itself(tmp_path):
    catalogue = CATALOGUE.replace('[raccoon]', '[raccoon, fox]', 1).replace('step: 2', 'step: 1')
    garden = make(tmp_path, catalogue, guard={'target_species': ['raccoon', 'fox']})
    fox = ({'fox': 0.95}, 3.0, 0.0)
    garden.step(fox, seconds=2)
    assert garden.state == 'engaging'
    garden.step(fox, (RACCOON, 3.0, 1.0), seconds=20)
    assert {i.species for i in garden.incidents if i.kind == Kind.STIMULUS_STARTED} == {
        'fox',
        'raccoon',
    }


def test_what_is_learned_belongs_to_the_zone_in_which_it_began(tmp_path):
    garden = make(tmp_path)
    learned = []
    garden.brain.board.policy.learn = lambda name, context, reward: learned.append(context.zone)
    bed = ((2.0, -1.0), (4.0, -1.0), (4.0, 1.0), (2.0, 1.0))
    garden.brain.board.zones = Zones(garden.brain.board.zones.geofence, {'bed': bed})
    garden.step((RACCOON, 3.0, 0.0), seconds=1.5)
    assert garden.last(Kind.STIMULUS_STARTED).detail['zone'] == 'bed'
    garden.step((RACCOON, 6.0, 0.0), seconds=2)  # it flees
    garden.step(seconds=20)
    assert learned == ['bed']


def test_the_only_usable_deterrent_is_used_again(garden):
    """Every visit begins on the mildest rung, where there is but one."""
    for _ in range(3):
        garden.step((RACCOON, 3.0, 0.0), seconds=3)
        garden.step(seconds=8)
    chosen = [i.deterrent for i in garden.incidents if i.kind == Kind.DECISION]
    assert chosen == ['flash'] * 3


def test_a_sure_animal_behind_one_that_is_not_is_engaged(garden):
    unsure = {'raccoon': 0.7, 'other_animal': 0.3}
    garden.step((unsure, 2.0, 0.5), (RACCOON, 3.0, -0.5), seconds=2)
    assert garden.lit and garden.last(Kind.DECISION).track_id == '2'


def test_a_sure_animal_beside_an_engaged_one_that_hides_is_engaged(garden):
    hidden = {'raccoon': 0.7, 'other_animal': 0.3}
    garden.step((RACCOON, 3.0, 0.5), seconds=3)
    assert garden.last(Kind.DECISION).track_id == '1'
    garden.step((hidden, 3.0, 0.5), (RACCOON, 2.0, -0.5), seconds=20)
    assert garden.last(Kind.DECISION).track_id == '2'


@pytest.mark.parametrize('order', ['raccoon, opossum', 'opossum, raccoon'])
def test_a_sure_animal_of_one_species_comes_before_an_unsure_one_of_another(tmp_path, order):
    catalogue = CATALOGUE.replace('[raccoon]', f'[{order}]', 1)
    garden = make(tmp_path, catalogue, guard={'target_species': ['raccoon', 'opossum']})
    unsure = {'raccoon': 0.6, 'other_animal': 0.4}
    garden.step((unsure, 4.0, 0.5), ({'opossum': 0.97}, 2.0, -0.5), seconds=2)
    assert garden.lit and garden.last(Kind.DECISION).species == 'opossum'


@pytest.mark.parametrize(('hooks', 'chosen'), [(True, 'water'), (False, 'flash')])
def test_a_hook_that_nobody_carries_out_is_not_chosen(tmp_path, hooks, chosen):
    catalogue = CATALOGUE.replace(
        'deterrents:', 'deterrents:\n  water: {duration: 5.0, step: 1, hook: {topic: sprinkler}}'
    )
    garden = make(tmp_path, catalogue, hooks=hooks)
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    assert garden.last(Kind.DECISION).deterrent == chosen


def test_what_the_catalogue_forbids_is_told_once_a_visit(tmp_path):
    catalogue = """
target_species: [raccoon]
never_engage: []
deterrents:
  flash: {duration: 2.0, step: 1, cool_down: 300, light: {color: [1, 1, 1]}}
"""
    garden = make(tmp_path, catalogue)
    garden.step((RACCOON, 3.0, 0.0), seconds=60)
    (held,) = [i for i in garden.incidents if i.kind == Kind.HELD_FIRE]
    assert held.detail['rules'] == ['no_deterrent']
    assert held.detail['reasons'][0].startswith('flash: cools down')


def test_legs_that_may_not_move_stand_up_as_soon_as_they_may(tmp_path):
    catalogue = """
target_species: [raccoon]
never_engage: []
deterrents:
  stomp: {duration: 4.0, step: 1, motion: {kind: stomp}}
"""
    garden = make(tmp_path, catalogue)
    heights, tick = [], garden.brain.tick

    def ticked(now, hour):
        wants = tick(now, hour)
        if wants.height is not None:
            heights.append((wants.height, garden.brain.board.allowed.turning))
        return wants

    garden.brain.tick = ticked
    while (0.0, True) not in heights:
        garden.step((RACCOON, 3.0, 0.0))
    crouched = len(heights)
    garden.step((RACCOON, 3.0, 0.0), ({'person': 0.9}, 2.0, 1.0))
    garden.step(seconds=8)
    assert len(heights) == crouched  # the veto holds
    garden.step(seconds=4)
    assert heights[crouched:] == [(STAND_HEIGHT, True)]


def test_a_visit_whose_end_nobody_saw_is_lost(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    for _ in range(100):  # the detector is dead
        garden.now += PERIOD
        garden.lockstep.tell(garden.now, garden.hour)
        garden.lockstep.tick(garden.now, garden.hour)
    (ended,) = [i for i in garden.brain.stop().incidents if i.kind == Kind.VISIT_ENDED]
    assert ended.detail['outcome'] == 'lost'


def test_a_visit_says_when_it_was_seen_first(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=2)
    (started,) = [i for i in garden.incidents if i.kind == Kind.VISIT_STARTED]
    assert started.detail['first_seen'] == pytest.approx(PERIOD)
    assert started.stamp == pytest.approx(OPENING * PERIOD)
    assert started.detail['target'] is True and started.detail['trial'] is False


def test_a_visit_after_a_gap_begins_anew(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=60)
    garden.now += 6.0  # the camera stood still
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    _, second = [i for i in garden.incidents if i.kind == Kind.VISIT_STARTED]
    assert second.detail['first_seen'] == pytest.approx(66.0 + PERIOD)
    assert second.stamp == pytest.approx(66.0 + OPENING * PERIOD)


STONE = ({'raccoon': 0.6, 'other_animal': 0.4}, 4.0, 1.0)


def test_a_thing_that_never_is_sure_keeps_no_visit_open(garden):
    learned = []
    garden.brain.board.policy.learn = lambda name, context, reward: learned.append(reward)
    garden.step(STONE, seconds=60)
    for _ in range(2):
        garden.step(STONE, (RACCOON, 2.5, -0.5), seconds=3)
        garden.step(STONE, seconds=60)
    ends = [i.detail['outcome'] for i in garden.incidents if i.kind == Kind.VISIT_ENDED]
    assert ends == ['stayed', 'repelled', 'repelled']
    assert len(learned) == 2 and min(learned) > 0.8
    starts = [i for i in garden.incidents if i.kind == Kind.VISIT_STARTED]
    assert [i.track_id for i in starts] == ['1', '2', '2']
    assert starts[1].detail['first_seen'] == pytest.approx(60 + PERIOD)


def test_an_arm_that_a_thing_drew_is_not_that_of_the_animal(tmp_path):
    garden = make(tmp_path, trial=Trial(hold_out=1.0))
    garden.step(STONE, seconds=60)
    garden.brain.board.trial = Trial()
    garden.step(STONE, (RACCOON, 2.5, -0.5), seconds=2)
    assert garden.lit and garden.last(Kind.DECISION).detail['arm'] == 'treatment'


HALF_HIDDEN = ({'raccoon': 0.7, 'other_animal': 0.3}, 3.0, 0.0)


def test_an_animal_under_a_new_id_is_the_same_though_it_is_no_longer_sure(garden):
    garden.step((RACCOON, 3.0, 0.0), seconds=20)
    garden.step(({'other_animal': 0.9}, 9.0, 0.0), HALF_HIDDEN, seconds=20)
    visits = [i for i in garden.incidents if i.kind == Kind.VISIT_STARTED]
    assert [i.species for i in visits] == ['raccoon', 'other_animal']
    assert Kind.VISIT_ENDED not in garden.kinds()


def test_of_two_that_were_sure_the_one_that_stays_keeps_the_visit_open(garden):
    garden.step((RACCOON, 3.0, 0.0), (RACCOON, 3.0, 1.0), seconds=20)
    garden.step(HALF_HIDDEN, seconds=20)
    assert garden.kinds().count(Kind.VISIT_STARTED) == 1 and garden.brain.board.target


def test_a_young_one_that_never_is_sure_is_one_of_a_family(garden):
    garden.step((RACCOON, 3.0, 0.5), ({'raccoon': 0.6}, 3.2, 0.2), seconds=40)
    assert {i.deterrent for i in garden.incidents if i.kind == Kind.DECISION} == {'flash'}


@pytest.mark.parametrize('variance', [math.inf, math.nan])
def test_who_may_be_anywhere_may_be_here(variance):
    assert distance_low(Target('1', RACCOON, 2.0, 0.0, variance_x=0.01)) == pytest.approx(1.8355)
    assert distance_low(Target('1', RACCOON, 2.0, 0.0, variance_x=variance)) == 0.0


@pytest.mark.parametrize(
    ('kind', 'forth', 'back'),
    [
        ('advance', (0.2, 0.0), (0.2, 0.0)),
        ('retreat', (-0.2, 0.0), (-0.2, 0.0)),
        ('lunge', (0.2, 0.0), (-0.2, 0.0)),
        ('strafe', (0.0, 0.2), (0.0, -0.2)),
        ('face', (0.0, 0.0), (0.0, 0.0)),
        ('stomp', (0.0, 0.0), (0.0, 0.0)),
    ],
)
def test_each_motion_goes_where_it_says(garden, kind, forth, back):
    garden.step((RACCOON, 3.0, 0.0), seconds=1)
    for elapsed, expected in ((0.1, forth), (SWING / 2 + 0.1, back)):
        twist, _ = act._motion(garden.brain.board, Motion(kind), elapsed)
        assert (twist.vx, twist.vy) == expected


def test_what_a_person_who_drives_may_is_not_allowed_to_the_brain(garden):
    garden.guard.command('teleop', Twist(vx=0.1), 0.0)
    garden.step()
    board = garden.brain.board
    assert board.safety.driver == 'teleop' and board.safety.translation and board.safety.turning
    assert not (board.allowed.translation or board.allowed.turning) and board.allowed.quiet
