"""The emulated MekaMon on the emulated air: advertising, Nordic UART Service, frames, faults."""

import asyncio
import random
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink
from sentinel_driver.hermes import NUS_RX, NUS_SERVICE, NUS_TX, Decoder, Reply, encode

from .air import Air, AirError, RadioController
from .mekamon import MekaMon

NAME = 'MekaMon'

# A random static address (two highest bits set), as the robot's radio chip has.
ADDRESS = 'F0:F0:F0:4D:4D:01'

# Addresses of the first and the second robot of one garden.
ADDRESSES = (ADDRESS, 'F0:F0:F0:4D:4D:02')

# The smallest MTU of the standard: notifications carry 20 bytes. The real robot's is not known.
MTU = 23

ADVERTISING_INTERVAL = 100.0  # ms

# Notifications that may wait; older ones are dropped, as a robot's memory is small.
_OUTBOX = 128

# How long frames are collected when they go out merged, s.
_MERGE_TIME = 0.03

_REBOOT_TIME = 2.0  # s until a rebooted robot advertises again

# Of the chunks that pass while the link is corrupt, one in so many is damaged.
_CORRUPT_ONE_IN = 3


class Packing(StrEnum):
    """How frames lie in notifications; the real robot's habit is not known."""

    WHOLE = 'whole'  # one frame, cut at the MTU
    SPLIT = 'split'  # cut anywhere
    MERGED = 'merged'  # several frames in one


class Fault(StrEnum):
    """What can go wrong on request."""

    NONE = 'none'
    VANISH = 'vanish'  # out of range: the driver notices after the supervision timeout
    REFUSE = 'refuse'  # every connection is dropped at once
    CORRUPT = 'corrupt'  # bits flip, in both directions
    STALL = 'stall'  # connected, but reads and says nothing
    REBOOT = 'reboot'  # gone for two seconds, then everything is as after power-on


