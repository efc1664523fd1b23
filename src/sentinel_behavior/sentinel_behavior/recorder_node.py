"""The recorder: listens to everything, acts on nothing, and keeps what a person will ask for."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from sentinel_common.detections import frame_from_message, to_seconds
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.parameters import Parameter, Parameters
from sentinel_common.timers import every
from vision_msgs.msg import Detection2DArray

from sentinel_common import images, node, qos
from sentinel_msgs.msg import HermesFrame, Incident, SafetyState, SoundState, Status
from sentinel_msgs.srv import MarkVisit

from .incidents import lock
from .incidents.film_frame import Caption
from .incidents.model import from_message
from .incidents.recorder import ALIVE_PERIOD, Options, Recorder
from .incidents.store import SqliteStore

PARAMETERS = (
    Parameter(
        'folder',
        '~/.local/share/garden-sentinel',
        'where incidents.sqlite3, the pictures and the film go; made if it is missing',
        read_only=True,
    ),
    Parameter('snapshots', True, 'keep pictures of visits', read_only=True),
    Parameter(
        'snapshot_interval',
        2.0,
        'time between pictures of one visit, s',
        minimum=0.1,
        maximum=3600.0,
        read_only=True,
    ),
    Parameter(
        'snapshot_limit',
        20,
        'most moments of one visit that are kept',
        minimum=0,
        maximum=10_000,
        read_only=True,
    ),
    Parameter(
        'snapshot_margin',
        0.25,
        "what is kept around an animal, as a part of its box's size",
        minimum=0.0,
        maximum=2.0,
        read_only=True,
    ),
    Parameter(
        'film',
        False,
        'keep an annotated film and latency samples: for demonstrations, about 0.5 MB/s',
        read_only=True,
    ),
    Parameter(
        'film_rate',
        4.0,
        'pictures of the film per second',
        minimum=0.2,
        maximum=15.0,
        read_only=True,
    ),
    Parameter(
        'film_withhold',
        True,
        'blur the whole camera picture in the film where there is a hint of a person; where false, '
        'only the place of the hint: for simulations, where nobody is real',
        read_only=True,
    ),
    Parameter(
        'retention_days',
        180.0,
        'visits, pictures, recordings and pages older than this are deleted, days; 0 keeps all',
        minimum=0.0,
        maximum=36_500.0,
        read_only=True,
    ),
    Parameter(
        'min_free_mb',
        200.0,
        'free disk space below which no pictures are kept, MB',
        minimum=0.0,
        read_only=True,
    ),
)

# How often old things are deleted, s.
_FORGET_PERIOD = 6 * 3600.0

_DOUBTS = (
    'The clock is more than a month ahead of the log, and by it pictures are older than '
    'retention_days. Is it wrong, set it: once a day has been recorded by it, they are deleted.'
)

# Incidents come in bursts, and none may be lost (depth of the writer: 50).
_INCIDENTS = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)

# Pictures are joined with detections that come later; a few must wait.
_PICTURES = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)


def preflight(values: Mapping[str, Any]) -> None:
    """Raise StoreError where another sentinel records into the folder."""
    lock.check(Path(values['folder']).expanduser())


class RecorderNode(Node):
    """Writes the incident log, pictures of visits, and on request a film.

    Subscribes: ``incidents``, ``detections``, ``camera/image_raw``, ``spectator/image_raw``,
    ``status``, ``safety_state``, ``sound_state``; for the film's latency also ``cmd_vel`` and
    ``hermes/tx``. Serves ``mark_visit``. What is written where: docs/incidents.md.
    """

    def __init__(self) -> None:
        super().__init__('recorder')
        self.parameters = p = Parameters(self, PARAMETERS)
        folder = Path(p['folder']).expanduser()
        started, info = self._now(), {'film': p['film'], 'snapshots': p['snapshots']}
        self._recorder = Recorder(
            open_store=lambda: SqliteStore.for_run(folder, started, info),
            folder=folder,
            options=Options(
                snapshots=p['snapshots'],
                snapshot_interval=p['snapshot_interval'],
                snapshot_limit=p['snapshot_limit'],
                snapshot_margin=p['snapshot_margin'],
                film=p['film'],
                film_withhold=p['film_withhold'],
                min_free=p['min_free_mb'] * 1e6,
            ),
            now=self._now,
            complain=self._complain,
        )
        self._status, self._safety, self._sound = Status(), SafetyState(), SoundState()
        self._hear(Incident, 'incidents', self._on_incident, _INCIDENTS)
        self._hear(Detection2DArray, 'detections', self._on_detections)
        self._hear(Image, 'camera/image_raw', self._on_image, _PICTURES)
        self._hear(Status, 'status', lambda message: setattr(self, '_status', message))
        self._hear(SafetyState, 'safety_state', lambda message: setattr(self, '_safety', message))
        self._hear(SoundState, 'sound_state', self._on_sound)
        if p['film']:
            self._hear(Image, 'spectator/image_raw', self._on_spectator, _PICTURES)
            self._hear(TwistStamped, 'cmd_vel', self._on_command)
            self._hear(HermesFrame, 'hermes/tx', self._on_frame_sent)
            every(self, 1.0 / p['film_rate'], self._film)
        every(self, ALIVE_PERIOD, self._recorder.alive)
        if age := p['retention_days'] * 86_400.0:
            self._recorder.forget(age)
            every(self, _FORGET_PERIOD, lambda: self._recorder.forget(age))
        self.create_service(MarkVisit, 'mark_visit', self._mark)
        Diagnostics(self).add('incident log', self._report)
        self.get_logger().info(f'recording into {folder}')

    def waits(self) -> bool:
        """Whether a brain has a visit to close yet."""
        return self._recorder.visit_lasts

    def stop(self) -> None:
        """Write what waits, and close the log."""
        if not self._recorder.stop():
            self.get_logger().error('the disk did not take all that was to be written')

    def _hear(
        self, kind: Any, topic: str, callback: Callable[..., None], profile: Any = qos.RELIABLE
    ) -> None:
        self.create_subscription(kind, topic, callback, profile)

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _complain(self, sentence: str) -> None:
        if sentence:
            self.get_logger().error(sentence)
        else:
            self.get_logger().info('the disk takes what is written again')

    def _report(self) -> Report:
        disk = self._recorder.disk
        values = {'unsaved incidents': disk.unsaved, 'waiting jobs': disk.backlog}
        if disk.trouble:
            return Report(Level.ERROR, disk.trouble, values)
        if self._recorder.doubts:
            return Report(Level.WARN, _DOUBTS, values)
        return Report(Level.OK, 'recording', values)

    def _mark(self, request: Any, response: Any) -> Any:
        reason = self._recorder.mark(request.visit_id, request.false_alarm, request.note)
        response.success, response.message = not reason, reason
        return response

    def _on_incident(self, message: Any) -> None:
        try:
            self._recorder.incident(from_message(message))
        except ValueError as error:
            self.get_logger().error(f'an incident was not understood: {error}')

    def _on_image(self, message: Any) -> None:
        self._recorder.image(to_seconds(message.header.stamp), lambda: images.image_to_bgr(message))

    def _on_spectator(self, message: Any) -> None:
        self._recorder.garden = lambda: images.image_to_bgr(message)

    def _on_detections(self, message: Any, info: Any) -> None:
        frame = frame_from_message(message)
        self._recorder.latency.detected(frame.stamp, _sent(info))
        self._recorder.frame(frame)

    def _on_command(self, message: Any, info: Any) -> None:
        self._recorder.latency.commanded(to_seconds(message.header.stamp), _sent(info))

    def _on_frame_sent(self, message: Any) -> None:
        self._recorder.latency.written(bytes(message.payload), to_seconds(message.header.stamp))

    def _on_sound(self, message: Any) -> None:
        self._sound = message
        self._recorder.sound(self._now(), message.playing, message.name, message.volume)

    def _film(self) -> None:
        status, safety, sound = self._status, self._safety, self._sound
        self._recorder.film(
            lambda elapsed: Caption(
                elapsed=elapsed,
                state=status.state,
                species=status.species,
                probability=status.probability,
                deterrent=status.deterrent,
                explanation=status.explanation,
                sound=f'{sound.name} {sound.volume:.0%}' if sound.playing else '',
                rules=tuple(safety.rules),
            )
        )


def _sent(info: Any) -> float:
    """When the writer of a message sent it, s of the system clock."""
    return info['source_timestamp'] * 1e-9


def main() -> int:
    """Run the node until it is told to stop."""
    return node.run(RecorderNode)


if __name__ == '__main__':
    sys.exit(main())
