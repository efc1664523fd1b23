"""The speaker: plays sounds for people and for the brain, within what the guard allows."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.hourly import HourlyUse
from sentinel_common.parameters import Parameters
from sentinel_common.safety import PERMISSION_AGE
from sentinel_common.timers import every

from sentinel_common import node

from .sound import library, players, wav
from .speaker_parameters import PARAMETERS

__all__ = ['PARAMETERS', 'Speaker', 'main']

# How often the end of a sound and the permission to make it are looked at, s.
_TICK = 0.05

# Where sounds go on a machine without audio.
_FALLBACK = Path('~/.local/share/garden-sentinel/sounds').expanduser()


@dataclass
class _Current:
    """The sound that plays."""

    goal: Any
    done: Any  # Future of why it ended: '' at its proper end
    name: str
    volume: float
    playing: players.Playing | None = None
    started: float = 0.0
    limit: float = 0.0  # s that the budget leaves


class Speaker(Node):
    """Serves ``play_sound``; obeys ``safety_state`` and ``emergency_stop_state``.

    Publishes ``sound_state`` on every change and at 1 Hz. A new goal replaces the sound that plays.
    """

    def __init__(self) -> None:
        super().__init__('speaker')
        from std_msgs.msg import Bool

        from sentinel_common import qos
        from sentinel_msgs.action import PlaySound
        from sentinel_msgs.msg import SafetyState, SoundState

        self.parameters = Parameters(self, PARAMETERS)
        self._player, self._where = players.choose(self.parameters['render_folder'], _FALLBACK)
        # Files that somebody asked for are all right; else animals are to hear something.
        self._unheard = (
            isinstance(self._player, players.Renderer) and not self.parameters['render_folder']
        )
        self.get_logger().info(f'Sounds play {self._where}.')
        self._use = HourlyUse()
        self._allowed_at = -PERMISSION_AGE
        self._emergency_stop = self._latched = False  # as safety_state, as its own topic says
        self._current: _Current | None = None
        self._last = ('', 0.0)
        self._failure = ''
        self._count = 0
        self._pool = ThreadPoolExecutor(1, 'synthesis')
        self._wake = self.create_guard_condition(lambda: None)
        self._state = self.create_publisher(SoundState, 'sound_state', qos.RELIABLE)
        self.create_subscription(SafetyState, 'safety_state', self._on_safety, qos.RELIABLE)
        self.create_subscription(Bool, 'emergency_stop_state', self._on_emergency_stop, qos.LATCHED)
        self._server = ActionServer(
            self,
            PlaySound,
            'play_sound',
            self._execute,
            goal_callback=lambda _: GoalResponse.ACCEPT,
            cancel_callback=self._cancel,
            callback_group=ReentrantCallbackGroup(),
        )
        Diagnostics(self).add('sound', self._report)
        every(self, _TICK, self._tick)
        every(self, 1.0, self._publish)

    def stop(self) -> None:
        """Silence at the end of the process."""
        self._end('the speaker ends')
        self._pool.shutdown(cancel_futures=True)

    def _on_safety(self, message: Any) -> None:
        self._emergency_stop = message.emergency_stop
        if message.sound_allowed and not message.emergency_stop:
            self._allowed_at = time.monotonic()
        else:
            self._allowed_at = -PERMISSION_AGE
        self._tick()

    def _on_emergency_stop(self, message: Any) -> None:
        self._latched = message.data
        self._tick()

    def _cancel(self, goal: Any) -> CancelResponse:
        if self._current is not None and self._current.goal.goal_id == goal.goal_id:
            self._end('cancelled')
        return CancelResponse.ACCEPT

    def _forbids(self, autonomous: bool, now: float) -> str:
        if self._emergency_stop or self._latched:
            return 'the emergency stop is latched'
        if autonomous and now - self._allowed_at > PERMISSION_AGE:
            return 'the guard does not allow sound'
        if autonomous and self._left(now) <= 0:
            budget = self.parameters['hourly_budget']
            return f'the budget of {budget:.0f} s of sound per hour is used up'
        return ''

    def _left(self, now: float) -> float:
        """Return how long the brain may still make sound within the hour, s."""
        return float(self.parameters['hourly_budget'] - self._use.used(now))

    async def _execute(self, goal: Any) -> Any:
        from sentinel_msgs.action import PlaySound

        request = goal.request
        self._end('replaced by another sound')
        volume = min(1.0, max(0.0, request.volume)) * self.parameters['volume']
        mine = _Current(goal, Future(), request.name, volume)
        self._current = mine
        try:
            samples, rate = await self._prepared(request.name)
            reason = self._begin(mine, samples * volume, rate)
            reason = reason or await mine.done
        except wav.SoundError as error:
            reason = str(error)
        played = self._finish(mine)
        result = PlaySound.Result(success=not reason, played=played)
        result.message = f'{request.name}: {reason or "played " + self._where}'
        if not reason:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
            self.get_logger().info(f'Not played to the end, {result.message}.')
        return result

    def _prepared(self, name: str) -> Any:
        """Return a future of samples and rate; the work is done on another thread."""
        self._count += 1
        seed = self.parameters['seed'] or time.time_ns()
        future: Any = Future()

        def work() -> None:
            try:
                future.set_result(library.load(name, seed + self._count))
            except Exception as error:  # belongs to whoever awaits the future
                future.set_exception(error)
            self._wake.trigger()

        self._pool.submit(work)
        return future

    def _begin(self, mine: _Current, samples: wav.Array, rate: int) -> str:
        """Start to play; return why not."""
        now = time.monotonic()
        if mine.done.done():
            return str(mine.done.result())
        autonomous = mine.goal.request.autonomous
        reason = self._forbids(autonomous, now)
        if not reason:
            mine.limit = self._left(now) if autonomous else wav.MAX_DURATION
            mine.started = now
            mine.playing = self._player.start(mine.name, samples, rate)
            self._publish()
        return reason

    def _finish(self, mine: _Current) -> float:
        """Silence it and book what sounded; return that in s."""
        if self._current is mine:
            self._current = None
        if mine.playing is None:
            return 0.0
        mine.playing.stop()
        now = time.monotonic()
        self._use.add(mine.started, now)
        self._last = (mine.name, mine.volume)
        self._publish()
        return now - mine.started

    def _end(self, reason: str) -> None:
        """Silence what plays now; its goal ends with ``reason``."""
        current, self._current = self._current, None
        if current is not None and not current.done.done():
            if current.playing is not None:
                current.playing.stop()
            current.done.set_result(reason)

    def _tick(self) -> None:
        from sentinel_msgs.action import PlaySound

        current, now = self._current, time.monotonic()
        if current is None or current.playing is None or current.done.done():
            return
        if not current.playing.advance():
            self._failure = current.playing.error
            current.done.set_result(self._failure)
            return
        elapsed = now - current.started
        reason = self._forbids(current.goal.request.autonomous, now)
        if not reason and elapsed >= current.limit:
            reason = 'the budget of sound is used up'
        if reason:
            self._end(reason)
            return
        current.goal.publish_feedback(PlaySound.Feedback(elapsed=elapsed))

    def _publish(self) -> None:
        from sentinel_msgs.msg import SoundState

        now, current = time.monotonic(), self._current
        sounding = current is not None and current.playing is not None
        message = SoundState(playing=sounding)
        message.header.stamp = self.get_clock().now().to_msg()
        name, volume = (current.name, current.volume) if sounding and current else self._last
        message.name, message.volume = name, float(volume)
        message.used_last_hour = float(self._use.used(now))
        if sounding and current:
            message.used_last_hour += now - current.started
        self._state.publish(message)

    def _report(self) -> Report:
        values = {
            'plays': self._where,
            'used_last_hour_s': round(self._use.used(time.monotonic()), 1),
        }
        if self._failure:
            return Report(Level.ERROR, f'The last sound failed: {self._failure}.', values)
        if self._unheard:
            text = f'No sound is heard: it plays {self._where}. Install alsa-utils (aplay).'
            return Report(Level.WARN, text, values)
        return Report(Level.OK, f'Plays {self._where}.', values)


def main() -> int:
    """Run the node."""
    return node.run(Speaker)


if __name__ == '__main__':
    sys.exit(main())
