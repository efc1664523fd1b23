"""Every rule by itself: when it objects, when it does not, and what a missing input means."""

import math
from dataclasses import replace

import pytest
from sentinel_behavior.geometry import PoseEstimate
from sentinel_behavior.guard import limits, make_guard, rules
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.guard.rules import EVERYTHING, Act
from sentinel_behavior.guard.scene import Animal, Evidence, Scene
from sentinel_behavior.zones import Zones
from sentinel_common.detections import Box, Detection, Frame
from sentinel_common.geometry import Pose, Twist

RACCOON = Detection(Box(100, 100, 60, 50), {'raccoon': 0.95}, '1')
LOW = Detection(Box(100, 400, 200, 80), {'raccoon': 0.95}, '1')


def frame(*found):
    return Frame(0.0, 'camera', found)


# A scene in which nothing objects.
CALM = Scene(
    now=100.0,
    armed=True,
    frame=frame(RACCOON),
    frame_age=0.1,
    sweep_age=0.1,
    targets_age=0.1,
    sure=frozenset({'1'}),
    animals=(Animal('1', (3.0, 0.0), 0.1, 0.1),),
    image_height=480,
    pose=PoseEstimate(Pose(), 0.03, 0.0),
    sound_age=0.5,
    hour=12.0,
)
FENCE = ((-2.0, -2.0), (4.0, -2.0), (4.0, 2.0), (-2.0, 2.0))
RULES = [
    rules.EmergencyStop(),
    rules.Disarmed(),
    rules.PersonOrPet(),
    rules.Restarted(),
    rules.StalePerception(),
    rules.NoSweep(),
    rules.UnsureTarget(),
    rules.UnsureApproach(),
    rules.RangeUnknown(),
    rules.NoPoseFix(),
    rules.SoundBudget(),
    rules.LightBudget(),
    rules.LightSilence(),
    limits.SpeedLimit(),
    limits.MinimumDistance(),
    limits.WayOut(),
    limits.ChargeLimit(),
    limits.Geofence(polygon=FENCE),
]


@pytest.mark.parametrize('rule', RULES, ids=lambda r: r.name)
def test_no_rule_objects_to_a_calm_scene(rule):
    assert rule.objection(CALM) == ''


@pytest.mark.parametrize(
    ('rule', 'change', 'words'),
    [
        (rules.EmergencyStop(), {'emergency_stop': True}, 'latched'),
        (rules.Disarmed(), {'armed': False}, 'not armed'),
        (rules.PersonOrPet(), {'evidence': Evidence('cat', 0.2, 9.9)}, 'cat (score 0.20)'),
        (rules.Restarted(), {'restart_age': 9.9}, 'started again 9.9 s ago'),
        (rules.StalePerception(), {'frame_age': 1.1}, '1.1 s ago'),
        (rules.StalePerception(), {'frame_age': None}, 'never'),
        (rules.NoSweep(), {'sweep_age': 1.1}, '1.1 s ago'),
        (rules.NoSweep(), {'sweep_age': None}, 'never'),
        (rules.UnsureTarget(), {'sure': frozenset()}, 'surely'),
        (rules.UnsureTarget(), {'frame': None, 'sure': frozenset()}, 'surely'),
        (rules.UnsureApproach(), {'sure': frozenset()}, 'Track 1'),
        (rules.RangeUnknown(), {'targets_age': 1.1}, '1.1 s ago'),
        (rules.RangeUnknown(), {'targets_age': None}, 'never'),
        (rules.NoPoseFix(), {'pose': None}, 'Nobody has told'),
        (rules.NoPoseFix(), {'pose': PoseEstimate(Pose(), 0.1, 2.1)}, 'walked 2.1 m'),
        (rules.SoundBudget(), {'sound_age': None}, 'never'),
        (rules.SoundBudget(), {'sound_age': 4.0}, '4.0 s ago'),
        (rules.SoundBudget(), {'hour': None}, 'time of day'),
        (rules.SoundBudget(), {'sound_used': 60.0}, 'per hour'),
        (rules.SoundBudget(), {'sound_used': 30.0, 'hour': 23.5}, 'quiet hours'),
        (rules.SoundBudget(per_quiet_hour=0.0), {'hour': 6.9}, 'quiet hours'),
        (rules.LightBudget(), {'light_used': 120.0}, '120 s'),
        (rules.LightBudget(per_hour=0.0), {}, '0 s'),
        (rules.LightSilence(), {'light_age': 1.6}, '1.6 s ago'),
        (limits.MinimumDistance(), {'animals': (Animal('7', (0.8, 0.0), 0.1, 0.0),)}, '0.64 m'),
        (limits.MinimumDistance(), {'frame': frame(LOW)}, 'lower edge'),
        (limits.MinimumDistance(), {'image_height': None}, 'lower edge'),
        (limits.ChargeLimit(), {'approached': 3.0}, '3.0 m'),
        (
            limits.Geofence(polygon=FENCE),
            {'pose': PoseEstimate(Pose(3.9, 0.0), 0.1, 0.0)},
            'outside',
        ),
    ],
)
def test_a_rule_says_why_it_objects(rule, change, words):
    assert words in rule.objection(replace(CALM, **change))


