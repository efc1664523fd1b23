"""The brain as a node.

Hears, ticks the tree at once on every picture, and publishes what it wants.
"""

import math
import random
import sys
import time
from pathlib import Path
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped, TwistStamped
from rclpy.action.client import ActionClient
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import BatteryState, Imu
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.files import share
from sentinel_common.parameters import Parameters
from std_msgs.msg import ColorRGBA, Float32, Header, String
from std_srvs.srv import SetBool
from vision_msgs.msg import Detection2DArray, Detection3DArray
from visualization_msgs.msg import MarkerArray

from sentinel_common import detections, node, qos
from sentinel_msgs.action import PlaySound
from sentinel_msgs.msg import Incident, SafetyState, Status

from .border import TimeBridge, pose_from_message, twist_from_message
from .brain import Brain
from .brain_parameters import PARAMETERS, make_settings, model_hash
from .hooks import Hooks
from .markers import markers
from .policy import POLICIES
from .policy.store import PolicyStore
from .policy.trial import Trial
from .tracks import Sureness
from .world import Play, Safety, Wants
from .zones import read_zones

# Ticks without a picture: for what only time changes, Hz.
IDLE_RATE = 10.0

# No line of the log is lost when many come at once.
INCIDENTS = QoSProfile(depth=50)

# A light that shines is asked for again after this, s; each time costs one frame on the radio.
LIGHT_PERIOD = 0.5

# The status is said on every change and so often anyway, Hz.
STATUS_RATE = 1.0


