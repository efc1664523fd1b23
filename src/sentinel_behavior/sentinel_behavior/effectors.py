"""Carries out what the brain wants: motion, light, height, sound and hooks, over ROS."""

from typing import Any

from geometry_msgs.msg import TwistStamped
from rclpy.action.client import ActionClient
from sentinel_common.detections import to_stamp
from std_msgs.msg import ColorRGBA, Float32, Header

from sentinel_common import qos
from sentinel_msgs.action import PlaySound

from .blackboard import Play, Wants
from .deterrents import Deterrents
from .hooks import Hooks

# A light that shines is asked for again after this, s; each time costs one frame on the radio.
LIGHT_PERIOD = 0.5


class Effectors:
    """Publishes ``cmd_vel_auto``, ``head_color``, ``body_height``; client of ``play_sound``.

    ``speaker_fault`` and ``hook_fault`` say what failed last, '' where nothing did.
    """

    def __init__(self, node: Any, catalogue: Deterrents, *, hooks: bool) -> None:
        self.speaker_fault = ''
        self._log = node.get_logger()
        self._cmd_vel = node.create_publisher(TwistStamped, 'cmd_vel_auto', qos.RELIABLE)
        self._head = node.create_publisher(ColorRGBA, 'head_color', qos.RELIABLE)
        self._height = node.create_publisher(Float32, 'body_height', qos.RELIABLE)
        self._speaker: Any = ActionClient(node, PlaySound, 'play_sound')
        self._hooks = Hooks(node, catalogue) if hooks else None
        # None: the brain before this one may have died while the light shone.
        self._color: tuple[float, float, float] | None = None
        self._lit = 0.0
        self._goal: Any = None
        self._wanted = 0  # counts sounds; one that was called off before it was accepted is no more

    @property
    def hook_fault(self) -> str:
        """What failed last of a hook."""
        return self._hooks.fault if self._hooks else ''

    def carry_out(self, wants: Wants, stamp: float, now: float) -> None:
        """Do it. ``stamp``: of the picture that it answers, s; ``now``: steady clock, s."""
        if wants.twist is not None:
            message = TwistStamped(header=Header(stamp=to_stamp(stamp), frame_id='base_link'))
            message.twist.linear.x = wants.twist.vx
            message.twist.linear.y = wants.twist.vy
            message.twist.angular.z = wants.twist.wz
            self._cmd_vel.publish(message)
        if wants.stop_sound:
            self._hush()
        if wants.play is not None:
            self._play(wants.play)
        if wants.color != self._color or (any(wants.color) and now - self._lit >= LIGHT_PERIOD):
            # Said again while it shines: the guard lets a light go out that nobody asks for.
            self._color, self._lit = wants.color, now
            red, green, blue = map(float, wants.color)
            self._head.publish(ColorRGBA(r=red, g=green, b=blue, a=1.0))
        if wants.height is not None:
            self._height.publish(Float32(data=wants.height))
        if self._hooks is not None:
            if wants.hook:
                self._hooks.start(wants.hook)
            if wants.end_hook:
                self._hooks.end(wants.end_hook)
            self._hooks.reap()

    def _play(self, play: Play) -> None:
        if not self._speaker.server_is_ready():
            self.speaker_fault = 'the speaker is not there'
            self._log.warning(f'{play.name} was not played: {self.speaker_fault}')
            return
        self._wanted += 1
        number = self._wanted
        goal = PlaySound.Goal(name=play.name, volume=play.volume, autonomous=True)
        self._speaker.send_goal_async(goal).add_done_callback(lambda f: self._accepted(f, number))

    def _hush(self) -> None:
        self._wanted += 1
        if self._goal is not None:
            self._goal.cancel_goal_async()
            self._goal = None

    def _accepted(self, future: Any, number: int) -> None:
        goal = future.result()
        if not goal.accepted:
            self.speaker_fault = 'the speaker refused'
            self._log.warning('the speaker refused a sound')
            return
        if number != self._wanted:
            goal.cancel_goal_async()
            return
        self._goal = goal
        goal.get_result_async().add_done_callback(lambda f: self._done(f, number))

    def _done(self, future: Any, number: int) -> None:
        result = future.result().result
        if number == self._wanted:  # else it was called off
            self.speaker_fault = '' if result.success else result.message
