"""Tells on the terminal what the sentinel does: one line for each thing that changes, no more."""

import json
import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from sentinel_common.parameters import Parameter, Parameters
from std_msgs.msg import Bool
from vision_msgs.msg import Detection2DArray

from sentinel_common import detections, node, qos
from sentinel_msgs.msg import HermesFrame, Incident, SoundState, Status

from .troubles import Troubles

PARAMETERS = (
    Parameter(
        'started',
        0.0,
        'when the command was given, s since 1970; 0: when this node started',
        read_only=True,
    ),
)

# Longer lines are cut, characters: a terminal has 80 to 120, and the time goes before.
_LONGEST = 100

# States may come and go many times a minute, and are told again after, s; but this one always:
_QUIET = 20.0
_ACTING = 'observing'
# The incident of its stimulus tells it.
_ENGAGING = 'engaging'
# Before the first picture there is always one, and after the last; whoever has a trouble says so in
# its diagnostics.
_FAULT = 'fault'
FIRST_PICTURE = 'the detector sees the first picture'
# What is told only if it lasts so long, s: the guard is sure of a target a moment after the brain.
_LASTING = {_FAULT: 2.0, 'holding_fire': 0.5}
# What the camera reports then.
_ENDED = 'source has ended'
# What the detector reports where the light is to blame, and not the computer.
_BLIND = 'cannot see'

# Rules of the guard that hold where sweeps or pictures are late.
_LATE = frozenset({'no_sweep', 'stale_perception'})
_SLOW = (
    'this computer is too slow or too busy for the detector: see docs/troubleshooting.md, '
    '"It sees nothing"'
)

_INCIDENTS = {
    Incident.VISIT_STARTED: 'a visit begins: {species}, {percent} sure',
    Incident.VISIT_ENDED: 'the visit has ended',
    Incident.STIMULUS_STARTED: 'deters with: {deterrent}',
    Incident.STIMULUS_ENDED: 'ends: {deterrent}{why}',
}
# Why a stimulus ended; there is nothing to say where it was finished.
_WHY = {
    'guard': ', cut short by the guard: {rules}',
    'target_lost': ', nobody is seen any more',
    'interrupted': ', for something more urgent',
}


class ProgressNode(Node):
    """Listens to what changes, and to the errors that nodes report in ``/diagnostics``."""

    def __init__(self) -> None:
        super().__init__('progress')
        self.parameters = Parameters(self, PARAMETERS)
        self._start = self.parameters['started'] or time.time()
        self._told: set[str] = set()
        self._told_at: dict[str, float] = {}
        self._state = ''
        self._heard, self._heard_since = '', 0.0
        self._ended = self._blind = False
        self._sound = False
        self._stopped = False
        self._troubles = Troubles()
        subscribe = self.create_subscription
        subscribe(Detection2DArray, 'detections', self._on_detections, qos.RELIABLE)
        subscribe(HermesFrame, 'hermes/rx', self._on_answer, qos.RELIABLE)
        subscribe(Status, 'status', self._on_status, qos.RELIABLE)
        subscribe(Incident, 'incidents', self._on_incident, qos.RELIABLE)
        subscribe(SoundState, 'sound_state', self._on_sound, qos.RELIABLE)
        subscribe(DiagnosticArray, '/diagnostics', self._on_diagnostics, qos.RELIABLE)
        subscribe(Bool, 'emergency_stop_state', self._on_emergency_stop, qos.LATCHED)

    def _tell(self, text: str, *, whole: bool = False) -> None:
        # The clock may have been set back; a time below 0 would be no line of progress.
        minutes, seconds = divmod(round(max(0.0, time.time() - self._start), 1), 60)
        if len(text) > _LONGEST and not whole:
            text = f'{text[: _LONGEST - 3]}...'
        print(f'{minutes:.0f}:{seconds:04.1f}  {text}', flush=True)

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text, whole=True)

    def _on_detections(self, message: Any) -> None:
        if FIRST_PICTURE not in self._told:
            self._heard_since = time.monotonic()
        self._tell_once(FIRST_PICTURE)
        for detection in detections.frame_from_message(message).detections:
            species, score = detection.best
            if detection.track_id and species:
                if not any(text.startswith('the first detection') for text in self._told):
                    self._tell_once(f'the first detection: {species}, {score:.0%}')

    @property
    def _looking(self) -> bool:
        """Whether there should be pictures: the first has come and the last has not."""
        return FIRST_PICTURE in self._told and not self._ended

    def _on_answer(self, _: Any) -> None:
        self._tell_once('the robot answers over Bluetooth')

    def _on_status(self, message: Any) -> None:
        now = time.monotonic()
        if message.state != self._heard:
            self._heard, self._heard_since = message.state, now
        if message.state == self._state or (message.state == _FAULT and not self._looking):
            return
        if now - self._heard_since < _LASTING.get(message.state, 0.0):
            return
        self._state = message.state
        if message.state == _ENGAGING:
            return
        if message.state == _ACTING or now > self._told_at.get(message.state, -_QUIET) + _QUIET:
            self._told_at[message.state] = now
            why = f': {message.explanation}' if message.explanation else ''
            self._tell(f'{message.state.replace("_", " ")}{why}')

    def _on_incident(self, message: Any) -> None:
        detail = _detail(message.detail)
        rules = detail.get('rules', [])
        text = _INCIDENTS.get(message.kind)
        if text:
            why = _WHY.get(detail.get('reason', ''), '') if 'why' in text else ''
            self._tell(
                text.format(
                    species=message.species,
                    deterrent=message.deterrent.replace('_', ' '),
                    percent=f'{message.probability:.0%}',
                    why=why.format(rules=', '.join(rules).replace('_', ' ') or 'no rule is known'),
                )
            )
        held = message.kind == Incident.HELD_FIRE or detail.get('reason') == 'guard'
        if held and not self._blind and _LATE.intersection(rules):
            self._tell_once(_SLOW)

    def _on_sound(self, message: Any) -> None:
        if message.playing != self._sound:
            self._sound = message.playing
            if message.playing:
                self._tell(f'sound: {message.name}')

    def _on_diagnostics(self, message: Any) -> None:
        prefix = f'{self.get_namespace().rstrip("/")}/'
        for status in message.status:
            if status.name.startswith(prefix):
                name = status.name.removeprefix(prefix).replace(': ', ', ')
                self._ended = self._ended or status.message == _ENDED
                if name == 'detector, perception':
                    self._blind = status.message.startswith(_BLIND)
                # The brain misses pictures that camera and detector know more of.
                missing = name == 'brain, decisions' and not self._looking
                error = status.level == DiagnosticStatus.ERROR and not missing
                text = self._troubles.hear(name, error, status.message, time.monotonic())
                if text:
                    self._tell(text, whole=True)

    def _on_emergency_stop(self, message: Any) -> None:
        if message.data != self._stopped:
            self._stopped = message.data
            stopped = 'EMERGENCY STOP, until ./sentinel estop --release'
            self._tell(stopped if message.data else 'the emergency stop is released')


def _detail(text: str) -> dict[str, Any]:
    """Return the JSON object of an incident, empty where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def main() -> int:
    """Run the node."""
    return node.run(ProgressNode)


if __name__ == '__main__':
    sys.exit(main())
