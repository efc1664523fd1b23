"""Order, expiry and stops with a clock that stands still until it is moved."""

import pytest
from sentinel_driver.errors import CommandRejectedError, RejectReason
from sentinel_driver.hermes import (
    Codec,
    Drive,
    DriveForm,
    HeadColourSet,
    JointAngles,
    KinematicStance,
    LegPose,
    PlayAnimation,
    StanceType,
    TakeSteps,
    Twitch,
)
from sentinel_driver.radio.outbox import STANCE_TIME, STOP_REPEATS, WRITE_INTERVAL, Item, Outbox


class Radio:
    """Writes what the outbox gives, at the times it asks to be woken."""

    def __init__(self, form=DriveForm.WALKING5):
        self.codec = Codec(form)
        self.outbox = Outbox(self.codec)
        self.now = 100.0
        self.written = []

    def offer(self, command, life=0.5, token=0):
        self.outbox.offer(Item(self.codec.payload(command), self.now + life, token))

    def run(self, seconds):
        end = self.now + seconds
        while True:
            item = self.outbox.next(self.now)
            if item:
                self.written.append((round(self.now - 100.0, 3), self.codec.parse(item.payload)))
                continue
            wake = self.outbox.wake(self.now)
            if wake is None or wake >= end:
                self.now = end
                return self
            self.now = max(wake, self.now)

    @property
    def commands(self):
        return [c for _, c in self.written]


@pytest.fixture(params=DriveForm)
def radio(request):
    return Radio(request.param)


def test_the_newest_motion_wins(radio):
    for forward in (10, 20, 30):
        radio.offer(Drive(forward=forward))
    radio.run(0.1)
    assert radio.commands == [Drive(forward=30)]


def test_silence_ends_in_a_repeated_stop_when_the_command_expires(radio):
    radio.offer(Drive(forward=30), life=0.5)
    radio.run(5.0)
    stops = [t for t, c in radio.written if c == Drive()]
    assert len(stops) == STOP_REPEATS and stops[0] == 0.5
    assert stops[-1] - stops[0] == pytest.approx((STOP_REPEATS - 1) * WRITE_INTERVAL)
    assert len(radio.written) == 1 + STOP_REPEATS


def test_a_stop_overtakes_everything_and_the_rate_limit(radio):
    radio.offer(Drive(turn=5))
    radio.run(0.0)
    for blue in range(9):
        radio.offer(HeadColourSet(0, 0, blue))
    radio.offer(TakeSteps(3))
    radio.outbox.stop()
    radio.run(0.0)
    assert radio.commands == [Drive(turn=5), Drive()]
    radio.run(1.0)
    assert TakeSteps(3) not in radio.commands
    assert radio.commands[-1] == HeadColourSet(0, 0, 8)


BY_ITSELF = [TakeSteps(3), PlayAnimation(3), Twitch(1, 1)]


@pytest.mark.parametrize('motion', BY_ITSELF)
def test_what_the_robot_does_by_itself_goes_on_until_a_stop_that_waits_for_nothing(radio, motion):
    radio.offer(motion)
    radio.run(5.0)
    assert radio.commands == [motion] and radio.outbox.moving
    radio.offer(HeadColourSet(1, 2, 3))
    radio.run(0.0)
    radio.outbox.stop()
    radio.run(0.0)  # past the rate limit
    assert radio.commands[-1] == Drive() and not radio.outbox.moving


@pytest.mark.parametrize('motion', BY_ITSELF)
def test_a_stop_takes_what_would_move_the_robot_by_itself_out_of_the_queue(radio, motion):
    radio.offer(motion, token=9)
    radio.outbox.stop()
    radio.run(1.0)
    assert set(radio.commands) == {Drive()} and [i.token for i in radio.outbox.dropped] == [9]


def test_a_stop_forgets_the_motion_that_waits(radio):
    radio.offer(Drive(forward=30))
    radio.run(0.0)
    radio.offer(Drive(forward=40))  # while the rate limit holds it back
    radio.outbox.stop()
    radio.run(1.0)
    assert radio.commands == [Drive(forward=30)] + [Drive()] * STOP_REPEATS


@pytest.mark.parametrize('command', [*BY_ITSELF, HeadColourSet(1, 2, 3)])
def test_what_waited_for_too_long_is_dropped(radio, command):
    radio.offer(command, life=0.1, token=9)
    radio.now += 0.2
    radio.run(1.0)
    assert radio.written == [] and [i.token for i in radio.outbox.dropped] == [9]


def test_an_expired_motion_is_never_written(radio):
    radio.offer(Drive(forward=30), life=0.1)
    radio.now += 0.2
    radio.run(1.0)
    assert radio.written == []


