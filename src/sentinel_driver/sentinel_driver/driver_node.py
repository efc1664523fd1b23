"""The driver: topics and services to one MekaMon over Bluetooth Low Energy."""

import sys
import time
from typing import Any

from sentinel_common.detections import to_seconds
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.geometry import Twist
from sentinel_common.lifecycle import ManagedNode
from sentinel_common.parameters import Parameters
from sentinel_common.timers import every

from sentinel_common import node

from .driver_parameters import PARAMETERS, calibration, limits
from .driver_permissions import Permissions
from .driver_requests import DARK, Requests
from .driver_services import Services
from .driver_telemetry import Telemetry
from .errors import CommandRejectedError, RejectReason
from .hermes import AnyCommand, Codec, Drive, DriveForm, JointAngles
from .joint_trajectory import JointTrajectoryServer
from .priority import raise_priority
from .radio import pipe
from .radio.client import RadioClient
from .radio.outbox import SELF_MOVING
from .radio.status import State, check_transport
from .robot import Robot
from .velocity_control import Permission, Walker

__all__ = ['PARAMETERS', 'Driver', 'main']

# A stamp further from now than this means that the clocks of two machines differ, s.
_STAMP_TOLERANCE = 1.0


class Driver(ManagedNode):
    """Drives one robot; walks only while a young ``safety_state`` allows it.

    Subscribes: ``cmd_vel``. Publishes ``/diagnostics``. For the rest see ``Permissions``,
    ``Telemetry``, ``Requests``, ``Services`` and ``JointTrajectoryServer``.
    """

    def __init__(self) -> None:
        super().__init__('driver')
        self.parameters = Parameters(self, PARAMETERS, on_change=self._tune)
        check_transport(self.parameters['transport'])
        self._codec = Codec(DriveForm(self.parameters['drive_form']))
        self.enabled = True
        self._active = False
        self._walking = False
        self._streamed = (b'', 0.0)
        self._clipped = ''
        self._stamp_offset = 0.0
        self._walker = Walker(limits(self.parameters))
        self._calibration = calibration(self.parameters)
        self._wake = self.create_guard_condition(lambda: self.robot.poll())
        self.robot = Robot(
            self._codec, self._start_radio, self._frame, self._link_changed, self._wake.trigger
        )
        self._telemetry = Telemetry(self)
        diagnostics = Diagnostics(self, hardware_id='mekamon')
        diagnostics.add('link', self.robot.report)
        diagnostics.add('walking', self._report_walking)
        diagnostics.add('battery', self._telemetry.report_battery)
        self._subscribe_to_commands()
        self._permissions = Permissions(self, self._obey, self.halt)
        Services(self)
        self._joints = JointTrajectoryServer(self)
        self._requests = Requests(self)
        every(self, 1.0 / self.parameters['rate'], self._tick)
        every(self, pipe.ALIVE_PERIOD, self._keep_alive)

    def _subscribe_to_commands(self) -> None:
        from geometry_msgs.msg import TwistStamped

        from sentinel_common import qos

        self.create_subscription(TwistStamped, 'cmd_vel', self._on_command, qos.RELIABLE)

    # Lifecycle.

    def activate(self) -> None:
        """Start the radio process; a robot need not be there."""
        self._active = True
        self.robot.open()

    def deactivate(self) -> None:
        """Stop the robot and let the radio process disconnect and end by itself."""
        self._active = False
        self.halt()
        self.robot.close(wait=False)

    def stop(self) -> None:
        """Deactivate, and wait for the radio process to have stopped the robot."""
        super().stop()
        self.robot.close(wait=True)

    def _start_radio(self, on_event: Any) -> RadioClient:
        return RadioClient(
            on_event,
            transport=self.parameters['transport'],
            robot=self.parameters['robot'],
            form=self._codec.form,
            heartbeat=self.parameters['heartbeat'],
            may_walk=self.robot.restarts > 0,
        )

    def _tune(self, values: dict[str, Any]) -> None:
        # The calibration may refuse the values: then none of them counts.
        new_limits, new_calibration = limits(values), calibration(values)
        self._walker.limits, self._calibration = new_limits, new_calibration

    @property
    def permission(self) -> Permission | None:
        """What the guard said last."""
        return self._permissions.newest

    # What comes in.

    def _on_command(self, message: Any, info: Any) -> None:
        twist, stamp = message.twist, to_seconds(message.header.stamp)
        if stamp:
            self._stamp_offset = self.get_clock().now().nanoseconds * 1e-9 - stamp
        velocity = Twist(twist.linear.x, twist.linear.y, twist.angular.z)
        # On a busy machine a message may wait before it comes here; that counts as age, too.
        waited = (time.time_ns() - info['received_timestamp']) * 1e-9
        self._walker.ask(velocity, time.monotonic() - min(1.0, max(0.0, waited)))
        self._walk()

    def _obey(self, permission: Permission) -> None:
        self._walker.permission = permission
        self._requests.watch_light()
        self._walk()

    def send(
        self, command: AnyCommand | bytes, answer: Any = None, *, by_person: bool = False
    ) -> bytes:
        """Send one command if the node is active and the guard allows it; return its payload.

        Raise CommandRejectedError with the reason otherwise; see ``velocity_control.forbids``.
        """
        payload = command if isinstance(command, bytes) else self._codec.payload(command)
        self._check(payload, by_person)
        self.robot.send(payload, answer)
        if payload[0] in SELF_MOVING:
            self._permissions.acts(payload, by_person=by_person)
        return payload

    def _check(self, payload: bytes, by_person: bool) -> None:
        if payload in (self._codec.neutral, self._codec.payload(DARK)):
            return  # to stop and to go dark is always allowed
        if not self._active:
            raise CommandRejectedError(RejectReason.NOT_ACTIVE, 'The driver is not active.')
        if not self.enabled:
            raise CommandRejectedError(
                RejectReason.DISABLED, 'The driver is disabled.', 'Call ~/enable with true.'
            )
        self._permissions.check(payload, by_person=by_person)

    # What goes out.

    def stream(self, pose: JointAngles, until: float, *, by_person: bool = False) -> None:
        """Send a pose of the legs that holds until ``until``; raise as ``send`` does."""
        payload = self._codec.payload(pose)
        self._check(payload, by_person)
        if not self.robot.connected:
            raise CommandRejectedError(RejectReason.NOT_CONNECTED, 'No robot is connected.')
        self.robot.stream(payload, until)
        self._permissions.acts(payload, by_person=by_person)

    def begin_joints(self) -> None:
        """Forget the last walking command: walking and joints exclude each other."""
        self._walker.halt()
        self._walking = False

    def halt(self) -> None:
        """Stop now and forget the last command."""
        self._joints.stop('stopped')
        self._walker.halt()
        self._walking = False
        self._permissions.rests()
        self.robot.stop()

    def _walk(self) -> None:
        if not (self._active and self.enabled):
            return
        decision = self._walker.step(time.monotonic())
        self._clipped = decision.clipped
        drive = self._calibration.drive(decision.velocity)
        if not drive.neutral:
            self._joints.stop('the robot walks')
            self._walking = True
            self._permissions.rests()  # the end of walking stops everything
            self._stream(self._codec.payload(drive), decision.until)
        elif self._walking:
            self._walking = False
            self.robot.stop()

    def _stream(self, payload: bytes, until: float) -> None:
        """Send a motion now if it is a new one, else at the rate of the node."""
        now = time.monotonic()
        last, at = self._streamed
        if payload != last or now - at > 0.9 / self.parameters['rate']:
            self._streamed = payload, now
            self.robot.stream(payload, until)

    def _keep_alive(self) -> None:
        if self._active:
            self.robot.tick(time.monotonic())

    def _tick(self) -> None:
        if self._active:
            self._walk()
            self._permissions.watch()
            self._requests.watch_light()
        self._telemetry.publish_pose()

    def _frame(self, kind: str, payload: bytes, moment: float) -> None:
        if kind == 'tx':
            self._requests.written(payload)
        if kind == 'tx' and self._codec.is_drive(payload):
            drive = self._codec.parse(payload)
            assert isinstance(drive, Drive)
            self._telemetry.walks(self._calibration.velocity(drive))
        self._telemetry.publish_frame(kind, payload, moment)

    def _link_changed(self, state: str, text: str) -> None:
        if state == State.CONNECTED:
            self._requests.link_made()
        self.get_logger().info(f'link {state}. {text}'.strip())

    def _report_walking(self) -> Report:
        permission = self.permission
        young = permission is not None and permission.young(time.monotonic())
        values = {'clipped': self._clipped, 'stamp_offset_s': round(self._stamp_offset, 3)}
        if not self.enabled:
            return Report(Level.WARN, 'Disabled. Call ~/enable with true.', values)
        if abs(self._stamp_offset) > _STAMP_TOLERANCE:
            text = f'Commands carry stamps {self._stamp_offset:.1f} s off: do the clocks differ?'
            return Report(Level.WARN, text, values)
        if not young:
            return Report(Level.WARN, 'No word from the guard: nothing moves.', values)
        return Report(Level.OK, 'Walking.' if self._walking else 'Standing.', values)


def main() -> int:
    """Run the node."""
    raise_priority()
    return node.run(Driver)


if __name__ == '__main__':
    sys.exit(main())
