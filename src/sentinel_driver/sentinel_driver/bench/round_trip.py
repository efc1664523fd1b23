"""Command to acknowledgement: through the radio process, and the plain way with bleak alone."""

import asyncio
import threading
import time
from typing import Any

from ..hermes import NUS_RX, NUS_TX, HeadColourSet, Reply
from ..radio.client import RadioClient
from ..radio.transport import Transport
from .codec import plain_decode, plain_encode
from .rig import CODEC, Rig
from .statistics import summary

_TIMEOUT = 20.0

# The head colour is acknowledged and moves nothing.
_COMMAND = CODEC.payload(HeadColourSet(0, 0, 1))


def measure(rig: Rig, count: int) -> dict[str, Any]:
    """Round trips of both ways in s, and ours as a ratio to the plain one."""
    ours = _ours(rig, count)
    plain = asyncio.run(_plain(rig, count))
    figures = {'radio_process_s': summary(ours), 'plain_bleak_s': summary(plain)}
    ratio = figures['radio_process_s']['p50'] / figures['plain_bleak_s']['p50']
    return {**figures, 'ratio_p50': ratio}


def _ours(rig: Rig, count: int) -> list[float]:
    connected, answered = threading.Event(), threading.Event()

    def hear(event: dict[str, Any]) -> None:
        if event.get('state') == 'connected':
            connected.set()
        if event['ev'] == 'rx' and bytes.fromhex(event['payload'])[0] == Reply.HEAD_COLOUR_SET_ACK:
            answered.set()

    client = RadioClient(hear, transport=rig.transport)
    times = []
    try:
        while not connected.wait(0.1):
            client.alive()
        for _ in range(count):
            answered.clear()
            start = time.perf_counter()
            client.send(_COMMAND)
            assert answered.wait(_TIMEOUT)
            times.append(time.perf_counter() - start)
    finally:
        client.close()
    return times


async def _plain(rig: Rig, count: int) -> list[float]:
    transport = Transport(rig.transport)
    await transport.ready()
    found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def heard(device: Any, _: Any) -> None:
        if not found.done():
            found.set_result(device)

    try:
        async with transport.scanner(heard):
            device = await asyncio.wait_for(found, _TIMEOUT)
        answered = asyncio.Event()

        def notified(_: Any, data: bytearray) -> None:
            if any(p[0] == Reply.HEAD_COLOUR_SET_ACK for p in plain_decode([bytes(data)])):
                answered.set()

        times = []
        async with transport.client(device, None, _TIMEOUT) as client:
            await client.start_notify(NUS_TX, notified)
            for _ in range(count):
                answered.clear()
                start = time.perf_counter()
                await client.write_gatt_char(NUS_RX, plain_encode(_COMMAND), response=False)
                await asyncio.wait_for(answered.wait(), _TIMEOUT)
                times.append(time.perf_counter() - start)
        return times
    finally:
        await transport.close()