def test_renewed_commands_flow_without_a_stop(radio):
    for _ in range(50):
        radio.offer(Drive(forward=30), life=0.5)
        radio.run(0.1)
    assert set(radio.commands) == {Drive(forward=30)} and len(radio.commands) == 50


def test_a_flood_is_limited(radio):
    for i in range(1000):
        radio.offer(Drive(forward=1 + i % 100))
        radio.run(0.001)
    assert len(radio.written) <= 1.0 / WRITE_INTERVAL + 1


def test_a_newer_command_ends_the_repeats_but_not_the_first_stop(radio):
    radio.offer(Drive(forward=30))
    radio.run(0.1)
    radio.outbox.stop()
    radio.offer(Drive(forward=-30))
    radio.run(0.1)
    assert radio.commands[:2] == [Drive(forward=30), Drive()]
    assert radio.commands[-1] == Drive(forward=-30)


STAND = JointAngles.of([LegPose()] * 4)
JOINTS = KinematicStance(StanceType.LEG_JOINT_ANGLES)
WALK = KinematicStance(StanceType.KINEMATIC)


def test_joint_mode_is_entered_before_the_first_frame_and_left_when_frames_end(radio):
    radio.offer(STAND)
    radio.run(5.0)
    assert radio.commands == [JOINTS, STAND, Drive(), WALK, Drive(), Drive()]
    (entered, _), (first, _), (stopped, _) = radio.written[:3]
    assert first - entered == pytest.approx(STANCE_TIME) and stopped == pytest.approx(0.5)
    assert not radio.outbox.joints


def test_joint_mode_is_left_though_its_first_frame_expired(radio):
    radio.offer(STAND, life=STANCE_TIME / 2)
    radio.run(5.0)
    assert radio.commands == [JOINTS, Drive(), WALK, Drive(), Drive()]
    assert not radio.outbox.joints


def test_walking_leaves_joint_mode_first(radio):
    radio.offer(STAND)
    radio.run(0.2)
    radio.offer(Drive(forward=9))
    radio.run(0.2)
    assert radio.commands == [JOINTS, STAND, WALK, Drive(forward=9)]


def test_after_a_lost_link_the_robot_walks_as_its_handshake_left_it(radio):
    radio.offer(STAND)
    radio.run(0.2)
    radio.outbox.clear()
    radio.offer(Drive(forward=9))
    radio.run(0.1)
    assert radio.commands == [JOINTS, STAND, Drive(forward=9)]


def test_one_off_commands_keep_their_order_and_the_newest_of_a_kind(radio):
    radio.offer(HeadColourSet(1, 0, 0), token=1)
    radio.offer(TakeSteps(1), token=2)
    radio.offer(HeadColourSet(2, 0, 0), token=3)
    radio.run(0.3)
    assert radio.commands[:2] == [TakeSteps(1), HeadColourSet(2, 0, 0)]
    assert [i.token for i in radio.outbox.dropped] == [1]


def test_what_may_not_be_sent_is_refused_at_the_door():
    outbox = Outbox(Codec())
    with pytest.raises(CommandRejectedError) as refused:
        outbox.offer(Item(bytes((18, 1)), 1.0))
    assert refused.value.kind is RejectReason.FIRMWARE
    assert outbox.next(0.0) is None


def test_clear_forgets_all(radio):
    radio.offer(Drive(forward=30))
    radio.offer(HeadColourSet(1, 1, 1))
    radio.outbox.clear()
    radio.run(1.0)
    assert radio.written == [] and len(radio.outbox.dropped) == 1


@pytest.mark.parametrize(('colour', 'dark'), [((9, 0, 0), 1), ((0, 0, 0), 0)])
def test_the_end_stops_first_and_leaves_no_light_on(radio, colour, dark):
    radio.offer(HeadColourSet(*colour))
    radio.offer(Drive(forward=10))
    radio.run(0.1)
    radio.written.clear()
    radio.outbox.end()
    radio.run(0.3)
    assert radio.commands[0] == Drive()
    assert radio.commands.count(HeadColourSet(0, 0, 0)) == dark
    assert radio.commands.count(Drive()) == STOP_REPEATS


def test_a_light_that_still_waits_at_the_end_is_not_put_on(radio):
    radio.offer(HeadColourSet(9, 0, 0))
    radio.run(0.1)
    radio.offer(HeadColourSet(8, 0, 0))
    radio.written.clear()
    radio.outbox.end()
    radio.run(0.3)
    assert [c for c in radio.commands if isinstance(c, HeadColourSet)] == [HeadColourSet(0, 0, 0)]
