"""What may be asked of the driver by topic, beside walking: light, body height, raw frames."""

import math
import time
from typing import Any

from sentinel_common import qos

from .errors import CommandRejectedError
from .hermes import AnyCommand, Command, GaitParameter, GaitSet, HeadColourSet, to_byte

# A refusal is logged so often at most, s.
_LOG_PERIOD = 5.0

DARK = HeadColourSet(0, 0, 0)


class Requests:
    """Topics ``head_color`` (std_msgs/ColorRGBA) and ``body_height`` (std_msgs/Float32).

    Both take 0..1 and clip; alpha is ignored. With ``raw_input`` also ``hermes/send``,
    behind the same allow-list. A topic gives no answer, so refusals are logged with the reason.
    """

    def __init__(self, driver: Any) -> None:
        from std_msgs.msg import ColorRGBA, Float32

        from sentinel_msgs.msg import HermesFrame

        self._driver = driver
        self._lit = False  # as far as is known; an unknown light counts as lit
        self._wanted = False
        self._darkening = False  # a dark frame is on its way
        subscribe = driver.create_subscription
        subscribe(ColorRGBA, 'head_color', self._on_head_color, qos.RELIABLE)
        subscribe(Float32, 'body_height', self._on_body_height, qos.RELIABLE)
        if driver.parameters['raw_input']:
            subscribe(HermesFrame, 'hermes/send', self._on_raw, qos.RELIABLE)

    def link_made(self) -> None:
        """A robot was found: nobody knows what its head shows."""
        self._lit, self._wanted = True, False

    def written(self, payload: bytes) -> None:
        """Take note of a frame that went to the robot."""
        if payload[0] == Command.HEAD_COLOUR_SET:
            self._lit = any(payload[1:])

    def watch_light(self) -> None:
        """Go dark where light is not wanted or not allowed, until it is; due at every tick."""
        permission = self._driver.permission
        allowed = permission is not None and permission.lights(time.monotonic())
        if not self._lit or self._darkening or (self._wanted and allowed):
            return
        if self._driver.robot.connected:
            self._darkening = self._send(DARK, self._darkened)

    def _darkened(self, *_: Any) -> None:
        """Hear what became of a dark frame; ``written`` heard of it if it was written."""
        self._darkening = False

    def _on_head_color(self, message: Any) -> None:
        channels = (message.r, message.g, message.b)
        colour = [round(255 * min(1.0, max(0.0, c))) if math.isfinite(c) else 0 for c in channels]
        if any(colour) or self._driver.robot.connected:
            self._send(HeadColourSet(*colour))
        else:
            self._wanted = False  # every connection begins dark: there is nothing to refuse

    def _on_body_height(self, message: Any) -> None:
        if math.isfinite(message.data):
            height = to_byte('body_height', min(1.0, max(0.0, message.data)))
            self._send(GaitSet(0, GaitParameter.BODY_HEIGHT, height))

    def _on_raw(self, message: Any) -> None:
        self._send(bytes(message.payload))

    def _send(self, command: AnyCommand | bytes, answer: Any = None) -> bool:
        try:
            payload = self._driver.send(command, answer)
        except CommandRejectedError as error:
            self._driver.get_logger().warning(str(error), throttle_duration_sec=_LOG_PERIOD)
            return False
        if payload[0] == Command.HEAD_COLOUR_SET:
            self._wanted = any(payload[1:])
            self._lit |= self._wanted
        return True
