"""The guard as a whole: evidence, sureness, relays, silence."""

import math

import pytest
from sentinel_behavior.geometry import inside_by
from sentinel_behavior.guard import make_guard
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.guard.rules import Act
from sentinel_behavior.zones import Zones
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.geometry import STOP, Pose, Twist

ZONES = Zones(((-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)), {})
BOX, ELSEWHERE = Box(300, 200, 80, 60), Box(20, 200, 80, 60)
RACCOON = {'raccoon': 0.95}
FORWARD = Twist(0.2)


def detection(scores, box=BOX, track='1'):
    return Detection(box, scores, track)


class Bench:
    """A guard that gets pictures at 10 Hz."""

    def __init__(self, **values):
        self.guard = make_guard({**DEFAULTS, 'armed': True, **values}, ZONES)
        self.guard.image_height = 480
        self.guard.fix(Pose(), 0.001, 0.0)
        self.now = 0.0

    def look(self, *found, times=1, distance=3.0):
        for _ in range(times):
            self.now += 0.1
            self.guard.see(Frame(self.now, 'camera', found), self.now)
            places = tuple(Target(d.track_id, d.scores, distance, 0.0) for d in found if d.track_id)
            self.guard.locate(TargetFrame(self.now, 'base_link', places), self.now)
            self.guard.sweep(self.now)
            self.guard.hear(0.0, self.now)
        return self.rules()

    def rules(self, wait=0.0):
        self.now += wait
        return [f.rule for f in self.verdict().findings]

    def verdict(self):
        return self.guard.judge(self.guard.scene(self.now, 12.0))

    def drive(self, source='auto', twist=FORWARD):
        self.guard.command(source, twist, self.now, 5.0)
        return self.relay()

    def relay(self, wait=0.0):
        self.now += wait
        return self.guard.relay(self.guard.scene(self.now, 12.0))


@pytest.fixture
def bench():
    return Bench()


@pytest.mark.parametrize('lag', [0.0, 0.15, 0.5])
def test_late_pictures_count_no_motion_twice(bench, lag):
    turn = Twist(0.2, 0.0, 0.5)
    bench.look(detection(RACCOON), times=8)
    pose = Pose()
    for _ in range(20):
        assert bench.drive('teleop', turn).twist == turn
        for _ in range(2):
            bench.now += 0.05
            place = TargetFrame(bench.now - lag, 'base_link', (Target('1', RACCOON, 9.0, 0.0),))
            bench.guard.locate(place, bench.now - lag)
            pose = pose.moved(turn, 0.05)
            scene = bench.guard.scene(bench.now, 12.0)
    believed = scene.pose.pose
    assert (believed.x, believed.y) == pytest.approx((pose.x, pose.y), abs=1e-6)
    assert believed.yaw == pytest.approx(pose.yaw)
    # What stood straight ahead when the picture was taken lies to the right of a robot that turned.
    angle = -math.atan2(scene.animals[0].position[1], scene.animals[0].position[0])
    assert angle == pytest.approx(0.5 * lag, abs=0.02)


def test_a_fix_leaves_animals_where_they_are_though_the_robot_turned_since_it_saw_them(bench):
    bench.look(detection(RACCOON), times=8)
    bench.drive('teleop', Twist(0.0, 0.0, 1.0))
    bench.now += 0.4
    bench.guard.fix(Pose(yaw=0.4), 0.001, bench.now)  # just where it believed to be
    x, y = bench.guard.scene(bench.now, 12.0).animals[0].position
    assert math.atan2(y, x) == pytest.approx(-0.4)


def test_light_that_nobody_asks_for_is_forbidden_and_may_be_asked_for_again(bench):
    bench.look(detection(RACCOON), times=8)
    bench.guard.light(True, bench.now)  # then the brain dies
    assert 'light_silence' in bench.look(detection(RACCOON), times=18)
    assert 'light_silence' not in bench.look(detection(RACCOON), times=5)
    assert bench.verdict().allows(Act.LIGHT)
    used = bench.guard.scene(bench.now).light_used
    bench.look(detection(RACCOON), times=50)
    assert bench.guard.scene(bench.now).light_used == used


def test_a_picture_of_long_ago_makes_no_evidence_older(bench):
    person = detection({'person': 0.9}, ELSEWHERE, '')
    bench.look(person)
    bench.guard.see(Frame(bench.now - 12.0, 'camera', (person,)), bench.now - 12.0)
    assert 'person_or_pet' in bench.rules()


