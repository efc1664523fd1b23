"""The services of the driver.

Each answers with what was really sent, or with the reason why not.
"""

from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.task import Future
from sentinel_common.errors import SentinelError

from . import hermes, motion_files
from .errors import CommandRejectedError
from .hermes import AnyCommand, GaitParameter, GaitSet, GaitSetAll

_UNIT_FIELDS = tuple(n for n in GaitSetAll.__dataclass_fields__ if n not in ('ID', 'RANGES'))


class Services:
    """What people may ask of the robot.

    ``stand``, ``sit`` (std_srvs/Trigger), ``set_gait``, ``take_steps``, ``twitch`` and
    ``play_animation`` (sentinel_msgs): refused unless the guard is heard, armed and not stopped.
    After ``~/enable`` (std_srvs/SetBool) with false nothing moves and they are refused, until it is
    called with true.
    """

    def __init__(self, driver: Any) -> None:
        from std_srvs.srv import SetBool, Trigger

        from sentinel_msgs.srv import PlayAnimation, SetGait, TakeSteps, Twitch

        self._driver = driver
        # A service that waits would hold the group it is in, and with it the whole node.
        waits = ReentrantCallbackGroup()
        for kind, name, answer in (
            (Trigger, 'stand', self._stand),
            (Trigger, 'sit', self._sit),
            (SetGait, 'set_gait', self._set_gait),
            (TakeSteps, 'take_steps', self._take_steps),
            (Twitch, 'twitch', self._twitch),
            (PlayAnimation, 'play_animation', self._play_animation),
        ):
            driver.create_service(kind, name, answer, callback_group=waits)
        driver.create_service(SetBool, '~/enable', self._enable)

    async def _stand(self, _: Any, response: Any) -> Any:
        return await self._answered(response, lambda: self._height('stand_height'))

    async def _sit(self, _: Any, response: Any) -> Any:
        self._driver.halt()
        return await self._answered(response, lambda: self._height('sit_height'))

    def _height(self, parameter: str) -> AnyCommand:
        value = hermes.to_byte(parameter, self._driver.parameters[parameter])
        return GaitSet(0, GaitParameter.BODY_HEIGHT, value)

    async def _set_gait(self, request: Any, response: Any) -> Any:
        sent = []

        def command() -> AnyCommand:
            if request.preset:
                gait = motion_files.load_gait(motion_files.find(request.preset, 'gait'))
            else:
                given = {n: getattr(request.gait, n) for n in _UNIT_FIELDS}
                gait = GaitSetAll.from_unit(**given)
            sent.append(gait)
            return gait

        await self._answered(response, command)
        if response.success:
            for name in _UNIT_FIELDS:
                byte = getattr(sent[0], name)
                setattr(response.applied, name, byte if name == 'gait_type' else byte / 255)
        return response

    async def _take_steps(self, request: Any, response: Any) -> Any:
        return await self._answered(response, lambda: hermes.TakeSteps(request.cycles))

    async def _twitch(self, request: Any, response: Any) -> Any:
        return await self._answered(
            response, lambda: hermes.Twitch(request.direction, request.severity)
        )

    async def _play_animation(self, request: Any, response: Any) -> Any:
        def command() -> AnyCommand:
            hermes.to_byte('layering', request.layering)
            return hermes.PlayAnimation(
                request.animation,
                request.blend_in,
                request.blend_out,
                round(100 * request.layering),
                request.transform,
            )

        return await self._answered(response, command)

    def _enable(self, request: Any, response: Any) -> Any:
        self._driver.enabled = request.data
        if not request.data:
            self._driver.halt()
        response.success = True
        response.message = 'The driver is enabled.' if request.data else 'Nothing moves.'
        return response

    async def _answered(self, response: Any, make: Any) -> Any:
        """Send what ``make`` returns; fill success and message when its fate is known."""
        future: Any = Future()
        try:
            self._driver.send(make(), lambda *fate: future.set_result(fate), by_person=True)
            payload, error = await future
            if error is not None:
                raise error
            response.success, response.message = True, f'sent {payload.hex(" ")}'
        except CommandRejectedError as error:
            response.success, response.message = False, f'{error.kind}: {error}'
        except SentinelError as error:
            response.success, response.message = False, str(error)
        return response
