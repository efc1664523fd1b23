"""Drops at random moments under 50 Hz driving: recovery of each, and the age of what arrives."""

import functools
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from sentinel_driver.hermes import Drive
from sentinel_driver.radio.client import RadioClient

from .rig import CODEC, Rig
from .statistics import summary

_RATE = 50.0  # Hz
_LIFE = 0.5  # s that each command holds


class _Stream:
    """Sends drive commands that are all different, so that each can be dated on arrival."""

    def __init__(self, rig: Rig) -> None:
        self._client = RadioClient(lambda _: None, transport=rig.transport)
        self._sent: dict[bytes, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        number, due = 0, time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += 1 / _RATE
            # Two axes make 127 * 254 different commands: the same one comes back after ten minutes.
            payload = CODEC.payload(
                Drive(forward=1 + number % 127, turn=(number // 127) % 254 - 127)
            )
            now = time.monotonic()
            self._sent[payload] = now
            self._client.send(payload, now + _LIFE)
            number += 1

    def age(self, moment: float, payload: bytes) -> float:
        """Age of a payload that arrived at ``moment``, s."""
        return moment - self._sent[payload]

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._client.close()


def measure(rig: Rig, drops: int, seed: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """Return times from drop to the next drive command, and ages of what arrived, s."""
    from sentinel_sim.robot.peripheral import Fault

    source = random.Random(seed)
    rig.got.clear()
    stream = _Stream(rig)
    recovered: list[float] = []
    ages: list[float] = []

    def drives(since: float) -> list[tuple[float, bytes]]:
        return [
            (t, p) for t, p in rig.got if t > since and CODEC.is_drive(p) and p != CODEC.neutral
        ]

    try:
        for i in range(drops):
            rig.until(lambda: drives(0.0), 'driving')
            time.sleep(source.uniform(0.0, 1.0))
            ages += [stream.age(t, p) for t, p in drives(0.0)]
            rig.got.clear()
            dropped = time.monotonic()
            # Half of them are a disconnection by the robot, half of them it is out of range for a
            # while.
            if source.random() < 0.5:
                rig.robot.cause(Fault.REFUSE, 0.05)
            else:
                rig.robot.cause(Fault.VANISH, source.uniform(0.8, 1.5))
            rig.until(lambda: not rig.robot.connected, 'the drop')
            lost = time.monotonic()
            rig.until(functools.partial(drives, lost), 'recovery')
            recovered.append(drives(lost)[0][0] - dropped)
            progress(f'drop {i + 1}/{drops}: {recovered[-1]:.2f} s')
        ages += [stream.age(t, p) for t, p in drives(0.0)]
    finally:
        stream.close()
    return {
        'drops': drops,
        'recovered': len(recovered),
        'recovery_s': summary(recovered),
        'age_on_arrival_s': summary(ages, _LIFE),
    }