def test_a_sure_target_may_be_deterred_after_five_of_eight_pictures(bench):
    assert 'unsure_target' in bench.look(detection(RACCOON), times=4)
    assert bench.look(detection(RACCOON)) == []
    assert all(bench.verdict().allows(act) for act in Act)


def test_a_target_out_of_sight_is_soon_no_target(bench):
    bench.look(detection(RACCOON), times=8)
    assert bench.look(times=3) == []
    assert 'unsure_target' in bench.look()


@pytest.mark.parametrize('species', ['person', 'cat', 'dog', 'other_animal'])
@pytest.mark.parametrize('track', ['', '2'])
def test_a_hint_of_somebody_protected_forbids_everything_for_ten_seconds(species, track):
    bench = Bench(also_protected=['other_animal'])
    bench.look(detection(RACCOON), times=8)
    hint = {species: DEFAULTS['veto_level'] + 0.01}
    rules = bench.look(detection(RACCOON), detection(hint, ELSEWHERE, track))
    assert rules[0] == 'person_or_pet'
    assert not any(bench.verdict().allows(act) for act in Act)
    assert 'person_or_pet' in bench.look(detection(RACCOON), times=99)
    assert bench.look(detection(RACCOON), times=2) == []


def test_a_score_below_the_veto_level_is_noise(bench):
    found = detection(RACCOON), detection({'person': 0.14}, ELSEWHERE, '')
    assert bench.look(*found, times=8) == []


def test_the_targets_own_box_may_waver(bench):
    found = detection({'raccoon': 0.85, 'cat': 0.2}), detection({'cat': 0.4}, BOX, '')
    assert bench.look(*found, times=8) == []


def test_the_box_of_an_unsure_animal_excuses_nobody(bench):
    assert 'person_or_pet' in bench.look(detection({'raccoon': 0.6, 'cat': 0.3}), times=8)


@pytest.mark.parametrize('species', ['person', 'cat', 'dog'])
@pytest.mark.parametrize('becomes', ['1', '2'])
def test_what_was_a_hint_of_a_pet_and_is_surely_a_raccoon_now_is_excused(bench, species, becomes):
    bench.look(Detection(ELSEWHERE, {species: 0.4}, tentative=becomes))
    rules = bench.look(detection(RACCOON), times=8)  # track 1
    assert ('person_or_pet' not in rules) == (species != 'person' and becomes == '1')
    assert 'person_or_pet' in bench.look(times=8)  # no longer sure: it counts again


def test_a_hint_beside_the_track_that_it_says_it_is_counts(bench):
    hint = Detection(ELSEWHERE, {'cat': 0.4}, tentative='1')
    bench.look(detection(RACCOON), times=8)
    assert 'person_or_pet' in bench.look(detection(RACCOON), hint)


HEAD, WHOLE = Box(350, 195, 28, 28), Box(300, 190, 80, 80)


def test_a_little_cat_in_the_head_of_a_sure_raccoon_is_excused(bench):
    bench.look(detection(RACCOON, WHOLE), times=8)
    assert bench.look(detection(RACCOON, WHOLE), detection({'cat': 0.5}, HEAD, '2')) == []


def test_a_raccoon_before_a_person_excuses_nobody(bench):
    bench.look(detection(RACCOON, HEAD), times=8)
    assert 'person_or_pet' in bench.look(
        detection(RACCOON, HEAD), detection({'person': 0.5}, WHOLE, '2')
    )
    assert 'person_or_pet' in bench.look(
        detection(RACCOON, WHOLE), detection({'person': 0.5}, HEAD, '2')
    )


def test_a_cat_that_hides_a_sure_raccoon_counts(bench):
    bench.look(detection(RACCOON, HEAD), times=8)
    found = detection(RACCOON, HEAD), detection({'cat': 0.5}, WHOLE, '2')
    assert 'person_or_pet' in bench.look(*found)


def test_a_half_cat_beside_a_sure_raccoon_counts(bench):
    found = detection(RACCOON), detection({'raccoon': 0.55, 'cat': 0.45}, ELSEWHERE, '2')
    assert 'person_or_pet' in bench.look(*found, times=8)


