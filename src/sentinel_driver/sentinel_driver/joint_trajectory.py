"""Joints of the driver: streamed poses, and the action that plays recorded motions."""

import time
from typing import Any

from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.task import Future
from sentinel_common.errors import SentinelError
from sentinel_common.timers import every

from sentinel_common import qos

from . import motion_files
from .hermes import JOINT_RANGES, JointAngles, LegPose

# A pose holds this long without a next one; then the robot goes back to its walking stance, s.
_HOLD = 0.4

# Radio and robot keep up with no more, Hz; known players use 30.
_RATES = (1.0, 50.0)


class JointTrajectoryServer:
    """Topic ``joint_command`` (sentinel_msgs/LegPoses) and action ``play_motion``.

    Poses need the guard's permission to turn, as every change of stance does. A motion, which a
    person plays, needs a guard that is heard, armed and not stopped.
    """

    def __init__(self, driver: Any) -> None:
        from sentinel_msgs.action import PlayMotion
        from sentinel_msgs.msg import LegPoses

        self._driver = driver
        self._over: Any = None  # future of why the motion ended; None while none plays
        driver.create_subscription(LegPoses, 'joint_command', self._on_poses, qos.RELIABLE)
        self._server = ActionServer(
            driver,
            PlayMotion,
            'play_motion',
            self._execute,
            goal_callback=lambda _: GoalResponse.ACCEPT,
            cancel_callback=self._cancel,
            callback_group=ReentrantCallbackGroup(),
        )

    def stop(self, reason: str) -> None:
        """End the motion that plays, if any; the driver sends the stop itself."""
        over, self._over = self._over, None
        if over is not None:
            over.set_result(reason)

    def _on_poses(self, message: Any) -> None:
        legs = [
            LegPose(**{j: _bounded(j, getattr(message, j)[leg]) for j in JOINT_RANGES})
            for leg in range(4)
        ]
        self._send(JointAngles.of(legs), by_person=False)

    def _send(self, pose: JointAngles, *, by_person: bool) -> str:
        """Stream one pose; return why not."""
        try:
            self._driver.stream(pose, time.monotonic() + _HOLD, by_person=by_person)
        except SentinelError as error:
            self._driver.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return str(error)
        return ''

    def _cancel(self, _: Any) -> CancelResponse:
        self.stop('cancelled')
        self._driver.halt()
        return CancelResponse.ACCEPT

    async def _execute(self, goal: Any) -> Any:
        from sentinel_msgs.action import PlayMotion

        self.stop('replaced by another motion')
        result = PlayMotion.Result()
        try:
            motion = motion_files.load_motion(motion_files.find(goal.request.name, 'motion'))
        except SentinelError as error:
            result.message = str(error)
            goal.abort()
            return result
        reason = await self._play(goal, motion, result)
        result.success = not reason
        clipped = f' {motion.clipped} values were clipped.' if motion.clipped else ''
        result.message = (reason or f'{motion.title}: {result.frames} frames.') + clipped
        if not reason:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result

    async def _play(self, goal: Any, motion: motion_files.Motion, result: Any) -> str:
        from sentinel_msgs.action import PlayMotion

        over: Any = Future()
        self._over = over
        self._driver.begin_joints()
        low, high = _RATES
        rate = min(high, max(low, goal.request.rate or 30.0))
        index = 0

        def frame() -> None:
            nonlocal index
            if over.done():
                return
            if index == motion.frames and goal.request.loop:
                index = 0
            failure = (
                '' if index == motion.frames else self._send(motion.pose(index), by_person=True)
            )
            if failure or index == motion.frames:
                self.stop(failure)
                self._driver.halt()
                return
            index += 1
            result.frames += 1
            goal.publish_feedback(PlayMotion.Feedback(progress=index / motion.frames))

        timer = every(self._driver, 1.0 / rate, frame)
        reason = await over
        self._driver.destroy_timer(timer)
        return str(reason)


def _bounded(joint: str, value: int) -> int:
    low, high = JOINT_RANGES[joint]
    return min(high, max(low, int(value)))