ARMED = {**DEFAULTS, 'armed': True}
WALKING, NOISE = frozenset({Act.TRANSLATION}), frozenset({Act.SOUND, Act.LIGHT})


def judge(values, change, **options):
    guard = make_guard({**ARMED, **values}, Zones(FENCE, {}))
    return guard.judge(replace(CALM, **change), **options)


@pytest.mark.parametrize(
    ('change', 'brain', 'person'),
    [
        ({}, frozenset(), frozenset()),
        ({'emergency_stop': True}, EVERYTHING, EVERYTHING),
        ({'armed': False}, EVERYTHING, EVERYTHING),
        ({'evidence': Evidence('cat', 0.2, 9.9)}, EVERYTHING, frozenset()),
        ({'restart_age': 9.9}, EVERYTHING, frozenset()),
        ({'frame_age': 1.1}, EVERYTHING, frozenset()),
        ({'sweep_age': 1.1}, EVERYTHING, frozenset()),
        ({'frame': frame(), 'sure': frozenset()}, NOISE, frozenset()),
        ({'sure': frozenset()}, NOISE | WALKING, frozenset()),
        ({'targets_age': 1.1}, WALKING, frozenset()),
        ({'pose': None}, WALKING, frozenset()),
        ({'sound_used': 60.0}, frozenset({Act.SOUND}), frozenset()),
        ({'light_used': 120.0}, frozenset({Act.LIGHT}), frozenset()),
        ({'light_age': 1.6}, frozenset({Act.LIGHT}), frozenset()),
    ],
)
def test_what_is_forbidden_to_the_brain_and_to_a_person_who_drives(change, brain, person):
    for forbidden, teleop in ((brain, False), (person, True)):
        verdict = judge({}, change, teleop=teleop)
        assert {act for act in Act if not verdict.allows(act)} == forbidden
        walks = Act.TRANSLATION not in forbidden
        assert verdict.max_speed == (DEFAULTS['max_speed'] if walks else 0.0)


BESIDE_ITS_WAY = (Animal('1', (1.5, 1.5), 0.0, 0.0, (-2.0, 1.5)),)


