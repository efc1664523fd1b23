"""``./sentinel scan``: which robots are in range."""

import argparse
import asyncio
from typing import Any

from ..errors import LinkReason
from ..hermes import NUS_SERVICE
from ..radio.link import radio_errors
from ..radio.status import ANY_ROBOT, matches
from ..radio.transport import Transport

SUMMARY = 'list the robots in Bluetooth range'

_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        '--transport',
        default='system',
        help='system (BlueZ), or hci: and a controller, such as hci:usb:0 (default: %(default)s)',
    )
    parser.add_argument(
        '--seconds', type=float, default=_SECONDS, help='how long to listen (default: %(default)s)'
    )
    parser.add_argument('--all', action='store_true', help='also devices that are no robots')


def main(args: argparse.Namespace) -> int:
    """Print one line per robot; 1 where there is none. Raise LinkError without Bluetooth."""
    heard = asyncio.run(_listen(args.transport, args.seconds))
    robots = 0
    for address, (name, advertisement) in sorted(heard.items(), key=lambda i: -i[1][1].rssi):
        services = advertisement.service_uuids
        robot = matches(ANY_ROBOT, name, address, services)
        robots += robot
        if robot or args.all:
            uart = 'UART service' if NUS_SERVICE in services else ''
            print(
                f'{address}  {advertisement.rssi:4} dBm  {name or "(no name)":20} {uart}'.rstrip()
            )
    if not robots:
        print(
            f'No MekaMon among {len(heard)} devices in range. Switch it on, bring it near, and '
            'close the app that may hold it.'
        )
    return int(not robots)


async def _listen(name: str, seconds: float) -> dict[str, tuple[str, Any]]:
    transport = Transport(name)
    heard: dict[str, tuple[str, Any]] = {}

    def hear(device: Any, advertisement: Any) -> None:
        heard[device.address] = (advertisement.local_name or device.name or '', advertisement)

    await transport.ready()
    try:
        with radio_errors(LinkReason.ADAPTER):
            async with transport.scanner(hear):
                await asyncio.sleep(seconds)
    finally:
        await transport.close()
    return heard
