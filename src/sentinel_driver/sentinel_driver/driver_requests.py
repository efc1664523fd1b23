"""What may be asked of the driver by topic, beside walking: light, body height, raw frames."""

import math
import time
from typing import Any

from sentinel_common import qos

from .errors import CommandRejectedError
from .hermes import AnyCommand, GaitParameter, GaitSet, HeadColourSet, to_byte

# A refusal is logged so often at most, s.
_LOG_PERIOD = 5.0


class Requests:
    """Topics ``head_color`` (std_msgs/ColorRGBA) and ``body_height`` (std_msgs/Float32).

    Both take 0..1 and clip; alpha is ignored. With ``raw_input`` also ``hermes/send``,
    behind the same allow-list. A topic gives no answer, so refusals are logged with the reason.
    """

    def __init__(self, driver: Any) -> None:
        from std_msgs.msg import ColorRGBA, Float32

        from sentinel_msgs.msg import HermesFrame

        self._driver = driver
        self._lit = False
        subscribe = driver.create_subscription
        subscribe(ColorRGBA, 'head_color', self._on_head_color, qos.RELIABLE)
        subscribe(Float32, 'body_height', self._on_body_height, qos.RELIABLE)
        if driver.parameters['raw_input']:
            subscribe(HermesFrame, 'hermes/send', self._on_raw, qos.RELIABLE)

    def allow_light(self, allowed: bool) -> None:
        """Go dark where the guard takes its permission back."""
        if self._lit and not allowed:
            self._send(HeadColourSet(0, 0, 0))
            self._lit = False

    def _on_head_color(self, message: Any) -> None:
        channels = (message.r, message.g, message.b)
        colour = [round(255 * min(1.0, max(0.0, c))) if math.isfinite(c) else 0 for c in channels]
        permission = self._driver.permission
        lit = any(colour)
        if lit and not (permission and permission.young(time.monotonic()) and permission.light):
            self._refuse('head_color: the guard forbids light')
        elif self._send(HeadColourSet(*colour)):
            self._lit = lit

    def _on_body_height(self, message: Any) -> None:
        if math.isfinite(message.data):
            height = to_byte('body_height', min(1.0, max(0.0, message.data)))
            self._send(GaitSet(0, GaitParameter.BODY_HEIGHT, height))

    def _on_raw(self, message: Any) -> None:
        self._send(bytes(message.payload))

    def _send(self, command: AnyCommand | bytes) -> bool:
        try:
            self._driver.send(command)
        except CommandRejectedError as error:
            self._refuse(str(error))
            return False
        return True

    def _refuse(self, reason: str) -> None:
        self._driver.get_logger().warning(reason, throttle_duration_sec=_LOG_PERIOD)
