"""Which Bluetooth stack bleak works on: the system's, or an HCI controller through bumble."""

import asyncio
import sys
from typing import Any

from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError

from ..errors import LinkError, LinkReason
from .status import HCI, TRANSPORT_FORMS, check_transport

# Controllers that another program plays; all others are things that are plugged in.
_SERVED = tuple(f'{HCI}{kind}' for kind in ('tcp-', 'ws-', 'udp:', 'unix', 'pty', 'android-'))


class Transport:
    """Makes bleak scanners and clients; one may serve several robots.

    ``name`` is ``system`` (bleak's default for the platform, BlueZ on Linux) or ``hci:`` and a
    bumble transport name. Raises ConfigurationError for any other.
    An ``adapter`` that is open already is used as it is.
    """

    def __init__(self, name: str = 'system', adapter: Any = None) -> None:
        check_transport(name)
        self.name = name
        self._adapter = adapter
        self._opening = asyncio.Lock()

    async def ready(self) -> None:
        """Open the controller if it is not open or was lost.

        Raise LinkError where there is none.
        """
        if self.name == 'system':
            return
        async with self._opening:
            if self._adapter is not None and self._adapter.lost:
                await self.close()
            if self._adapter is None:
                # Only those who ask for bumble pay for its import.
                from .bumble_backend import Adapter

                try:
                    self._adapter = await Adapter.open(self.name[len(HCI) :])
                except ValueError as error:
                    why = str(error).rstrip('.')
                    reason = f'The Bluetooth transport {self.name!r} cannot be used: {why}.'
                    raise LinkError(LinkReason.ADAPTER, reason, TRANSPORT_FORMS) from error
                except BleakError as error:
                    kind, cure = LinkReason.ADAPTER, 'Plug the dongle in.'
                    if self.name.startswith(_SERVED):
                        kind, cure = LinkReason.NOT_SERVED, 'Start the simulator that serves it.'
                    raise LinkError(kind, f'{error}.', cure) from error

    @property
    def lost(self) -> bool:
        """Whether the controller went away."""
        return self._adapter is not None and self._adapter.lost

    async def abandoned(self) -> list[Any]:
        """Return the robots that the system keeps connected for a program that died.

        Raise what bleak raises.
        """
        if self._adapter is not None or sys.platform != 'linux':
            return []  # there a connection ends with whoever made it
        # What this imports exists on Linux only.
        from .bluez import abandoned

        return await abandoned()

    def scanner(self, detection_callback: Any) -> BleakScanner:
        """Return a scanner on this stack."""
        backend = {} if self._adapter is None else {'backend': self._adapter.scanner}
        return BleakScanner(detection_callback, **backend)

    def client(self, device: Any, disconnected: Any, timeout: float) -> BleakClient:
        """Return a client for ``device`` (as a scanner of this stack found it)."""
        backend = {} if self._adapter is None else {'backend': self._adapter.client}
        return BleakClient(device, disconnected_callback=disconnected, timeout=timeout, **backend)

    async def close(self) -> None:
        """Give the controller back."""
        if self._adapter is not None:
            await self._adapter.close()
            self._adapter = None