class BrainNode(Node):
    """Publishes wishes (``cmd_vel_auto``, ``head_color``, ``body_height``) and what it thinks.

    The latter: ``status``, ``incidents``, ``tree`` (latched), ``markers``.

    Action client of ``play_sound``; service ``~/enable`` (std_srvs/SetBool) switches autonomous
    action off and on.
    """

    def __init__(self) -> None:
        super().__init__('brain')
        self.parameters = p = Parameters(self, PARAMETERS)
        self._time = TimeBridge(self)
        self._brain = Brain(
            tree=share(p['tree']),
            deterrents=share(p['deterrents']),
            zones=read_zones(share(p['zones'])),
            policy=POLICIES[p['policy']],
            trial=Trial(p['hold_out'], p['neutral'], p['a_a']),
            settings=make_settings({q.name: p[q.name] for q in PARAMETERS}),
            sureness=Sureness(p['sure_posterior'], p['sure_hits'], p['sure_window']),
            seed=p['seed'] or random.SystemRandom().randrange(1, 2**31),
            run=time.strftime('%Y%m%dT%H%M%S'),
            model=model_hash(p['model']),
        )
        self._store = PolicyStore(Path(p['state_file'])) if p['state_file'] else None
        if self._store is not None and (why := self._store.load(self._brain.world.policy)):
            self.get_logger().info(f'The policy starts from its prior: {why}.')
        world = self._brain.world
        self.get_logger().info(
            f'policy {world.policy.name}, seed {world.seed}, '
            f'{len(world.catalogue.by_name)} deterrents'
        )
        self._hooks = Hooks(self, world.catalogue) if p['hooks'] else None
        self._store_fault = ''
        self._enabled = True
        self._color, self._lit = (0.0, 0.0, 0.0), 0.0
        self._tree: tuple[str, ...] = ()
        self._said: tuple[object, ...] = ()
        self._goal: Any = None
        self._speaker_fault = ''

        create = self.create_publisher
        self._cmd_vel = create(TwistStamped, 'cmd_vel_auto', qos.RELIABLE)
        self._head = create(ColorRGBA, 'head_color', qos.RELIABLE)
        self._height = create(Float32, 'body_height', qos.RELIABLE)
        self._status = create(Status, 'status', qos.RELIABLE)
        self._incidents = create(Incident, 'incidents', INCIDENTS)
        self._trees = create(String, 'tree', qos.LATCHED)
        self._markers = create(MarkerArray, 'markers', qos.RELIABLE)
        self._speaker: Any = ActionClient(self, PlaySound, 'play_sound')

        subscribe = self.create_subscription
        subscribe(Detection2DArray, 'detections', self._on_detections, qos.RELIABLE)
        subscribe(Detection3DArray, 'targets', self._on_targets, qos.RELIABLE)
        subscribe(SafetyState, 'safety_state', self._on_safety, qos.RELIABLE)
        subscribe(PoseWithCovarianceStamped, 'pose_fix', self._on_fix, qos.RELIABLE)
        subscribe(TwistStamped, 'cmd_vel', self._on_motion, qos.RELIABLE)
        subscribe(Imu, 'imu', self._on_imu, qos.SENSOR_READER)
        subscribe(BatteryState, 'battery_state', self._on_battery, qos.SENSOR_READER)
        self.create_service(SetBool, '~/enable', self._on_enable)
        self.create_timer(1.0 / IDLE_RATE, self._tick)
        self.create_timer(1.0 / STATUS_RATE, self._say)
        diagnostics = Diagnostics(self)
        diagnostics.add('decisions', self._report)
        diagnostics.add('speaker', self._report_speaker)

    def _on_detections(self, message: Any) -> None:
        self._brain.see(detections.frame_from_message(message), self._time.captured(message))

    def _on_targets(self, message: Any) -> None:
        self._brain.locate(detections.targets_from_message(message))
        self._tick()

    def _on_safety(self, message: Any) -> None:
        before = self._brain.world.safety
        safety = Safety(
            armed=message.armed,
            translation=message.translation_allowed,
            turning=message.turning_allowed,
            sound=message.sound_allowed,
            light=message.light_allowed,
            rules=tuple(message.rules),
            reasons=tuple(message.reasons),
        )
        self._brain.obey(safety, self._time.now())
        if before is None or before.rules != safety.rules:
            self._tick()

    def _on_fix(self, message: Any) -> None:
        covariance = message.pose.covariance
        variance = max(float(covariance[0]), float(covariance[7]))
        self._brain.fix(pose_from_message(message.pose.pose), variance, self._time.now())

    def _on_motion(self, message: Any) -> None:
        self._brain.moves(twist_from_message(message), self._time.now())

    def _on_battery(self, message: Any) -> None:
        known = math.isfinite(message.percentage)
        self._brain.charge(message.percentage if known else None)

    def _on_imu(self, message: Any) -> None:
        q = message.orientation
        self._brain.tilt(1.0 - 2.0 * (q.x * q.x + q.y * q.y))

    def _on_enable(self, request: Any, response: Any) -> Any:
        if self._enabled and not request.data:
            self._publish(self._brain.stop())
        self._enabled = request.data
        response.success = True
        response.message = 'enabled' if request.data else 'disabled'
        self.get_logger().info(f'autonomous action {response.message} by a service call')
        return response

    def _tick(self) -> None:
        if not self._enabled:
            return
        clock = time.localtime()
        self._publish(self._brain.tick(self._time.now(), clock.tm_hour + clock.tm_min / 60))
        signature = self._brain.signature()
        if signature != self._tree:
            self._tree = signature
            self._trees.publish(String(data=self._brain.snapshot()))
        world = self._brain.world
        said = (world.state, world.deterrent, bool(world.target))
        if said != self._said:
            self._say()

    def _publish(self, wants: Wants) -> None:
        stamp = detections.to_stamp(self._brain.world.stamp)
        header = Header(stamp=stamp, frame_id='base_link')
        if wants.twist is not None:
            message = TwistStamped(header=header)
            message.twist.linear.x = wants.twist.vx
            message.twist.linear.y = wants.twist.vy
            message.twist.angular.z = wants.twist.wz
            self._cmd_vel.publish(message)
        if wants.play is not None:
            self._play(wants.play)
        if wants.stop_sound and self._goal is not None:
            self._goal.cancel_goal_async()
        now = self._time.now()
        if wants.color != self._color or (any(wants.color) and now - self._lit >= LIGHT_PERIOD):
            # Said again while it shines: the guard lets a light go out that nobody asks for.
            self._color, self._lit = wants.color, now
            red, green, blue = map(float, wants.color)
            self._head.publish(ColorRGBA(r=red, g=green, b=blue, a=1.0))
        if wants.height is not None:
            self._height.publish(Float32(data=wants.height))
        self._run_hooks(wants)
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

    def _run_hooks(self, wants: Wants) -> None:
        if self._hooks is not None:
            if wants.hook:
                self._hooks.start(wants.hook, self._time.now())
            if wants.end_hook:
                self._hooks.end(wants.end_hook, self._time.now())
            self._hooks.reap(self._time.now())

    def _keep_learned(self) -> None:
        world = self._brain.world
        if self._store is None or not world.learned:
            return
        world.learned = False
        try:
            self._store.save(world.policy)
            self._store_fault = ''
        except OSError as error:
            self._store_fault = f'what was learned is not kept: {error.strerror}'
            self.get_logger().warning(self._store_fault)

    def _play(self, play: Play) -> None:
        if not self._speaker.server_is_ready():
            self._speaker_fault = 'the speaker is not there'
            self.get_logger().warning(f'{play.name} was not played: {self._speaker_fault}')
            return
        goal = PlaySound.Goal(name=play.name, volume=play.volume, autonomous=True)
        self._speaker.send_goal_async(goal).add_done_callback(self._on_goal)

    def _on_goal(self, future: Any) -> None:
        self._goal = future.result()
        if not self._goal.accepted:
            self._speaker_fault, self._goal = 'the speaker refused', None
            self.get_logger().warning('the speaker refused a sound')
            return
        self._goal.get_result_async().add_done_callback(self._on_result)

    def _on_result(self, future: Any) -> None:
        result = future.result().result
        self._speaker_fault = '' if result.success else result.message

    def _say(self) -> None:
        world = self._brain.world
        target = world.target
        species, probability = target.best if target else ('', 0.0)
        self._said = (world.state, world.deterrent, bool(target))
        self._status.publish(
            Status(
                header=Header(stamp=detections.to_stamp(world.stamp)),
                state=world.state if self._enabled else 'disarmed',
                target_id=target.track_id if target else '',
                species=species,
                probability=probability,
                deterrent=world.deterrent,
                explanation=world.explanation if self._enabled else 'Switched off by a person.',
                rejected=[f'{c.name}: {c.rejected}' for c in world.considered if c.rejected],
            )
        )
        if self._markers.get_subscription_count():
            self._markers.publish(markers(world))

    def _report(self) -> Report:
        world = self._brain.world
        if world.state == 'fault':
            return Report(Level.ERROR, world.explanation)
        fault = self._store_fault or (self._hooks.fault if self._hooks else '')
        level = Level.WARN if fault else Level.OK
        return Report(level, fault or world.explanation or world.state, {'state': world.state})

    def _report_speaker(self) -> Report:
        level = Level.WARN if self._speaker_fault else Level.OK
        return Report(level, self._speaker_fault or 'ready')

    def stop(self) -> None:
        """Leave everything at rest and close the log's open visits."""
        self._publish(self._brain.stop())


def main() -> int:
    """Run the node."""
    return node.run(BrainNode)


if __name__ == '__main__':
    sys.exit(main())
