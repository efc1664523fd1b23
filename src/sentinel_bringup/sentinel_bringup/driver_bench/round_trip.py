"""Command to acknowledgement: through the radio process, and the plain way with bleak alone."""

import asyncio
import threading
import time
from typing import Any

from bleak.exc import BleakError
from sentinel_driver.hermes import NUS_RX, NUS_TX, HeadColourSet, Reply
from sentinel_driver.radio import pipe
from sentinel_driver.radio.client import RadioClient
from sentinel_driver.radio.status import ANY_ROBOT, matches
from sentinel_driver.radio.transport import Transport

from .codec import plain_decode, plain_encode
from .rig import CODEC, TrialError
from .statistics import summary

# s to be found and connected, and from a command to its acknowledgement.
_TIMEOUT = 20.0
_ANSWER_TIMEOUT = 5.0

# The head colour is acknowledged and moves nothing.
_BLUE, _DARK = (CODEC.payload(HeadColourSet(0, 0, blue)) for blue in (255, 0))


def measure(transport: str, count: int, robot: str = ANY_ROBOT) -> dict[str, Any]:
    """Round trips of both ways in s, and ours as a ratio to the plain one.

    No drive command is sent, as the firmware's form of it may be unknown. Raise TrialError or
    LinkError where the robot does not connect or does not answer.
    """
    ours = _ours(transport, robot, count)
    try:
        plain = asyncio.run(_plain(transport, robot, count))
    except (BleakError, TimeoutError, EOFError, OSError) as error:
        raise TrialError(
            f'The link was lost: {str(error).rstrip(".") or "no answer"}.',
            'Bring the robot nearer, or charge it.',
        ) from error
    figures = {'radio_process_s': summary(ours), 'plain_bleak_s': summary(plain)}
    ratio = figures['radio_process_s']['p50'] / figures['plain_bleak_s']['p50']
    return {**figures, 'ratio_p50': ratio}


def _ours(transport: str, robot: str, count: int) -> list[float]:
    connected, answered = threading.Event(), threading.Event()
    problem = ''

    def hear(event: dict[str, Any]) -> None:
        nonlocal problem
        if event['ev'] == 'status' and event['text']:
            problem = f'{event["text"]} {event["cure"]}'.strip()
        if event.get('state') == 'connected':
            connected.set()
        if event['ev'] == 'rx' and bytes.fromhex(event['payload'])[0] == Reply.HEAD_COLOUR_SET_ACK:
            answered.set()

    client = RadioClient(hear, transport=transport, robot=robot, still=True)
    times = []
    try:
        end = time.monotonic() + _TIMEOUT
        while not connected.wait(pipe.ALIVE_PERIOD):
            if time.monotonic() > end:
                raise TrialError(f'{robot!r} did not connect within {_TIMEOUT:.0f} s. {problem}')
            client.alive()
        problem = ''
        for _ in range(count):
            answered.clear()
            start = time.perf_counter()
            client.send(_BLUE)
            if not answered.wait(_ANSWER_TIMEOUT):
                raise TrialError(problem or 'The robot did not acknowledge the head colour.')
            times.append(time.perf_counter() - start)
    finally:
        client.close()
    return times


async def _plain(name: str, robot: str, count: int) -> list[float]:
    transport = Transport(name)
    await transport.ready()
    found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def heard(device: Any, said: Any) -> None:
        name = said.local_name or device.name or ''
        if not found.done() and matches(robot, name, device.address, said.service_uuids):
            found.set_result(device)

    try:
        async with transport.scanner(heard):
            device = await asyncio.wait_for(found, _TIMEOUT)
        answered = asyncio.Event()

        def notified(_: Any, data: bytearray) -> None:
            if any(p[0] == Reply.HEAD_COLOUR_SET_ACK for p in plain_decode([bytes(data)])):
                answered.set()

        async with transport.client(device, None, _TIMEOUT) as client:

            async def asked(command: bytes) -> float:
                answered.clear()
                start = time.perf_counter()
                await client.write_gatt_char(NUS_RX, plain_encode(command), response=False)
                await asyncio.wait_for(answered.wait(), _ANSWER_TIMEOUT)
                return time.perf_counter() - start

            await client.start_notify(NUS_TX, notified)
            try:
                return [await asked(_BLUE) for _ in range(count)]
            finally:
                await asked(_DARK)
    finally:
        await transport.close()
