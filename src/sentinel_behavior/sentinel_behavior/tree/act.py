"""The action that carries out a deterrent."""

from py_trees.common import Status
from sentinel_common.body import STAND_HEIGHT
from sentinel_common.geometry import Twist

from ..blackboard import Blackboard, Play
from ..deterrents import Deterrent, Motion
from ..incidents.model import CUT_SHORT, Kind
from ..visits import Stimulus, Visit, bearing, distance_low
from .leaf import AHEAD, Leaf, turn_to

# Period of the back and forth of a lunge or a strafe, s, and of the knees of a stomp, s.
SWING = 1.2
STOMP = 0.5

# The rule of the guard that objects when no target is in view, or none for sure.
_UNSURE = 'unsure_target'


class Act(Leaf):
    """Carries out the chosen deterrent; RUNNING until it ends, SUCCESS then, however it ended."""

    def __init__(self, *, name: str, board: Blackboard) -> None:
        super().__init__(name=name, board=board)
        self._deterrent: Deterrent | None = None
        self._visit: Visit | None = None
        self._start = 0.0

    def initialise(self) -> None:
        """Start it."""
        board = self.board
        visit = board.visit
        if visit is None or not board.deterrent:
            return
        self._visit = visit
        self._deterrent = deterrent = board.catalogue.by_name[board.deterrent]
        self._start = board.now
        board.usage.note(deterrent.name, board.now)
        visit.stimuli.append(Stimulus(deterrent.name, deterrent.step, board.stamp, visit.zone))
        if deterrent.sound:
            board.wants.play = Play(deterrent.sound.name, deterrent.sound.volume)
        if deterrent.hook:
            board.wants.hook = deterrent.name
        board.tell(
            Kind.STIMULUS_STARTED,
            visit,
            {
                'sound': deterrent.sound.name if deterrent.sound else '',
                'volume': deterrent.sound.volume if deterrent.sound else 0.0,
                'light': deterrent.light is not None,
                'color': list(deterrent.light.color) if deterrent.light else None,
                'flash_hz': deterrent.light.flash_hz if deterrent.light else 0.0,
                'motion': deterrent.motion.kind if deterrent.motion else '',
                'hook': deterrent.hook.kind if deterrent.hook else '',
                'step': deterrent.step,
                'duration': deterrent.duration,
                'index': len(visit.stimuli) - 1,
                **board.sight(visit),
            },
            deterrent.name,
        )

    def update(self) -> Status:
        """See py_trees."""
        deterrent, board = self._deterrent, self.board
        if deterrent is None:
            return self.say(Status.FAILURE, 'nobody is there, or nothing was chosen')
        ended = self._ended(deterrent)
        if ended:
            self._end(ended)
            return self.say(Status.SUCCESS, ended)
        elapsed = board.now - self._start
        board.state = 'engaging'
        board.explanation = f'{deterrent.name} for another {deterrent.duration - elapsed:.0f} s.'
        if deterrent.light:
            board.wants.color = deterrent.light.at(elapsed)
        board.wants.twist = turn_to(board)
        motion = deterrent.motion
        if motion and not (motion.walks and self._visit and self._visit.several):
            board.wants.twist, board.wants.height = _motion(board, motion, elapsed)
        return self.say(Status.RUNNING, f'{deterrent.name} {elapsed:.0f} s')

    def terminate(self, new_status: Status) -> None:
        """A higher branch took over: end at once."""
        super().terminate(new_status)
        if new_status == Status.INVALID and self._deterrent is not None:
            self._end('interrupted')

    def _ended(self, deterrent: Deterrent) -> str:
        board, visit = self.board, self._visit
        if self._is_forbidden(deterrent):
            return 'target_lost' if self._nobody_is_seen() else 'guard'
        if visit is None or board.out_of_sight(visit):
            return 'target_lost'
        return 'finished' if board.now - self._start >= deterrent.duration else ''

    def _is_forbidden(self, deterrent: Deterrent) -> bool:
        board = self.board
        allowed = board.allowed
        if (deterrent.sound and not allowed.sound) or (deterrent.light and not allowed.light):
            return True
        if not (allowed.turning or allowed.sound or allowed.light):
            return True
        # The rule forbids sound and light; what a hook does the guard cannot know.
        return bool(deterrent.hook) and _UNSURE in (board.safety.rules if board.safety else ())

    def _nobody_is_seen(self) -> bool:
        """Whether the guard objects as the animal is out of sight, and for no graver reason.

        The guard names the gravest rule first.
        """
        safety, visit = self.board.safety, self._visit
        unseen = visit is None or not visit.targets
        return unseen and safety is not None and safety.rules[:1] == (_UNSURE,)

    def _end(self, reason: str) -> None:
        board, visit, deterrent = self.board, self._visit, self._deterrent
        self._deterrent = self._visit = None
        if visit is None or deterrent is None:
            return
        board.wants.color = (0.0, 0.0, 0.0)
        if deterrent.hook:
            board.wants.end_hook = deterrent.name
        board.wants.stop_sound = deterrent.sound is not None and reason != 'finished'
        if deterrent.motion and deterrent.motion.kind == 'stomp':
            board.wants.height = STAND_HEIGHT
        stimulus = visit.stimuli[-1]
        stimulus.end, stimulus.reason = board.stamp, reason
        rules = board.safety.rules if board.safety else ()
        stimulus.vetoed = reason in CUT_SHORT and 'person_or_pet' in rules
        if reason in CUT_SHORT:
            # What forbade it may come and go (late pictures on a busy computer): no stutter.
            settings = board.settings
            used_up = len(visit.stimuli) >= settings.stimuli
            board.rest(settings.cool_down if used_up else settings.pause)
        board.tell(
            Kind.STIMULUS_ENDED,
            visit,
            {
                'seconds': round(board.now - self._start, 3),
                'completed': reason == 'finished',
                'reason': reason,
                'rules': list(rules),
                'index': len(visit.stimuli) - 1,
                **board.sight(visit),
            },
            deterrent.name,
        )


def _motion(board: Blackboard, motion: Motion, elapsed: float) -> tuple[Twist, float | None]:
    """Velocity and body height of ``motion`` at ``elapsed`` s; it faces the target meanwhile."""
    facing = turn_to(board)
    if motion.kind == 'stomp':
        return facing, STAND_HEIGHT if int(elapsed / STOMP * 2) % 2 else 0.0
    if motion.kind == 'face':
        return facing, None
    back = int(elapsed / SWING * 2) % 2 == 1
    if motion.kind == 'strafe':
        return Twist(0.0, -motion.speed if back else motion.speed, facing.wz), None
    if motion.kind == 'retreat' or (motion.kind == 'lunge' and back):
        return Twist(-motion.speed, 0.0, facing.wz), None
    target = board.target
    if target is None or abs(bearing(target)) > AHEAD or distance_low(target) <= motion.stop_at:
        return facing, None
    return Twist(motion.speed, 0.0, facing.wz), None
