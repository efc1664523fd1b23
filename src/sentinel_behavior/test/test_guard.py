"""The guard as a whole: evidence, sureness, relays, silence."""

import math

import pytest
from sentinel_behavior.geometry import inside_by
from sentinel_behavior.guard import latches, make_guard
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.guard.rules import Act
from sentinel_behavior.zones import Zones
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.errors import ConfigurationError
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


def test_a_fix_elsewhere_takes_animals_and_where_they_came_in_along(bench):
    bench.look(detection(RACCOON), times=8, distance=3.0)
    bench.look(detection(RACCOON), distance=2.0)
    bench.guard.fix(Pose(-1.0, 2.0, 1.5), 0.001, bench.now)
    (animal,) = bench.guard.scene(bench.now).animals
    assert animal.position == pytest.approx((2.0, 0.0))
    assert animal.entry == pytest.approx((3.0, 0.0))


def test_where_an_animal_came_in_stays_in_its_place_while_the_robot_turns(bench):
    bench.look(detection(RACCOON), distance=3.0)
    bench.look(detection(RACCOON), distance=2.0)
    bench.drive('teleop', Twist(wz=1.0))
    (animal,) = bench.guard.scene(bench.now + 0.4).animals
    assert animal.entry == pytest.approx((3 * math.cos(0.4), -3 * math.sin(0.4)))


def test_an_animal_keeps_the_robot_away_for_three_seconds_after_it_was_seen(bench):
    bench.look(detection(RACCOON), times=8, distance=0.9)
    bench.look(detection(RACCOON, ELSEWHERE, '2'), times=10, distance=4.0)  # but not the first
    assert bench.drive('teleop').twist == STOP
    bench.now += 1.9
    assert bench.drive('teleop').twist == STOP
    bench.now += 0.2
    assert bench.drive('teleop').twist == FORWARD


@pytest.mark.parametrize(
    ('x', 'y', 'covariance', 'sigma'),
    [
        (2.0, 0.0, (0.09, 0.01, 0.0), 0.3),
        (0.0, -2.0, (0.09, 0.01, 0.0), 0.1),
        (1.0, 1.0, (0.04, 0.04, 0.04), math.sqrt(0.08)),
        (1.0, -1.0, (0.04, 0.04, 0.04), 0.0),
    ],
)
def test_how_far_away_an_animal_is_known_as_well_as_its_covariance_says(
    bench, x, y, covariance, sigma
):
    place = Target('1', {}, x, y, 0.0, *covariance)
    bench.guard.locate(TargetFrame(0.0, 'base_link', (place,)), 0.0)
    (animal,) = bench.guard.scene(0.0).animals
    assert animal.sigma == pytest.approx(sigma, abs=1e-6)


def shine(bench, seconds):
    """Look at a sure target, and ask for light twice a second."""
    for _ in range(round(2 * seconds)):
        bench.guard.light(True, bench.now)
        rules = bench.look(detection(RACCOON), times=5)
    return rules


def test_light_that_shines_is_counted_however_often_it_is_asked_for(bench):
    assert shine(bench, 119.0) == []
    assert shine(bench, 2.0) == ['light_budget']


def test_light_that_shone_for_long_is_missed_as_soon_as_any(bench):
    shine(bench, 5.0)  # the last word half a second ago
    assert bench.look(detection(RACCOON), times=9) == []
    assert bench.look(detection(RACCOON), times=2) == ['light_silence']


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


def test_the_veto_level_itself_counts_and_the_newest_sign_is_told(bench):
    hint = detection({'cat': DEFAULTS['veto_level']}, ELSEWHERE, '')
    bench.look(detection(RACCOON), detection({'dog': 0.5}, ELSEWHERE, ''))
    bench.look(detection(RACCOON), hint, times=8)
    reason = bench.verdict().findings[0].reason
    assert reason == f'A cat (score {DEFAULTS["veto_level"]:.2f}) was seen 0.0 s ago.'


def test_who_was_seen_is_remembered_for_as_long_as_is_set():
    bench = Bench(veto_seconds=20.0)
    bench.look(detection(RACCOON), detection({'person': 0.9}, ELSEWHERE, ''))
    assert 'person_or_pet' in bench.look(detection(RACCOON), times=199)
    assert bench.look(detection(RACCOON), times=2) == []


def test_a_pet_is_no_target_though_somebody_names_it_one():
    bench = Bench(target_species=['raccoon', 'cat'])
    rules = bench.look(detection({'cat': 0.85}), times=8)
    assert {'person_or_pet', 'unsure_target'} <= set(rules)


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


@pytest.mark.parametrize(('aside', 'another'), [(24, False), (32, True)])  # IoU .54, .43
def test_a_cat_that_overlaps_the_box_of_a_sure_raccoon_by_less_than_half_counts(
    bench, aside, another
):
    cat = detection({'cat': 0.5}, Box(BOX.x + aside, BOX.y, BOX.width, BOX.height), '2')
    bench.look(detection(RACCOON), times=8)
    assert ('person_or_pet' in bench.look(detection(RACCOON), cat)) is another


