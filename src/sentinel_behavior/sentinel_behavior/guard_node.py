"""The guard as a node.

Hears everything, relays little, and says ten times a second what is allowed.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped, TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.files import share
from sentinel_common.geometry import STOP
from sentinel_common.parameters import Parameters
from sentinel_common.timers import every
from std_msgs.msg import Bool, ColorRGBA, Header
from std_srvs.srv import SetBool
from vision_msgs.msg import Detection2DArray, Detection3DArray

from sentinel_common import detections, node, qos
from sentinel_msgs.msg import SafetyState, SoundState

from .border import HOUR, TimeBridge, fix_from_message, twist_from_message
from .guard import latches, make_guard
from .guard.core import AUTO, TELEOP, Relayed, Verdict
from .guard.parameters import PARAMETERS as RULES_PARAMETERS
from .guard.rules import Act
from .zones import read_zones

PARAMETERS = (*RULES_PARAMETERS, HOUR)

# Rate of safety_state, Hz: those who obey it refuse one that is older than 0.5 s.
STATE_RATE = 10.0

# A stop is sent several times: the robot may latch motion, and one message can be lost.
STOP_REPEATS = 3


# Rules at their limits come and go; the log tells of them so often at most, s.
LOG_PERIOD = 1.0

# Whoever sends fixes that say nothing does so again and again, s.
LOG_PERIOD_FIX = 60.0


def preflight(values: Mapping[str, Any]) -> None:
    """Raise ConfigurationError at the first fault in zones or parameters."""
    make_guard(values, read_zones(share(values['zones'])))


class GuardNode(Node):
    """Relays ``cmd_vel_teleop`` (first) or ``cmd_vel_auto`` to ``cmd_vel``, clipped.

    Publishes ``safety_state``.

    Services ``arm`` and ``emergency_stop`` (std_srvs/SetBool); ``emergency_stop_state`` is latched.
    """

    def __init__(self) -> None:
        super().__init__('guard')
        self.parameters = Parameters(self, PARAMETERS)
        zones = read_zones(share(self.parameters['zones']))
        self._guard = make_guard({p.name: self.parameters[p.name] for p in PARAMETERS}, zones)
        self._time = TimeBridge(self, self.parameters['hour'])
        self._file = Path(p).expanduser() if (p := self.parameters['state_file']) else None
        self._recall()
        self._last = Relayed(STOP, 0.0, '')
        self._stops_due = 0
        self._verdict: Verdict | None = None

        self._cmd_vel = self.create_publisher(TwistStamped, 'cmd_vel', qos.RELIABLE)
        self._state = self.create_publisher(SafetyState, 'safety_state', qos.RELIABLE)
        self._stopped = self.create_publisher(Bool, 'emergency_stop_state', qos.LATCHED)
        self._stopped.publish(Bool(data=self._guard.emergency_stop))
        subscribe = self.create_subscription
        subscribe(Detection2DArray, 'detections', self._on_detections, qos.RELIABLE)
        subscribe(Detection3DArray, 'targets', self._on_targets, qos.RELIABLE)
        subscribe(Header, 'sweep', self._on_sweep, qos.RELIABLE)
        subscribe(SoundState, 'sound_state', self._on_sound, qos.RELIABLE)
        subscribe(ColorRGBA, 'head_color', self._on_light, qos.RELIABLE)
        subscribe(PoseWithCovarianceStamped, 'pose_fix', self._on_fix, qos.RELIABLE)
        subscribe(CameraInfo, 'camera/camera_info', self._on_camera, qos.SENSOR_READER)
        for source in (TELEOP, AUTO):
            subscribe(
                TwistStamped,
                f'cmd_vel_{source}',
                lambda message, source=source: self._on_command(source, message),
                qos.RELIABLE,
            )
        self.create_service(SetBool, 'arm', self._on_arm)
        self.create_service(SetBool, 'emergency_stop', self._on_emergency_stop)
        every(self, 1.0 / STATE_RATE, self._tick)
        diagnostics = Diagnostics(self)
        diagnostics.add('safety', self._report)
        diagnostics.add('clocks', self._time.report)

    def _recall(self) -> None:
        """Go on with what the guard before this one was told."""
        run = self.parameters['run']
        try:
            told = latches.load(self._file) if self._file else latches.Told()
        except latches.LatchError as error:
            self.get_logger().error(str(error))
            told = latches.Told(emergency_stop=True)
        if told.emergency_stop:
            self.get_logger().warning('the emergency stop is latched since before the start')
        self._guard.emergency_stop = told.emergency_stop
        if run and told.run == run:
            self._guard.restarted = self._time.now()
            self._guard.armed = told.armed
        self._keep()

    def _keep(self) -> str:
        """Write down what the guard was told; '' or why that failed."""
        if self._file is None:
            return ''
        guard = self._guard
        told = latches.Told(self.parameters['run'], guard.armed, guard.emergency_stop)
        try:
            latches.save(self._file, told)
        except OSError as error:
            fault = f', but will be forgotten when the guard ends: {error.strerror}'
            self.get_logger().error(f'{self._file} cannot be written{fault}')
            return fault
        return ''

    def _on_detections(self, message: Any) -> None:
        self._guard.see(detections.frame_from_message(message), self._time.captured(message))
        self._judge()

    def _on_targets(self, message: Any) -> None:
        self._guard.locate(detections.targets_from_message(message), self._time.captured(message))
        self._relay()

    def _on_sweep(self, message: Any) -> None:
        self._guard.sweep(self._time.captured_at(message.stamp))

    def _on_sound(self, message: Any) -> None:
        self._guard.hear(message.used_last_hour, self._time.now())

    def _on_light(self, message: Any) -> None:
        self._guard.light(bool(message.r or message.g or message.b), self._time.now())

    def _on_fix(self, message: Any) -> None:
        fix = fix_from_message(message, self._time.age(message.header.stamp))
        if fix is None:
            self.get_logger().warning(
                'a pose_fix was ignored: it must tell place and heading in the frame map, '
                'one sigma at most 1 m and 0.5 rad, and be at most 1 s old',
                throttle_duration_sec=LOG_PERIOD_FIX,
            )
        else:
            self._guard.fix(*fix, self._time.now())

    def _on_camera(self, message: Any) -> None:
        self._guard.image_height = int(message.height)

    def _on_command(self, source: str, message: Any) -> None:
        stamp = detections.to_seconds(message.header.stamp)
        self._guard.command(source, twist_from_message(message), self._time.now(), stamp)
        self._relay(fresh=True)

    def _on_arm(self, request: Any, response: Any) -> Any:
        self._guard.armed = request.data
        self._judge()
        response.success = True
        response.message = 'armed' if request.data else 'disarmed'
        self.get_logger().info(f'{response.message} by a service call')
        if request.data and self._guard.emergency_stop:
            response.message += ', but the emergency stop holds: ./sentinel estop --release'
        response.message += self._keep()
        return response

    def _on_emergency_stop(self, request: Any, response: Any) -> Any:
        self._guard.emergency_stop = request.data
        self._stopped.publish(Bool(data=request.data))
        self._judge()  # the disk may take its time, the stop may not
        response.success = True
        response.message = 'stopped' if request.data else 'released'
        self.get_logger().warning(f'emergency stop: {response.message}')
        response.message += self._keep()
        return response

    def _tick(self) -> None:
        self._judge(always=True)

    def _judge(self, *, always: bool = False) -> None:
        """Publish the state (where it changed, or ``always``) and hold the motion against it."""
        now = self._time.now()
        scene = self._guard.scene(now, self._time.hour())
        verdict = self._guard.judge(scene)
        names = [f.rule for f in verdict.findings]
        changed = self._verdict is None or names != [f.rule for f in self._verdict.findings]
        if changed:
            self.get_logger().info(
                f'rules in force: {", ".join(names) or "none"}', throttle_duration_sec=LOG_PERIOD
            )
        self._verdict = verdict
        if always or changed:
            # Motion is for whoever drives; sound, light and decisions are never teleoperated.
            driver = self._guard.driver(now)
            motion = self._guard.judge(scene, teleop=True) if driver == TELEOP else verdict
            self._state.publish(
                SafetyState(
                    header=Header(stamp=self.get_clock().now().to_msg()),
                    armed=scene.armed,
                    emergency_stop=scene.emergency_stop,
                    driver=driver,
                    translation_allowed=motion.allows(Act.TRANSLATION),
                    turning_allowed=motion.allows(Act.TURNING),
                    sound_allowed=verdict.allows(Act.SOUND),
                    light_allowed=verdict.allows(Act.LIGHT),
                    max_speed=motion.max_speed,
                    rules=names,
                    reasons=[f.reason for f in verdict.findings],
                )
            )
        self._relay()

    def _relay(self, *, fresh: bool = False) -> None:
        """Send what the rules leave of the newest command; without one, a stop, several times."""
        relayed = self._guard.relay(self._guard.scene(self._time.now()))
        if relayed.source:
            self._stops_due = STOP_REPEATS
            if fresh or relayed.twist != self._last.twist:
                self._send(relayed)
        elif self._stops_due:
            self._stops_due -= 1
            self._send(relayed)
        self._last = relayed

    def _send(self, relayed: Relayed) -> None:
        message = TwistStamped()
        message.header.stamp = detections.to_stamp(relayed.stamp)
        message.header.frame_id = 'base_link'
        message.twist.linear.x = relayed.twist.vx
        message.twist.linear.y = relayed.twist.vy
        message.twist.angular.z = relayed.twist.wz
        self._cmd_vel.publish(message)

    def _report(self) -> Report:
        if self._verdict is None:
            return Report(Level.STALE, 'nothing judged yet')
        findings = {f.rule: f.reason for f in self._verdict.findings}
        level = Level.WARN if 'emergency_stop' in findings else Level.OK
        return Report(level, f'{len(findings)} rules in force', findings)

    def stop(self) -> None:
        """Leave the robot at rest."""
        for _ in range(STOP_REPEATS):
            self._send(Relayed(STOP, 0.0, ''))


def main() -> int:
    """Run the node."""
    return node.run(GuardNode)


if __name__ == '__main__':
    sys.exit(main())
