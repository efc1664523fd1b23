"""A bleak backend over bumble: the same driver on a bare HCI controller, physical or emulated.

bleak takes backend *classes*, so ``Adapter`` makes a pair of classes bound to its bumble Device.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeVar

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str
from bumble import att, core, hci
from bumble.core import AdvertisingData
from bumble.device import Device, Peer
from bumble.transport import open_transport
from bumble.transport.common import TransportSpecError

_T = TypeVar('_T')

# Bits of the characteristic declaration (Core specification, vol 3 part G, 3.3.1.1) in bleak's
# names.
_PROPERTIES = {
    0x01: 'broadcast',
    0x02: 'read',
    0x04: 'write-without-response',
    0x08: 'write',
    0x10: 'notify',
    0x20: 'indicate',
    0x40: 'authenticated-signed-writes',
    0x80: 'extended-properties',
}

_UUID_LISTS = (
    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
)

# ATT default before the exchange, and what is asked for: the largest that fits one LE data packet.
_DEFAULT_MTU = 23
_WANTED_MTU = 247

# A controller whose "cancel connection" does nothing would make bumble wait for ever; after the
# time-out of the caller it gets this long to confirm the cancel, s.
_CANCEL_GRACE = 1.0

# An HCI controller answers a reset within milliseconds; a dead one never does, s.
_POWER_ON_TIMEOUT = 5.0


class Adapter:
    """One HCI controller, opened by its bumble transport name such as ``usb:0``.

    ``scanner`` and ``client`` are the backend classes for ``bleak.BleakScanner(backend=...)`` and
    ``bleak.BleakClient(..., backend=...)``. Several scanners and clients may share one adapter.
    """

    def __init__(self, device: Device, transport: Any = None) -> None:
        self.device = device
        self._transport = transport
        self._scans = 0
        # A controller makes one connection at a time and some cannot scan meanwhile.
        self.connecting = asyncio.Lock()
        self.lost = False
        if transport is not None:
            transport.source.terminated.add_done_callback(self._terminated)
        self.scanner = type('BumbleScanner', (_Scanner,), {'adapter': self})
        self.client = type('BumbleClient', (_Client,), {'adapter': self})

    @classmethod
    async def open(cls, name: str) -> 'Adapter':
        """Open and reset the controller.

        Raise BleakError where it does not answer, ValueError where ``name`` names none.
        """
        try:
            async with asyncio.timeout(_POWER_ON_TIMEOUT):
                transport = await _opened(name)
                try:
                    address = hci.Address.generate_static_address()
                    device = Device.with_hci('sentinel', address, transport.source, transport.sink)
                    await device.power_on()
                except BaseException:
                    await transport.close()
                    raise
        except _failures() as error:
            reason = str(error) or 'no answer'
            raise BleakError(f'HCI controller {name} cannot be opened: {reason}') from error
        return cls(device, transport)

    async def close(self) -> None:
        """Disconnect everything and give the controller back."""
        with contextlib.suppress(Exception):  # a controller that is gone cannot be closed better
            async with asyncio.timeout(_CANCEL_GRACE):
                await self.device.power_off()
        if self._transport is not None:
            await self._transport.close()

    async def start_scanning(self, active: bool) -> None:
        """Scan; nested calls share one scan."""
        self._scans += 1
        if self._scans == 1:
            await self.device.start_scanning(active=active, filter_duplicates=False)

    async def stop_scanning(self) -> None:
        """End one nested scan."""
        self._scans -= 1
        if self._scans == 0 and self.device.is_scanning and not self.lost:
            await self.device.stop_scanning()

    def _terminated(self, future: 'asyncio.Future[None]') -> None:
        if not future.cancelled():
            future.exception()
        if not self.lost:
            self.lost = True
            host: Any = self.device.host
            if host.pending_response is not None and host.pending_response.done():
                # bumble would fail a command that was answered a moment ago, and stop there.
                host.pending_response = None
            host.on_transport_lost()


async def _opened(name: str) -> Any:
    try:
        return await open_transport(name)
    except TransportSpecError as error:
        raise ValueError(str(error)) from error
    except _failures():
        raise
    except Exception as error:  # every kind of transport stumbles in its own way over a bad name
        raise ValueError(str(error) or 'something is missing') from error


def _failures() -> tuple[type[Exception], ...]:
    """What a controller raises that cannot be opened; libusb's error derives from no other."""
    failures = (OSError, TimeoutError, core.BaseBumbleError)
    try:
        from usb1 import USBError
    except (ImportError, OSError):  # then nobody can raise it
        return failures
    return (*failures, USBError)


def _uuid(uuid: Any) -> str:
    text = uuid.to_hex_str(separator='-') if len(uuid.uuid_bytes) == 16 else uuid.to_hex_str()
    return normalize_uuid_str(text.lower())


