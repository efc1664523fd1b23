"""The services of the driver.

Each answers with what was really sent, or with the reason why not.
"""

from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.task import Future

from .errors import CommandRejectedError
from .hermes import AnyCommand, GaitParameter, GaitSet, to_byte


class Services:
    """``stand``, ``sit`` (std_srvs/Trigger) and ``~/enable`` (std_srvs/SetBool)."""

    def __init__(self, driver: Any) -> None:
        from std_srvs.srv import SetBool, Trigger

        self._driver = driver
        # A service that waits would hold the group it is in, and with it the whole node.
        waits = ReentrantCallbackGroup()
        driver.create_service(Trigger, 'stand', self._stand, callback_group=waits)
        driver.create_service(Trigger, 'sit', self._sit, callback_group=waits)
        driver.create_service(SetBool, '~/enable', self._enable)

    async def _stand(self, _: Any, response: Any) -> Any:
        return await self._sent(response, self._height('stand_height'))

    async def _sit(self, _: Any, response: Any) -> Any:
        self._driver.halt()
        return await self._sent(response, self._height('sit_height'))

    def _enable(self, request: Any, response: Any) -> Any:
        self._driver.enabled = request.data
        if not request.data:
            self._driver.halt()
        response.success = True
        response.message = 'The driver is enabled.' if request.data else 'Nothing moves.'
        return response

    def _height(self, parameter: str) -> AnyCommand:
        value = to_byte(parameter, self._driver.parameters[parameter])
        return GaitSet(0, GaitParameter.BODY_HEIGHT, value)

    async def _sent(self, response: Any, command: AnyCommand) -> Any:
        """Send ``command`` and fill success and message of ``response`` when its fate is known."""
        future: Any = Future()
        try:
            self._driver.send(command, lambda *fate: future.set_result(fate), by_person=True)
            payload, error = await future
            if error is not None:
                raise error
            response.success, response.message = True, f'sent {payload.hex(" ")}'
        except CommandRejectedError as error:
            response.success, response.message = False, f'{error.kind}: {error}'
        return response
