"""The brain as a node.

Hears, ticks the tree at once on every picture, and publishes what it wants.
"""

import math
import random
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseWithCovarianceStamped, TwistStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import BatteryState, Imu
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.files import share
from sentinel_common.parameters import Parameters
from sentinel_common.timers import every
from std_msgs.msg import Header, String
from std_srvs.srv import SetBool
from vision_msgs.msg import Detection2DArray, Detection3DArray
from visualization_msgs.msg import MarkerArray

from sentinel_common import detections, node, qos
from sentinel_msgs.msg import Incident, SafetyState, Status

from .blackboard import Safety, Wants
from .border import HOUR, TimeBridge, fix_from_message, twist_from_message
from .brain import Brain
from .brain_parameters import PARAMETERS as SETTINGS_PARAMETERS
from .brain_parameters import make_settings
from .effectors import Effectors
from .markers import markers
from .policy import POLICIES
from .policy.store import PolicyStore
from .policy.trial import Trial
from .tracks import make_sureness
from .zones import read_zones

PARAMETERS = (*SETTINGS_PARAMETERS, HOUR)

# Ticks without a picture: for what only time changes, Hz.
IDLE_RATE = 10.0

# No line of the log is lost when many come at once.
INCIDENTS = QoSProfile(depth=50)

# The status is said on every change and so often anyway, Hz.
STATUS_RATE = 1.0


def preflight(values: Mapping[str, Any]) -> None:
    """Raise ConfigurationError at the first fault in tree, deterrents or zones."""
    _brain(values)


def _brain(values: Mapping[str, Any]) -> Brain:
    return Brain(
        tree=share(values['tree']),
        deterrents=share(values['deterrents']),
        zones=read_zones(share(values['zones'])),
        policy=POLICIES[values['policy']],
        trial=Trial(values['hold_out'], values['neutral'], values['a_a']),
        settings=make_settings(values),
        sureness=make_sureness(values),
        seed=values['seed'] or random.SystemRandom().randrange(1, 2**31),
        # The clock alone would name two starts alike: in one second, or where it was set back.
        run=f'{time.strftime("%Y%m%dT%H%M%S")}-{secrets.token_hex(2)}',
        hooks=values['hooks'],
    )


