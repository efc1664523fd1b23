"""The node's view of the robot: a radio process kept alive, the fate of each command. No ROS."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from sentinel_common.diagnostics import Level, Report

from .errors import CommandRejectedError, LinkReason, RejectReason
from .hermes import AnyCommand, Codec
from .radio.client import RadioClient
from .radio.status import State

# A radio process that died is replaced at once, as the robot may walk; but one that keeps dying at
# this interval only, s.
_RESTART_PAUSE = 1.0

# Without a report by then a command counts as not sent, s.
_ANSWER_TIMEOUT = 1.0

# The radio process says something every second (``process._COUNTS_PERIOD``). One that says nothing
# for this long hangs, while the robot may walk: it is replaced, s.
_HUNG = 2.5

# Until its first word it may take longer: it loads its libraries, on a small or busy machine, s.
_STARTS = 20.0

# So many radio processes in a row that died and never reached a robot will not be the last.
_HOPELESS = 2

# A longer gap between two ticks means that this process was held up itself, s.
_MAX_TICK = 1.0

# Who serves an emulated radio starts and ends together with the driver, which on a busy machine
# takes this long; so long its absence is no error, s.
_SERVER_STARTS = 30.0

# What an attempt says before it is known how it ends.
_ON_THE_WAY = (State.SEARCHING, State.CONNECTING, State.HANDSHAKE)

Answer = Callable[[bytes | None, CommandRejectedError | None], None]


class Robot:
    """Starts the radio process, keeps it alive and matches its reports to commands.

    ``wake`` is called on the reader thread; ``poll`` must then be called on the owner's. All else
    belongs to the owner's thread. ``on_frame(kind, payload, time)`` hears of each frame ('tx' or
    'rx', s of the steady clock), ``on_state(state, text)`` of each change of the link.
    """

    def __init__(
        self,
        codec: Codec,
        start: Callable[[Callable[[dict[str, Any]], None]], RadioClient],
        on_frame: Callable[[str, bytes, float], None],
        on_state: Callable[[str, str], None],
        wake: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.codec = codec
        self._start = start
        self._on_frame = on_frame
        self._on_state = on_state
        self._wake = wake
        self._clock = clock
        self._served = 0.0  # when the radio was there, or might still come
        self._told: tuple[str, ...] = ()
        self._events: deque[tuple[int, dict[str, Any]]] = deque()
        self._generation = 0  # of the radio process; an old one may still report while it ends
        self._radio: RadioClient | None = None
        self._restart_at = 0.0
        self._open = False
        self._deaths = 0  # of radio processes since a robot was reached
        self._opened_at = 0.0
        self._ticked_at = 0.0
        self._awake_since = 0.0  # this process, which hears nothing while it is held up
        self._word: tuple[int, float] = (0, 0.0)  # generation and time of the last report
        self._answers: dict[int, tuple[float, bytes, Answer]] = {}
        self.status: dict[str, Any] = {}
        self._problem: dict[str, Any] = {}  # the last status with a reason, until connected
        self.counts: dict[str, int] = {}
        self.frames = {'tx': 0, 'rx': 0}
        self.connects = 0
        self.restarts = 0

    @property
    def connected(self) -> bool:
        """Whether commands reach the robot now."""
        return self._radio is not None and self.status.get('state') == State.CONNECTED

    def open(self) -> None:
        """Start the radio process."""
        if self._radio is not None:
            self._radio.close(wait=False)  # gives its pipe back
        self._open = True
        self._generation += 1
        generation = self._generation
        self._served = self._opened_at = self._ticked_at = self._clock()
        self._radio = self._start(lambda event: self._heard(generation, event))

    def stop(self) -> None:
        """Send neutral now."""
        if self._radio is not None:
            self._radio.stop()

    def close(self, *, wait: bool) -> None:
        """Stop the robot, disconnect, end the process; with ``wait`` return when that is done."""
        self._open = False
        if self._radio is not None:
            self._radio.stop()
            self._radio.close(wait=wait)
            if wait:
                self._radio = None
        # Nobody ticks from here on: who waits for an answer gets it now.
        for token in list(self._answers):
            _, payload, _ = self._answers[token]
            self._answer(token, payload, _rejected('The driver ended.', RejectReason.NOT_ACTIVE))

    def stream(self, payload: bytes, until: float) -> None:
        """Send a motion that holds until ``until``; only the newest matters."""
        if self._radio is not None:
            self._radio.send(payload, until)

    def send(self, command: AnyCommand | bytes, answer: Answer | None = None) -> bytes:
        """Send a command once and return its payload; ``answer`` hears what became of it.

        Raise CommandRejectedError where it may not be sent or there is no robot.
        """
        payload = command if isinstance(command, bytes) else self.codec.payload(command)
        self.codec.wire(payload)
        if not self.connected or self._radio is None:
            raise CommandRejectedError(
                RejectReason.NOT_CONNECTED,
                'No robot is connected.',
                str(self._problem.get('cure', '')),
            )
        token = self._radio.send(payload)
        if not token:
            raise CommandRejectedError(RejectReason.BUSY, 'The radio process takes no commands.')
        if answer is not None:
            self._answers[token] = (self._clock() + _ANSWER_TIMEOUT, payload, answer)
        return payload

    def tick(self, now: float) -> None:
        """Keep the radio process alive; due every ``pipe.ALIVE_PERIOD``."""
        if self._radio is None:
            return
        self._radio.alive()
        if now - self._ticked_at > _MAX_TICK:
            self._awake_since = now
        self._ticked_at = now
        if not self._radio.running:
            if now >= self._restart_at:
                self._restart_at = now + _RESTART_PAUSE
                self.restarts += 1
                self.open()
        elif self._hangs(now):
            self._radio.kill()  # and replaced once it is dead
            self._tell(State.ENDED, f'The radio process said nothing for {_HUNG} s and was killed.')
        for token, (due, payload, answer) in list(self._answers.items()):
            if now >= due:
                del self._answers[token]
                answer(payload, _rejected('The radio did not answer.', RejectReason.EXPIRED))

    def _hangs(self, now: float) -> bool:
        generation, heard_at = self._word
        if generation != self._generation:
            return now - self._opened_at > _STARTS
        return now - max(heard_at, self._awake_since) > _HUNG

    def poll(self) -> None:
        """Handle what the radio process reported."""
        while self._events:
            generation, event = self._events.popleft()
            kind = event.get('ev')
            if kind == 'exit' and event['code']:
                self._died(event['code'])
            if generation != self._generation and kind not in ('tx', 'rx'):
                continue
            if kind in ('tx', 'rx'):
                payload = bytes.fromhex(event['payload'])
                self.frames[kind] += 1
                self._answer(event['token'], payload, None)
                self._on_frame(kind, payload, event['time'])
            elif kind == 'dropped':
                error = _rejected(event['text'], RejectReason(event['kind']))
                self._answer(event['token'], bytes.fromhex(event['payload']), error)
            elif kind == 'counts':
                self.counts = {k: v for k, v in event.items() if k != 'ev'}
            elif kind == 'status':
                self.status = event
                if event['state'] in (State.CONNECTED, State.ENDED):
                    self._problem = {}
                elif event['reason']:
                    self._problem = event
                if event['state'] == State.CONNECTED:
                    self._deaths = 0
                if event['reason'] != LinkReason.NOT_SERVED:
                    self._served = self._clock()
                self.connects += event['state'] == State.CONNECTED
                self._tell(event['state'], f'{event["text"]} {event["cure"]}'.strip())
            elif kind == 'exit':
                self.status = {'state': State.ENDED, 'text': 'The radio process ended.'}
                self._tell(State.ENDED, self._trouble())

    def _tell(self, *state: str) -> None:
        """Tell of a change: an attempt that fails as the one before is none."""
        again = self._told[:1] == (State.WAITING,) and state[0] in _ON_THE_WAY
        if state != self._told and not again:
            self._told = state
            self._on_state(*state)

    def _died(self, code: int) -> None:
        self._deaths += 1
        if self._deaths >= _HOPELESS:
            self._problem = {
                'reason': LinkReason.DIES,
                'text': f'The radio process dies before it reaches a robot, with exit code {code}.',
                'cure': "Its last words are in the driver's log; ./sentinel doctor says what is "
                'missing.',
            }

    def _trouble(self) -> str:
        """The last problem and its cure, in words; empty where there is none."""
        return f'{self._problem.get("text", "")} {self._problem.get("cure", "")}'.strip()

    def report(self) -> Report:
        """How the link is."""
        status = self.status
        state = status.get('state', 'not started')
        who = ' '.join(filter(None, (status.get('name'), status.get('address'))))
        values = {
            'state': state,
            'reason': self._problem.get('reason', ''),
            'attempt': status.get('attempt', 0),
            'connects': self.connects,
            'radio_restarts': self.restarts,
            'frames_written': self.frames['tx'],
            'frames_received': self.frames['rx'],
            **self.counts,
        }
        if self.connected:
            return Report(Level.OK, f'Connected to {who}.', values)
        if not self._open:
            return Report(Level.OK, 'Inactive.', values)
        text = self._trouble() or status.get('text')
        reason = self._problem.get('reason')
        starts = self._clock() - self._served < _SERVER_STARTS
        fine = not reason or (reason == LinkReason.NOT_SERVED and starts)
        level = Level.WARN if fine else Level.ERROR
        return Report(level, text or f'No robot yet: {state}.', values)

    def _heard(self, generation: int, event: dict[str, Any]) -> None:
        self._word = generation, self._clock()
        self._events.append((generation, event))
        self._wake()

    def _answer(self, token: int, payload: bytes, error: CommandRejectedError | None) -> None:
        _, _, answer = self._answers.pop(token, (0.0, b'', None))
        if answer is not None:
            answer(payload, error)


def _rejected(text: str, kind: RejectReason) -> CommandRejectedError:
    return CommandRejectedError(kind, text)