@pytest.mark.parametrize(
    ('name', 'value', 'change', 'rule'),
    [
        ('veto_seconds', 20.0, {'evidence': Evidence('cat', 0.9, 15.0)}, 'person_or_pet'),
        ('veto_seconds', 20.0, {'restart_age': 15.0}, 'restarted'),
        ('perception_timeout', 0.5, {'frame_age': 0.7}, 'stale_perception'),
        ('perception_timeout', 0.5, {'targets_age': 0.7}, 'range_unknown'),
        ('sweep_timeout', 0.5, {'sweep_age': 0.7}, 'no_sweep'),
        ('path_without_fix', 1.0, {'pose': PoseEstimate(Pose(), 0.03, 1.5)}, 'no_pose_fix'),
        ('sound_budget', 20.0, {'sound_used': 25.0}, 'sound_budget'),
        ('quiet_sound_budget', 20.0, {'sound_used': 25.0, 'hour': 23.0}, 'sound_budget'),
        ('quiet_start', 20.0, {'sound_used': 40.0, 'hour': 21.0}, 'sound_budget'),
        ('quiet_end', 9.0, {'sound_used': 40.0, 'hour': 8.0}, 'sound_budget'),
        ('light_budget', 60.0, {'light_used': 70.0}, 'light_budget'),
        ('minimum_distance', 2.9, {}, 'minimum_distance'),
        ('way_out_width', 2.0, {'animals': BESIDE_ITS_WAY}, 'way_out'),
        ('charge_limit', 1.0, {'approached': 2.0}, 'charge_limit'),
    ],
)
def test_what_is_set_stricter_than_by_default_is_kept(name, value, change, rule):
    by_default, stricter = (judge(values, change) for values in ({}, {name: value}))
    assert rule not in [f.rule for f in by_default.findings]
    assert rule in [f.rule for f in stricter.findings]


def test_evidence_grows_old():
    assert (
        rules.PersonOrPet().objection(replace(CALM, evidence=Evidence('person', 1.0, 10.1))) == ''
    )


@pytest.mark.parametrize('hour', [7.0, 12.0, 21.9])
def test_by_day_the_larger_sound_budget_holds(hour):
    assert rules.SoundBudget().objection(replace(CALM, sound_used=59.0, hour=hour)) == ''


def test_without_tracks_no_range_is_missed():
    assert rules.RangeUnknown().objection(replace(CALM, frame=frame(), targets_age=None)) == ''


def test_speed_is_scaled_in_its_direction():
    clipped = limits.SpeedLimit(speed=0.3, turn=1.0).clip(CALM, Twist(0.6, 0.8, -2.0))
    assert (clipped.vx, clipped.vy, clipped.wz) == pytest.approx((0.18, 0.24, -1.0))


@pytest.mark.parametrize('odd', [math.nan, math.inf, -math.inf])
def test_a_speed_that_is_no_number_is_a_stop(odd):
    for twist in (Twist(odd, 0.0, 0.1), Twist(0.1, odd, 0.1), Twist(0.1, 0.0, odd)):
        assert limits.SpeedLimit().clip(CALM, twist) == Twist()


def near(x, y, sigma=0.0, age=0.0, entry=None):
    return replace(CALM, animals=(Animal('1', (x, y), sigma, age, entry),))


def test_an_animal_at_the_bound_is_not_approached_but_left():
    rule = limits.MinimumDistance()
    assert rule.clip(near(0.7, 0.0), Twist(0.2)) == Twist()
    assert rule.clip(near(0.7, 0.0), Twist(-0.2)) == Twist(-0.2)


def test_the_approach_slows_down_before_the_bound():
    clipped = limits.MinimumDistance().clip(near(0.75, 0.0), Twist(0.2))
    assert clipped.vx == pytest.approx(0.05 / limits.HORIZON)


def test_the_lower_bound_of_the_distance_counts():
    assert limits.MinimumDistance().clip(near(1.2, 0.0, sigma=0.35), Twist(0.2)) == Twist()


def test_an_old_sight_counts_as_nearer_by_half_a_metre_a_second():
    rule = limits.MinimumDistance()
    assert rule.clip(near(1.4, 0.0, age=1.5), Twist(0.2)) == Twist()
    assert rule.clip(near(1.6, 0.0, age=1.5), Twist(0.2)) == Twist(0.2)
    assert 'Track 1' in rule.objection(near(1.4, 0.0, age=1.5))


def far_and(x, y, **fields):
    """Scene with an animal far ahead, and another one."""
    return replace(CALM, animals=(*CALM.animals, Animal('2', (x, y), 0.0, 0.0)), **fields)