class BrainNode(Node):
    """Has its wishes carried out and publishes what it thinks.

    The latter: ``status``, ``incidents``, ``tree`` (latched), ``markers``.

    Service ``~/enable`` (std_srvs/SetBool) switches autonomous
    action off and on.
    """

    def __init__(self) -> None:
        super().__init__('brain')
        self.parameters = p = Parameters(self, PARAMETERS)
        self._time = TimeBridge(self, p['hour'])
        self._brain = _brain({q.name: p[q.name] for q in PARAMETERS})
        board = self._brain.board
        self._store = PolicyStore(Path(p['state_file']).expanduser()) if p['state_file'] else None
        if self._store is not None and (why := self._store.load(board.policy, board.usage)):
            self.get_logger().info(f'The policy starts from its prior: {why}.')
        self.get_logger().info(
            f'policy {board.policy.name}, seed {board.seed}, '
            f'{len(board.catalogue.by_name)} deterrents'
        )
        self._effectors = Effectors(self, board.catalogue, hooks=p['hooks'])
        self._store_fault = ''
        self._enabled = True
        self._tree: tuple[str, ...] = ()
        self._said: tuple[object, ...] = ()

        create = self.create_publisher
        self._status = create(Status, 'status', qos.RELIABLE)
        self._incidents = create(Incident, 'incidents', INCIDENTS)
        self._trees = create(String, 'tree', qos.LATCHED)
        self._markers = create(MarkerArray, 'markers', qos.RELIABLE)

        subscribe = self.create_subscription
        subscribe(Detection2DArray, 'detections', self._on_detections, qos.RELIABLE)
        subscribe(Detection3DArray, 'targets', self._on_targets, qos.RELIABLE)
        subscribe(SafetyState, 'safety_state', self._on_safety, qos.RELIABLE)
        subscribe(PoseWithCovarianceStamped, 'pose_fix', self._on_fix, qos.RELIABLE)
        subscribe(TwistStamped, 'cmd_vel', self._on_motion, qos.RELIABLE)
        subscribe(Imu, 'imu', self._on_imu, qos.SENSOR_READER)
        subscribe(BatteryState, 'battery_state', self._on_battery, qos.SENSOR_READER)
        subscribe(DiagnosticArray, '/diagnostics', self._on_diagnostics, qos.RELIABLE)
        self.create_service(SetBool, '~/enable', self._on_enable)
        every(self, 1.0 / IDLE_RATE, self._tick)
        every(self, 1.0 / STATUS_RATE, self._say)
        diagnostics = Diagnostics(self)
        diagnostics.add('decisions', self._report)
        diagnostics.add('speaker', self._report_speaker)

    def _on_detections(self, message: Any) -> None:
        self._brain.see(detections.frame_from_message(message), self._time.captured(message))

    def _on_targets(self, message: Any) -> None:
        self._brain.locate(detections.targets_from_message(message))
        self._tick()

    def _on_safety(self, message: Any) -> None:
        before = self._brain.board.safety
        safety = Safety(
            armed=message.armed,
            translation=message.translation_allowed,
            turning=message.turning_allowed,
            sound=message.sound_allowed,
            light=message.light_allowed,
            rules=tuple(message.rules),
            reasons=tuple(message.reasons),
            driver=message.driver,
        )
        self._brain.obey(safety, self._time.now())
        if before is None or before.rules != safety.rules:
            self._tick()

    def _on_fix(self, message: Any) -> None:
        fix = fix_from_message(message, self._time.age(message.header.stamp))
        if fix is not None:  # the guard tells of the others
            self._brain.fix(*fix, self._time.now())

    def _on_motion(self, message: Any) -> None:
        self._brain.moved(twist_from_message(message), self._time.now())

    def _on_battery(self, message: Any) -> None:
        known = math.isfinite(message.percentage)
        self._brain.charge(message.percentage if known else None)

    def _on_imu(self, message: Any) -> None:
        q = message.orientation
        self._brain.tilt(1.0 - 2.0 * (q.x * q.x + q.y * q.y))

    def _on_diagnostics(self, message: Any) -> None:
        """The detector of this robot says which model it runs."""
        detector = f'{self.get_namespace().rstrip("/")}/detector: perception'
        for status in message.status:
            if status.name == detector:
                self._brain.set_model({v.key: v.value for v in status.values}.get('model', ''))

    def _on_enable(self, request: Any, response: Any) -> Any:
        if self._enabled and not request.data:
            self._publish(self._brain.stop())
        self._enabled = request.data
        response.success = True
        response.message = 'enabled' if request.data else 'disabled'
        self.get_logger().info(f'autonomous action {response.message} by a service call')
        return response

    def _tick(self) -> None:
        now, hour = self._time.now(), self._time.hour()
        if not self._enabled:
            self._publish(self._brain.watch(now, hour))
            return
        self._publish(self._brain.tick(now, hour))
        signature = self._brain.signature()
        if signature != self._tree:
            self._tree = signature
            self._trees.publish(String(data=self._brain.snapshot()))
        board = self._brain.board
        said = (board.state, board.deterrent, bool(board.target))
        if said != self._said:
            self._say()

    def _publish(self, wants: Wants) -> None:
        self._effectors.carry_out(wants, self._brain.board.stamp, self._time.now())
        self._keep_learned()
        for incident in wants.incidents:
            self.get_logger().info(f'{incident.kind.name} {incident.species} {incident.deterrent}')
            self._incidents.publish(
                Incident(
                    header=Header(stamp=detections.to_stamp(incident.stamp)),
                    kind=int(incident.kind),
                    visit_id=incident.visit_id,
                    track_id=incident.track_id,
                    species=incident.species,
                    probability=incident.probability,
                    deterrent=incident.deterrent,
                    detail=incident.json(),
                )
            )

    def _keep_learned(self) -> None:
        board = self._brain.board
        if self._store is None or not board.learned:
            return
        board.learned = False
        try:
            self._store.save(board.policy, board.usage)
            self._store_fault = ''
        except OSError as error:
            self._store_fault = f'what was learned is not kept: {error.strerror}'
            self.get_logger().warning(self._store_fault)

    def _say(self) -> None:
        board = self._brain.board
        target = board.target
        species, probability = target.best if target else ('', 0.0)
        self._said = (board.state, board.deterrent, bool(target))
        self._status.publish(
            Status(
                header=Header(stamp=detections.to_stamp(board.stamp)),
                state=board.state if self._enabled else 'disarmed',
                target_id=target.track_id if target else '',
                species=species,
                probability=probability,
                deterrent=board.deterrent,
                explanation=board.explanation if self._enabled else 'Switched off by a person.',
                rejected=[f'{c.name}: {c.rejected}' for c in board.considered if c.rejected],
            )
        )
        if self._markers.get_subscription_count():
            self._markers.publish(markers(board))

    def _report(self) -> Report:
        board = self._brain.board
        if board.state == 'fault' and self._enabled:
            return Report(Level.ERROR, board.explanation)
        fault = self._store_fault or self._effectors.hook_fault
        level = Level.WARN if fault else Level.OK
        return Report(level, fault or board.explanation or board.state, {'state': board.state})

    def _report_speaker(self) -> Report:
        fault = self._effectors.speaker_fault
        return Report(Level.WARN if fault else Level.OK, fault or 'ready')

    def stop(self) -> None:
        """Leave everything at rest and close the log's open visits."""
        self._publish(self._brain.stop())


def main() -> int:
    """Run the node."""
    return node.run(BrainNode)


if __name__ == '__main__':
    sys.exit(main())