class _Scanner(BaseBleakScanner):
    adapter: ClassVar[Adapter]

    def __init__(
        self,
        detection_callback: Any,
        service_uuids: list[str] | None,
        scanning_mode: str = 'active',
        **_: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == 'active'

    async def start(self) -> None:
        self.seen_devices = {}
        self.adapter.device.on('advertisement', self._heard)
        try:
            await _converted(self.adapter.start_scanning(self._active))
        except BleakError:
            self.adapter.device.remove_listener('advertisement', self._heard)
            raise

    async def stop(self) -> None:
        self.adapter.device.remove_listener('advertisement', self._heard)
        await _converted(self.adapter.stop_scanning())

    def _heard(self, advertisement: Any) -> None:
        data = advertisement.data
        uuids = [_uuid(u) for kind in _UUID_LISTS for found in data.get_all(kind) for u in found]
        if not self.is_allowed_uuid(uuids):
            return
        name = data.get(AdvertisingData.COMPLETE_LOCAL_NAME) or data.get(
            AdvertisingData.SHORTENED_LOCAL_NAME
        )
        vendor = {
            int(v[0]): bytes(v[1]) for v in data.get_all(AdvertisingData.MANUFACTURER_SPECIFIC_DATA)
        }
        heard = AdvertisementData(
            local_name=name,
            manufacturer_data=vendor,
            service_data={},
            service_uuids=uuids,
            tx_power=None,
            rssi=advertisement.rssi,
            platform_data=(advertisement,),
        )
        address = advertisement.address.to_string(with_type_qualifier=False)
        device = self.create_or_update_device(address, address, name, advertisement.address, heard)
        self.call_detection_callbacks(device, heard)


class _Client(BaseBleakClient):
    adapter: ClassVar[Adapter]

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **_: Any,
    ) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout
        )
        self._device: BLEDevice | None = None
        if isinstance(address_or_ble_device, BLEDevice):
            self._device = address_or_ble_device
        self._connection: Any = None
        self._subscribed: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        return (self._device and self._device.name) or self.address.replace(':', '-')

    @property
    def mtu_size(self) -> int:
        return self._connection.att_mtu if self._connection else _DEFAULT_MTU

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **_: Any) -> None:
        if self.is_connected:
            raise BleakError('already connected')
        target = self._device.details if self._device else hci.Address(self.address)
        async with self.adapter.connecting:
            try:
                async with asyncio.timeout(self._timeout + _CANCEL_GRACE):
                    self._connection = await _converted(
                        self.adapter.device.connect(target, timeout=self._timeout)
                    )
            except TimeoutError as error:
                raise BleakDeviceNotFoundError(
                    self.address, f'Device with address {self.address} was not found.'
                ) from error
        self._connection.on('disconnection', self._gone)
        try:
            async with asyncio.timeout(self._timeout):
                if pair:
                    await self.pair()
                await self._discover()
        except TimeoutError as error:
            await self.disconnect()
            raise BleakError('the services were not discovered in time') from error
        except BaseException:
            await self.disconnect()
            raise

    async def _discover(self) -> None:
        peer = Peer(self._connection)
        await self._request(peer.request_mtu(_WANTED_MTU))
        await self._request(peer.discover_services())
        found = BleakGATTServiceCollection()
        for service in peer.services:
            own = BleakGATTService(service, service.handle, _uuid(service.uuid))
            found.add_service(own)
            for item in await self._request(service.discover_characteristics()):
                names: Any = [n for bit, n in _PROPERTIES.items() if int(item.properties) & bit]
                characteristic = BleakGATTCharacteristic(
                    item, item.handle, _uuid(item.uuid), names, lambda: self.mtu_size - 3, own
                )
                found.add_characteristic(characteristic)
                for extra in await self._request(item.discover_descriptors()):
                    found.add_descriptor(
                        BleakGATTDescriptor(extra, extra.handle, _uuid(extra.type), characteristic)
                    )
        self.services = found

    def _gone(self, _: int) -> None:
        if self._connection is None:
            return
        self._connection = None
        self._subscribed = {}
        self.services = None
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        connection = self._connection
        if connection is not None:
            # A peer that left meanwhile, or a lost controller, is disconnected already.
            with contextlib.suppress(core.BaseBumbleError, asyncio.InvalidStateError, TimeoutError):
                async with asyncio.timeout(_CANCEL_GRACE):
                    await connection.disconnect()
            self._gone(0)

    async def pair(self, *_: Any, **__: Any) -> None:
        await self._request(self._connection.pair())

    async def unpair(self) -> None:
        raise BleakError('bonds are not kept by this backend')

    async def _request(self, request: Coroutine[Any, Any, _T]) -> _T:
        """Await an ATT request.

        What ends it is a BleakError, also a disconnection in the middle.
        """
        if self._connection is None:
            request.close()
            raise BleakError('Not connected')
        try:
            return await _converted(request)
        except asyncio.CancelledError:
            # bumble cancels what waits when the link goes; a cancel from outside must pass.
            task = asyncio.current_task()
            if self._connection is None and task is not None and not task.cancelling():
                raise BleakError('disconnected during the operation') from None
            raise

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        return bytearray(await self._request(characteristic.obj.read_value()))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        return bytearray(await self._request(descriptor.obj.read_value()))

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: Any, response: bool
    ) -> None:
        if not response and len(data) > self.mtu_size - 3:
            raise BleakError(f'{len(data)} bytes do not fit a write without response')
        await self._request(characteristic.obj.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        await self._request(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any
    ) -> None:
        if characteristic.handle in self._subscribed:
            raise BleakError('Characteristic notifications already started')

        def notified(value: bytes) -> None:
            callback(bytearray(value))

        await self._request(characteristic.obj.subscribe(notified))
        self._subscribed[characteristic.handle] = notified

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        notified = self._subscribed.pop(characteristic.handle, None)
        if notified is not None:
            await self._request(characteristic.obj.unsubscribe(notified))


async def _converted(request: Coroutine[Any, Any, _T]) -> _T:
    """Await ``request``; bumble's errors come out as bleak's."""
    try:
        return await request
    except att.ATT_Error as error:
        raise BleakGATTProtocolError(error.error_code) from error
    except core.TimeoutError as error:
        raise TimeoutError(str(error)) from error
    except (core.BaseBumbleError, asyncio.InvalidStateError) as error:
        raise BleakError(str(error) or type(error).__name__) from error