@pytest.mark.parametrize(('x', 'motion'), [(0.7, Twist(0.2)), (0.25, Twist(-0.2))])
def test_every_animal_keeps_its_distance_not_the_first_alone(x, motion):
    rule = limits.MinimumDistance()
    assert rule.clip(far_and(x, 0.0), motion) == Twist()
    assert 'Track 2' in rule.objection(far_and(x, 0.0))


def test_after_many_charges_no_animal_is_approached():
    behind = far_and(-2.0, 0.0, approached=3.0)
    assert limits.ChargeLimit().clip(behind, Twist(-0.2)) == Twist()


def test_beside_an_animal_that_touches_it_the_robot_stands_for_no_way_leads_surely_away():
    assert limits.MinimumDistance().clip(near(0.25, 0.0), Twist(-0.2, 0.0, 0.3)) == Twist(wz=0.3)
    assert limits.MinimumDistance().clip(near(0.4, 0.0), Twist(-0.2)) == Twist(-0.2)


def test_a_turn_into_the_animal_counts_as_approach():
    # Sideways now, but within the horizon the nose turns by 0.75 rad.
    twist = Twist(0.0, 0.2, -1.5)
    assert limits.closing_speed(twist, (1.0, 0.0)) > 0.1
    assert limits.closing_speed(Twist(0.0, 0.2), (1.0, 0.0)) == pytest.approx(0.0, abs=1e-12)


def test_a_box_at_the_lower_edge_stops_walking_ahead():
    scene = replace(CALM, frame=frame(LOW))
    assert limits.MinimumDistance().clip(scene, Twist(0.2, 0.0, 0.3)) == Twist(wz=0.3)
    assert limits.MinimumDistance().clip(scene, Twist(-0.2)) == Twist(-0.2)


@pytest.mark.parametrize(('age', 'objects'), [(2.9, True), (3.1, False)])
def test_once_the_camera_is_dead_its_last_picture_does_not_hold_a_driver_for_ever(age, objects):
    rule, scene = limits.MinimumDistance(), replace(CALM, frame=frame(LOW), frame_age=age)
    assert bool(rule.objection(scene)) == objects
    assert rule.clip(scene, Twist(0.2)) == Twist(0.0 if objects else 0.2)


@pytest.mark.parametrize('bottom', [478.0, 480.0])
def test_one_of_several_boxes_at_the_lower_edge_stops_walking_ahead_and_askew(bottom):
    low = Detection(Box(100, 400, 200, bottom - 400), {'raccoon': 0.95}, '2')
    for found in (frame(RACCOON, low), frame(low, RACCOON)):
        scene = replace(CALM, frame=found)
        assert limits.MinimumDistance().clip(scene, Twist(0.2, 0.1)) == Twist()
        assert 'lower edge' in limits.MinimumDistance().objection(scene)


def at(x, sigma=0.0):
    return replace(CALM, pose=PoseEstimate(Pose(x, 0.0, 0.0), sigma, 0.0))


def test_the_fence_stops_a_step_across_it():
    rule = limits.Geofence(polygon=FENCE)
    assert rule.clip(at(3.95), Twist(0.2)) == Twist()
    assert rule.clip(at(3.0), Twist(0.2)) == Twist(0.2)


def test_outside_the_fence_only_the_way_back_is_open():
    rule = limits.Geofence(polygon=FENCE)
    assert rule.clip(at(4.5), Twist(0.2)) == Twist()
    assert rule.clip(at(4.5), Twist(-0.2)) == Twist(-0.2)
    assert rule.clip(at(4.5), Twist(0.0, 0.2)) == Twist()


