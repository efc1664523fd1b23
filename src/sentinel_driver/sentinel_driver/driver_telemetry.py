"""What the driver tells about the robot, and no more than is known."""

import time
from typing import Any

from sentinel_common.diagnostics import Level, Report
from sentinel_common.geometry import Twist
from sentinel_common.timers import every

from sentinel_common import qos

from . import driver_messages
from .odometry import Odometry

# A longer gap between two steps means that the process slept: the robot did not walk through it, s.
_MAX_STEP = 1.0


class Telemetry:
    """Topics ``odom``, ``/tf``, ``battery_state``, ``hermes/tx`` and ``hermes/rx``.

    ``odom`` is open loop: the velocity that was sent last, integrated.
    """

    def __init__(self, node: Any) -> None:
        from nav_msgs.msg import Odometry as OdometryMessage
        from sensor_msgs.msg import BatteryState
        from tf2_msgs.msg import TFMessage

        from sentinel_msgs.msg import HermesFrame

        def publisher(kind: Any, topic: str) -> Any:
            return node.create_publisher(kind, topic, qos.RELIABLE)

        self._clock = node.get_clock()
        self._odometry = Odometry()
        self._advanced_at = self._now()
        self._odom = publisher(OdometryMessage, 'odom')
        self._tf = publisher(TFMessage, '/tf')
        self._battery = publisher(BatteryState, 'battery_state')
        self._frames = {kind: publisher(HermesFrame, f'hermes/{kind}') for kind in ('tx', 'rx')}
        every(node, 1.0, self._publish_battery)

    def walks(self, velocity: Twist) -> None:
        """Take note of what the robot was told."""
        self._odometry.velocity = velocity

    def publish_pose(self) -> None:
        """Integrate up to now and publish."""
        now = self._now()
        self._odometry.advance(min(_MAX_STEP, max(0.0, now - self._advanced_at)))
        self._advanced_at = now
        stamp = self._clock.now().to_msg()
        self._odom.publish(driver_messages.odometry(self._odometry, stamp))
        self._tf.publish(driver_messages.transform(self._odometry, stamp))

    def _now(self) -> float:
        """Seconds of the clock that the robot walks by: nobody sets the steady one."""
        if self._clock.ros_time_is_active:
            return float(self._clock.now().nanoseconds) * 1e-9
        return time.monotonic()

    def publish_frame(self, kind: str, payload: bytes, moment: float) -> None:
        """Echo a frame of ``moment`` (s, steady); ``kind`` is 'tx' or 'rx'."""
        age = time.monotonic() - moment
        nanoseconds = self._clock.now().nanoseconds - round(age * 1e9)
        self._frames[kind].publish(driver_messages.frame(payload, nanoseconds))

    def _publish_battery(self) -> None:
        self._battery.publish(driver_messages.battery(self._clock.now().to_msg()))

    @staticmethod
    def report_battery() -> Report:
        """Say that the battery is not known."""
        return Report(
            Level.WARN, 'How the robot reports its battery is not known: watch its own light.'
        )