class EmulatedRobot:
    """A MekaMon as a Bluetooth peripheral, in the thread of its air.

    Raise AirError where ``address`` is none.

    Without ``air`` it starts one of its own, whose HCI port is then ``port`` (0: a free one). Obeys
    and answers frames through ``mekamon``; whoever simulates its body calls ``mekamon.step``.
    ``on_payload`` is called in the air's thread with steady time in s and each payload that
    arrived.
    """

    def __init__(
        self,
        mekamon: MekaMon,
        port: int = 0,
        *,
        air: Air | None = None,
        address: str = ADDRESS,
        name: str = NAME,
        mtu: int = MTU,
        packing: Packing = Packing.WHOLE,
        seed: int = 0,
    ) -> None:
        try:
            Address(address)
        except ValueError:
            raise AirError(
                f'{address!r} is no Bluetooth address.', f'Give six bytes, such as {ADDRESS}.'
            ) from None
        self.mekamon = mekamon
        self.air = air or Air(port=port)
        self.address = address
        self.name = name
        self.fault = Fault.NONE
        self.on_payload: Callable[[float, bytes], None] = lambda stamp, payload: None
        self._own_air = air is None
        self._mtu = mtu
        self._packing = Packing(packing)
        self._random = random.Random(seed)
        self._decoder = Decoder()
        self._connection: Connection | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._fault_ends: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """TCP port that serves HCI."""
        return self.air.port

    @property
    def connected(self) -> bool:
        """Whether a driver is connected."""
        return self._connection is not None

    def start(self) -> None:
        """Advertise; raise AirError where the port is taken."""
        if self._own_air:
            self.air.start()
        self.air.run(self._start())
        self.mekamon.on_telemetry = self._send_from_thread

    def stop(self) -> None:
        """Go silent, and stop the air if it is this robot's own."""
        self.mekamon.on_telemetry = lambda payload: None
        if self._own_air:
            self.air.stop()
        else:
            self.air.run(self._leave())

    def cause(self, fault: Fault, seconds: float | None = None) -> None:
        """Let something go wrong, for ``seconds`` or until ``Fault.NONE``; from any thread."""
        self.air.run(self._cause(Fault(fault), seconds))

    async def _start(self) -> None:
        self._controller = RadioController(self.name, link=self.air.link)
        host = Host(self._controller, AsyncPipeSink(self._controller))
        self._device = Device(name=self.name, address=Address(self.address), host=host)
        self._device.gatt_server.max_mtu = self._mtu
        inbox: Characteristic[bytes] = Characteristic(
            NUS_RX,
            Characteristic.Properties.WRITE | Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
            Characteristic.WRITEABLE,
            CharacteristicValue(write=self._written),
        )
        self._notifier = Characteristic(
            NUS_TX, Characteristic.Properties.NOTIFY, Characteristic.READABLE, b''
        )
        self._device.add_services([Service(NUS_SERVICE, [inbox, self._notifier])])
        self._device.on('connection', self._on_connection)
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(_OUTBOX)
        await self._device.power_on()
        await self._advertise()
        self._keep(self._notify())

    async def _advertise(self) -> None:
        data = AdvertisingData(
            [
                (AdvertisingData.FLAGS, bytes([0x06])),
                (
                    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
                    bytes(UUID(NUS_SERVICE)),
                ),
                (AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode()),
            ]
        )
        await self._device.start_advertising(
            advertising_data=bytes(data),
            auto_restart=True,
            advertising_interval_min=ADVERTISING_INTERVAL,
            advertising_interval_max=ADVERTISING_INTERVAL,
        )

    async def _leave(self) -> None:
        self.air.link.forget(self._controller)
        self._controller.switch_off()
        for task in self._background:
            task.cancel()

    def _keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _on_connection(self, connection: Connection) -> None:
        self._connection = connection
        self._decoder.reset()
        connection.on('disconnection', self._on_disconnection)
        if self.fault is Fault.REFUSE:
            self._keep(self._drop(connection))

    def _on_disconnection(self, reason: int) -> None:
        self._connection = None
        while not self._outbox.empty():
            self._outbox.get_nowait()

    async def _drop(self, connection: Connection) -> None:
        await connection.disconnect()

    # Frames.

    def _written(self, connection: Connection, value: bytes) -> None:
        if self.fault is Fault.STALL:
            return
        damaged = self._decoder.counts.damaged
        for payload in self._decoder.feed(self._spoil(bytes(value))):
            self.on_payload(time.monotonic(), payload)
            for reply in self.mekamon.handle(payload):
                self._send(reply)
        if self._decoder.counts.damaged > damaged:
            self._send(bytes((Reply.CHECKSUM_ERROR,)))

    def _send_from_thread(self, payload: bytes) -> None:
        self.air.loop.call_soon_threadsafe(self._send, payload)

    def _send(self, payload: bytes) -> None:
        if self._connection is None:
            return
        if self._outbox.full():
            self._outbox.get_nowait()
        self._outbox.put_nowait(encode(payload))

    async def _notify(self) -> None:
        """Send what waits, in the order it came, for as long as the robot lives."""
        while True:
            data = await self._outbox.get()
            if self._packing is Packing.MERGED:
                await asyncio.sleep(_MERGE_TIME)
                while not self._outbox.empty():
                    data += self._outbox.get_nowait()
            while data and self._connection is not None and self.fault is not Fault.STALL:
                longest = self._connection.att_mtu - 3
                if self._packing is Packing.SPLIT:
                    longest = self._random.randint(1, longest)
                chunk, data = data[:longest], data[longest:]
                await self._device.notify_subscriber(
                    self._connection, self._notifier, self._spoil(chunk)
                )

    def _spoil(self, chunk: bytes) -> bytes:
        if self.fault is not Fault.CORRUPT or not chunk or self._random.randrange(_CORRUPT_ONE_IN):
            return chunk
        at = self._random.randrange(len(chunk))
        bit = 1 << self._random.randrange(8)
        return chunk[:at] + bytes((chunk[at] ^ bit,)) + chunk[at + 1 :]

    # Faults.

    async def _cause(self, fault: Fault, seconds: float | None) -> None:
        if self._fault_ends is not None:
            self._fault_ends.cancel()
            self._fault_ends = None
        self.air.link.appear(self._controller)
        self.fault = fault
        if fault in (Fault.VANISH, Fault.REBOOT):
            self.air.link.vanish(self._controller)
        if fault is Fault.REFUSE and self._connection is not None:
            await self._connection.disconnect()
        if fault is Fault.REBOOT:
            self.mekamon.reboot()
            # No connection outlives it.
            seconds = max(seconds or _REBOOT_TIME, self.air.link.supervision)
        if seconds is not None and fault is not Fault.NONE:
            self._fault_ends = asyncio.get_running_loop().call_later(seconds, self._recover)

    def _recover(self) -> None:
        self._fault_ends = None
        self.fault = Fault.NONE
        self.air.link.appear(self._controller)