@pytest.mark.parametrize(
    ('pose', 'across', 'back'),
    [
        (Pose(0.0, 1.95, 0.0), Twist(0.0, 0.2), Twist(0.0, -0.2)),
        (Pose(3.95, 0.0, math.pi / 2), Twist(0.0, -0.2), Twist(0.0, 0.2)),
        (Pose(3.95, 0.0, math.pi), Twist(-0.2), Twist(0.2)),
    ],
)
def test_the_fence_is_crossed_in_no_direction(pose, across, back):
    scene = replace(CALM, pose=PoseEstimate(pose, 0.0, 0.0))
    rule = limits.Geofence(polygon=FENCE)
    assert rule.clip(scene, across) == Twist()
    assert rule.clip(scene, back) == back


def test_the_fence_shrinks_with_doubt():
    assert limits.Geofence(polygon=FENCE).clip(at(3.0, sigma=0.7), Twist(0.2)) == Twist()


def test_the_robot_does_not_step_between_an_animal_and_its_way_out():
    rule = limits.WayOut()
    # It came in from the right behind the robot's side and stands ahead: the robot is on the line.
    blocking = near(1.5, 0.0, entry=(-2.0, 0.2))
    assert 'way out' in rule.objection(blocking)
    assert rule.clip(blocking, Twist(0.2)) == Twist()
    assert rule.clip(blocking, Twist(-0.2)) == Twist(-0.2)


def test_an_animal_that_came_from_ahead_leaves_the_way_open():
    rule = limits.WayOut()
    free = near(1.5, 0.0, entry=(4.0, 0.0))
    assert rule.objection(free) == ''
    assert rule.clip(free, Twist(0.2)) == Twist(0.2)


@pytest.mark.parametrize(('animal', 'entry'), [((0.9, 0.0), (4.0, 0.0)), ((3.0, 0.0), (0.5, 0.0))])
def test_behind_an_animal_or_its_entry_nobody_stands_in_the_way(animal, entry):
    scene = near(*animal, entry=entry)
    assert limits.WayOut().objection(scene) == ''
    assert limits.WayOut().clip(scene, Twist(-0.2)) == Twist(-0.2)


@pytest.mark.parametrize(('walked', 'counts'), [(0.45, False), (0.55, True)])
def test_an_animal_that_scarcely_moved_tells_no_way_out(walked, counts):
    scene = near(walked / 2, 0.5, entry=(-walked / 2, 0.5))
    assert bool(limits.WayOut().objection(scene)) is counts


def test_a_step_onto_the_way_out_is_refused():
    rule = limits.WayOut(width=0.6)
    assert rule.clip(near(1.0, 0.69, entry=(-1.0, 0.69)), Twist(0.0, 0.2)) == Twist()


def test_the_robot_does_not_step_between_two_animals():
    rule = limits.WayOut()
    pair = (Animal('1', (1.0, 1.2), 0.0, 0.0), Animal('2', (1.0, -1.2), 0.0, 0.0))
    beside = replace(CALM, animals=pair)
    assert rule.clip(beside, Twist(0.2)) == Twist()
    assert rule.clip(beside, Twist(-0.2)) == Twist(-0.2)
    among = replace(CALM, animals=(pair[0], Animal('2', (-1.0, -1.2), 0.0, 0.0)))
    assert 'track 1 and track 2' in rule.objection(among)
    for motion in (Twist(0.2), Twist(-0.2)):  # each towards one of them
        assert rule.clip(among, motion) == Twist()
    third = Animal('3', (3.5, 3.5), 0.0, 0.0)
    assert rule.clip(replace(among, animals=(third, *among.animals)), Twist(0.2)) == Twist()
    strangers = (pair[0], Animal('2', (1.0, -4.0), 0.0, 0.0))
    assert rule.clip(replace(CALM, animals=strangers), Twist(0.2)) == Twist(0.2)


def test_after_many_charges_it_only_retreats():
    rule, scene = limits.ChargeLimit(), replace(CALM, approached=3.1)
    assert rule.clip(scene, Twist(0.2)) == Twist()
    assert rule.clip(scene, Twist(-0.2)) == Twist(-0.2)


def test_a_guard_that_started_again_holds_fire_as_long_as_the_one_before_would_remember():
    assert rules.Restarted(seconds=10.0).objection(replace(CALM, restart_age=10.1)) == ''
