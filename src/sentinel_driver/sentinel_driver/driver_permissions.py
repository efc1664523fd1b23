"""What the guard lets the driver do, and the end of what it no longer lets it do."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sentinel_common import qos

from .errors import CommandRejectedError, RejectReason
from .velocity_control import Permission, forbids


class Permissions:
    """Topics ``safety_state`` and ``emergency_stop_state``, which may come in either order.

    ``on_change`` is called with each new permission, ``halt`` where the robot must stop now.
    """

    def __init__(
        self, node: Any, on_change: Callable[[Permission], None], halt: Callable[[], None]
    ) -> None:
        from std_msgs.msg import Bool

        from sentinel_msgs.msg import SafetyState

        self.newest: Permission | None = None
        self._on_change = on_change
        self._halt = halt
        self._emergency_stop = False  # as its own latched topic says
        self._acting: tuple[bytes, bool] | None = None
        subscribe = node.create_subscription
        subscribe(SafetyState, 'safety_state', self.on_safety, qos.RELIABLE)
        subscribe(Bool, 'emergency_stop_state', self._on_emergency_stop, qos.LATCHED)

    def on_safety(self, message: Any) -> None:
        """Take what the guard says."""
        self._take(
            Permission(
                received=time.monotonic(),
                armed=message.armed,
                translation=message.translation_allowed,
                turning=message.turning_allowed,
                light=message.light_allowed,
                max_speed=message.max_speed,
                emergency_stop=message.emergency_stop or self._emergency_stop,
            )
        )

    def _on_emergency_stop(self, message: Any) -> None:
        self._emergency_stop = message.data
        if message.data:
            if self.newest is not None:
                self._take(replace(self.newest, emergency_stop=True))
            self._halt()

    def _take(self, permission: Permission) -> None:
        self.newest = permission
        self._on_change(permission)

    def check(self, payload: bytes, *, by_person: bool) -> None:
        """Raise CommandRejectedError where ``payload`` may not be sent now."""
        why = forbids(payload, self.newest, time.monotonic(), by_person=by_person)
        if why:
            raise CommandRejectedError(RejectReason.NOT_ALLOWED, why)

    def acts(self, payload: bytes, *, by_person: bool) -> None:
        """Watch over what was sent: the robot goes on with it by itself, such as with steps."""
        self._acting = payload, by_person

    def rests(self) -> None:
        """Nothing is left to watch over: the robot was stopped, or what follows stops it."""
        self._acting = None

    def watch(self) -> None:
        """Halt where the robot may still do what is forbidden by now; due at every tick."""
        if self._acting is not None:
            payload, by_person = self._acting
            if forbids(payload, self.newest, time.monotonic(), by_person=by_person):
                self._halt()