@pytest.mark.parametrize(('aside', 'another'), [(5, False), (8, True)])  # 82 and 71 % inside
def test_a_small_cat_that_sticks_out_of_a_sure_raccoon_counts(bench, aside, another):
    cat = detection({'cat': 0.5}, Box(WHOLE.x + 52 + aside, 195, 28, 28), '2')
    bench.look(detection(RACCOON, WHOLE), times=8)
    assert ('person_or_pet' in bench.look(detection(RACCOON, WHOLE), cat)) is another


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


def test_speed_and_pace_of_turning_are_those_that_are_set():
    bench = Bench(max_speed=0.1, max_turn_rate=0.5)
    bench.look(detection(RACCOON), times=8)
    assert bench.drive(twist=Twist(0.2, 0.0, -1.0)).twist == Twist(0.1, 0.0, -0.5)
    assert bench.verdict().max_speed == 0.1


@pytest.mark.parametrize(('hits', 'window', 'missed', 'sure'), [(2, 3, 1, True), (2, 3, 2, False)])
def test_a_target_is_as_sure_as_is_set(hits, window, missed, sure):
    bench = Bench(sure_hits=hits, sure_window=window)
    assert 'unsure_target' in bench.look(detection(RACCOON))
    assert 'unsure_target' not in bench.look(detection(RACCOON))
    assert ('unsure_target' not in bench.look(times=missed)) is sure


def test_no_guard_is_made_for_which_no_target_would_ever_be_sure():
    with pytest.raises(ConfigurationError, match='ever be sure'):
        Bench(sure_hits=9)


@pytest.mark.parametrize('source', ['auto', 'teleop'])
def test_nobody_leaves_the_geofence(bench, source):
    bench.look(detection(RACCOON), times=8, distance=4.0)
    bench.guard.fix(Pose(4.95), 0.0, bench.now)
    assert bench.drive(source).twist == STOP
    assert bench.drive(source, Twist(-0.2)).twist == Twist(-0.2)


def test_a_fix_that_is_not_sure_draws_the_geofence_in(bench):
    bench.look(detection(RACCOON), times=8)
    bench.guard.fix(Pose(4.5), 0.01, bench.now)
    assert bench.rules() == []
    bench.guard.fix(Pose(4.5), 0.25, bench.now)
    assert bench.rules() == ['geofence']


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


@pytest.mark.parametrize('twist', [Twist(0.0, 0.2), Twist(0.12, -0.16)])
def test_walking_sideways_uses_up_the_fix_too(bench, twist):
    for _ in range(110):
        bench.look(detection(RACCOON), distance=4.5)
        bench.drive('teleop', twist)
    assert 'no_pose_fix' in bench.rules()
    # A quarter of the way is slip.
    assert bench.guard.scene(bench.now).pose.sigma == pytest.approx(0.25 * 2.2, abs=0.01)


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
    bench.look(detection(RACCOON), times=520)  # the first step of the charge was 59 s ago
    assert 'charge_limit' in bench.rules()
    bench.look(detection(RACCOON), times=80)
    assert 'charge_limit' not in bench.rules()


@pytest.mark.parametrize('scores', [RACCOON, {'raccoon': 0.5, 'other_animal': 0.5}])
def test_a_step_towards_any_animal_is_counted_when_it_is_done(bench, scores):
    bench.look(detection(scores), times=8)
    bench.drive('teleop')
    assert bench.guard.scene(bench.now).approached == 0.0
    bench.now += 0.4
    bench.drive('teleop', STOP)
    assert bench.guard.scene(bench.now).approached == pytest.approx(0.08)
    bench.now += 0.4
    bench.drive('teleop', STOP)
    assert bench.guard.scene(bench.now).approached == pytest.approx(0.08)


def test_a_remembered_animal_stays_in_its_place_while_the_robot_turns(bench):
    bench.look(detection(RACCOON), times=8, distance=0.9)
    bench.guard.command('auto', Twist(wz=1.0), bench.now)
    bench.relay()
    bench.now += 0.4
    (animal,) = bench.guard.scene(bench.now).animals
    assert animal.position == pytest.approx((0.829, -0.350), abs=0.01)


@pytest.mark.parametrize('text', ['', '{"run": "mon', '[]', '{"run": "a", "arms": true}', '\0'])
def test_a_damaged_file_is_no_release_of_the_emergency_stop(tmp_path, text):
    (tmp_path / 'guard.json').write_text(text)
    with pytest.raises(latches.LatchError, match='counts as latched'):
        latches.load(tmp_path / 'guard.json')


def test_a_file_that_cannot_be_read_is_no_release_of_the_emergency_stop(tmp_path):
    with pytest.raises(latches.LatchError, match='counts as latched'):
        latches.load(tmp_path)  # a folder


def test_what_was_told_is_read_as_it_was_written(tmp_path):
    assert latches.load(tmp_path / 'guard.json') == latches.Told()
    for told in (latches.Told('monday', True), latches.Told('', False, True)):
        latches.save(tmp_path / 'guard.json', told)
        assert latches.load(tmp_path / 'guard.json') == told