def test_an_alarm_counts_even_in_the_targets_box(bench):
    found = detection(RACCOON), detection({'cat': 0.95}, BOX, '')
    assert 'person_or_pet' in bench.look(*found, times=8)


@pytest.mark.parametrize('track', ['', '2'])
def test_a_weak_person_in_the_box_of_a_sure_target_is_left_to_its_posterior(bench, track):
    bench.look(detection(RACCOON), times=8)
    hint = detection({'person': DEFAULTS['person_alarm_level'] - 0.01}, BOX, track)
    assert bench.look(detection(RACCOON), hint) == []


@pytest.mark.parametrize('track', ['', '2'])
def test_a_strong_person_counts_even_in_the_box_of_a_sure_target(bench, track):
    bench.look(detection(RACCOON), times=8)
    person = detection({'person': DEFAULTS['person_alarm_level']}, BOX, track)
    assert 'person_or_pet' in bench.look(detection(RACCOON), person)
    assert 'person_or_pet' in bench.look(detection(RACCOON), times=99)


def test_a_person_who_hides_behind_the_box_of_a_target_counts_once_that_is_not_sure(bench):
    bench.look(detection(RACCOON), times=8)
    assert bench.look(detection(RACCOON), detection({'person': 0.4}, BOX, '')) == []
    assert 'person_or_pet' in bench.look(detection({'raccoon': 0.7, 'cat': 0.2}), times=4)


def test_everything_is_forbidden_when_pictures_stop(bench):
    bench.look(detection(RACCOON), times=8)
    assert bench.rules(wait=1.1)[:2] == ['stale_perception', 'no_sweep']
    assert not any(bench.verdict().allows(act) for act in Act)


def test_a_command_is_relayed_with_its_stamp(bench):
    bench.look(detection(RACCOON), times=8)
    relayed = bench.drive()
    assert (relayed.twist, relayed.stamp, relayed.source) == (Twist(0.2), 5.0, 'auto')


def test_silence_means_stop(bench):
    bench.look(detection(RACCOON), times=8)
    bench.drive()
    assert bench.relay(wait=0.5).twist == Twist(0.2)
    assert bench.relay(wait=0.01).twist == STOP


def test_teleop_goes_first_and_needs_no_target(bench):
    bench.look(detection({'person': 0.9}), times=3)
    bench.guard.command('auto', Twist(0.2), bench.now)
    assert bench.drive('teleop', Twist(-0.1)).twist == Twist(-0.1)
    # As soon as the hand is off, the autonomous command is under all rules again.
    bench.guard.command('auto', Twist(0.2), bench.now + 0.5)
    assert bench.relay(wait=0.51).twist == STOP


def test_nobody_runs_into_a_thing_of_which_only_the_place_is_told(bench):
    bench.look(detection(RACCOON), times=8)
    bench.guard.locate(TargetFrame(bench.now, 'base_link', (Target('1', {}, 0.7, 0.0),)), bench.now)
    assert bench.drive('auto').twist == STOP


@pytest.mark.parametrize('variance', [(math.inf, math.inf), (math.nan, math.nan), (0.0, math.inf)])
def test_nobody_approaches_an_animal_whose_distance_is_not_known(bench, variance):
    bench.look(detection(RACCOON), times=8)
    target = Target('1', RACCOON, 3.0, 0.0, 0.0, *variance)
    bench.guard.locate(TargetFrame(bench.now, 'base_link', (target,)), bench.now)
    assert bench.drive().twist == STOP


def test_teleop_does_not_run_into_an_animal(bench):
    bench.look(detection(RACCOON), times=8, distance=0.7)
    assert bench.drive('teleop').twist == STOP


@pytest.mark.parametrize('source', ['auto', 'teleop'])
def test_the_emergency_stop_binds_everybody_until_released(bench, source):
    bench.look(detection(RACCOON), times=8)
    bench.guard.emergency_stop = True
    assert bench.drive(source, Twist(-0.1, 0.0, 0.5)).twist == STOP
    bench.guard.emergency_stop = False
    assert bench.drive(source, Twist(-0.1, 0.0, 0.5)).twist == Twist(-0.1, 0.0, 0.5)


def test_disarmed_nothing_moves():
    bench = Bench(armed=False)
    bench.look(detection(RACCOON), times=8)
    assert bench.drive('teleop').twist == STOP
    assert bench.rules()[0] == 'disarmed'


