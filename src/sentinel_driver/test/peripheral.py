"""A small Nordic UART peripheral on bumble, in the test's own event loop."""

import asyncio

from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink
from sentinel_driver.hermes import NUS_RX, NUS_SERVICE, NUS_TX, Decoder, encode
from sentinel_driver.radio.bumble_backend import Adapter

ACKS = {16: 145, 7: 133, 8: 132}


class Peripheral:
    """Records the payloads it gets, acknowledges the handshake, can vanish."""

    def __init__(self, link, address='C0:00:00:00:00:01', name='MekaMon-1', *, rx=NUS_RX):
        self.controller = Controller(name, link=link)
        self.device = Device.with_hci(
            name, Address(address), self.controller, AsyncPipeSink(self.controller)
        )
        self.name = name
        self.got = []
        self.got_event = asyncio.Event()
        self.decoder = Decoder()
        self.acknowledges = True
        self.connection = None
        self.tx = Characteristic(
            NUS_TX, Characteristic.Properties.NOTIFY, Characteristic.READABLE, b''
        )
        listens = Characteristic(
            rx,
            Characteristic.Properties.WRITE | Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
            Characteristic.WRITEABLE,
            CharacteristicValue(write=self._write),
        )
        self.device.add_services([Service(NUS_SERVICE, [listens, self.tx])])
        self.device.on('connection', self._connected)

    def _connected(self, connection):
        self.connection = connection
        self.decoder.reset()

    async def start(self):
        await self.device.power_on()
        data = AdvertisingData(
            [
                (AdvertisingData.FLAGS, b'\x06'),
                (
                    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
                    bytes(UUID(NUS_SERVICE)),
                ),
                (AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode()),
            ]
        )
        await self.device.start_advertising(
            advertising_data=bytes(data),
            auto_restart=True,
            advertising_interval_min=20,
            advertising_interval_max=20,
        )
        return self

    async def _write(self, connection, value):
        for payload in self.decoder.feed(bytes(value)):
            self.got.append(payload)
            self.got_event.set()
            if self.acknowledges and payload[0] in ACKS:
                await self.notify(encode(bytes((ACKS[payload[0]],))))

    async def notify(self, data):
        await self.device.notify_subscriber(self.connection, self.tx, data)

    async def drop(self):
        await self.connection.disconnect()

    async def until(self, wanted, timeout=40.0):
        """Wait until ``wanted(payloads so far)`` holds."""
        async with asyncio.timeout(timeout):
            while not wanted(self.got):
                self.got_event.clear()
                await self.got_event.wait()


async def make_adapter(link):
    controller = Controller('host', link=link)
    device = Device.with_hci(
        'host', Address.generate_static_address(), controller, AsyncPipeSink(controller)
    )
    await device.power_on()
    return Adapter(device)


def air():
    return LocalLink()