def test_without_a_fix_it_only_turns():
    bench = Bench()
    bench.guard = make_guard({**DEFAULTS, 'armed': True}, ZONES)
    bench.guard.image_height = 480
    assert bench.look(detection(RACCOON), times=8) == ['no_pose_fix']
    assert bench.drive(twist=Twist(0.2, 0.0, 0.4)).twist == Twist(wz=0.4)


def test_walking_uses_up_the_fix(bench):
    bench.look(detection(RACCOON), times=8, distance=4.5)
    for _ in range(110):
        bench.look(detection(RACCOON), distance=4.5)
        bench.drive(twist=Twist(-0.2))
    assert 'no_pose_fix' in bench.rules()
    bench.guard.fix(Pose(), 0.001, bench.now)
    assert 'no_pose_fix' not in bench.rules()


def test_a_speaker_that_starts_again_does_not_begin_a_new_budget(bench):
    bench.look(detection(RACCOON), times=8)
    for used in (20.0, 59.0, 0.0, 1.0):
        bench.guard.hear(used, bench.now)
        assert ('sound_budget' in bench.rules()) == (used == 1.0)
    bench.now += 3600.1
    bench.guard.hear(0.0, bench.now)
    assert 'sound_budget' not in bench.rules()


@pytest.mark.parametrize('used', [math.nan, math.inf, -math.inf])
def test_a_speaker_that_tells_no_number_may_make_no_sound(bench, used):
    bench.look(detection(RACCOON), times=8)
    bench.guard.hear(used, bench.now)
    assert 'sound_budget' in bench.rules()
    bench.guard.hear(0.0, bench.now)
    assert 'sound_budget' not in bench.rules()


@pytest.mark.parametrize('share', [0.75, 1.25])
@pytest.mark.parametrize('angle', [1.0, 2.0, 4 * math.pi, 5 * math.pi])
@pytest.mark.parametrize('ahead', [0.2, -0.2])
def test_a_robot_that_turned_more_or_less_than_told_stays_inside(bench, share, angle, ahead):
    real = Pose(4.2)
    bench.guard.fix(real, 0.0, bench.now)
    walked = 0.0
    for step in range(round(angle / 0.1) + 100):
        bench.look()
        wanted = Twist(wz=1.0) if step < round(angle / 0.1) else Twist(ahead)
        sent = bench.drive(twist=wanted).twist
        walked += abs(sent.vx) * 0.1
        real = real.moved(Twist(sent.vx, sent.vy, sent.wz * share), 0.1)
        assert inside_by((real.x, real.y), ZONES.geofence) > 0.0
    assert walked > 0.05
    bench.guard.fix(Pose(), 0.0, bench.now)
    assert bench.drive(twist=Twist(0.2)).twist == Twist(0.2)


def test_light_is_counted(bench):
    bench.look(detection(RACCOON), times=8)
    bench.guard.light(True, bench.now)
    bench.now += 121.0
    bench.guard.light(False, bench.now)
    assert 'light_budget' in bench.rules()
    bench.now += 3600.0
    assert 'light_budget' not in bench.rules()


def test_a_light_that_nobody_asks_for_goes_out(bench):
    bench.guard.light(True, bench.now)
    bench.look(detection(RACCOON), times=10)
    assert bench.verdict().allows(Act.LIGHT)
    assert 'light_silence' in bench.look(detection(RACCOON), times=6)
    bench.guard.light(True, bench.now)
    assert 'light_silence' not in bench.rules()
    bench.guard.light(False, bench.now)
    assert 'light_silence' not in bench.look(detection(RACCOON), times=30)


def test_charges_are_counted():
    bench = Bench(charge_limit=1.0)
    for _ in range(65):
        bench.look(detection(RACCOON), distance=3.0)
        bench.guard.fix(Pose(), 0.001, bench.now)
        bench.drive(twist=Twist(0.2))
    assert 'charge_limit' in bench.rules()
    assert bench.drive(twist=Twist(0.2)).twist == STOP


def test_a_remembered_animal_stays_in_its_place_while_the_robot_turns(bench):
    bench.look(detection(RACCOON), times=8, distance=0.9)
    bench.guard.command('auto', Twist(wz=1.0), bench.now)
    bench.relay()
    bench.now += 0.4
    (animal,) = bench.guard.scene(bench.now).animals
    assert animal.position == pytest.approx((0.829, -0.350), abs=0.01)
