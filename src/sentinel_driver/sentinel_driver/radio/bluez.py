"""Robots that BlueZ keeps connected for a program that died; these do not advertise."""

from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from bleak.backends.bluezdbus.utils import assert_reply, get_dbus_authenticator
from bleak.backends.device import BLEDevice
from dbus_fast import BusType, Message, unpack_variants
from dbus_fast.aio import MessageBus

from ..hermes import NUS_SERVICE, NUS_TX


async def abandoned() -> list[BLEDevice]:
    """Return the connected devices with a UART service that no living program listens to.

    When a program dies, BlueZ ends its notifications but not its connection.
    Raise what bleak raises where BlueZ does not answer.
    """
    await get_global_bluez_manager()  # tells what is wrong with the bus in bleak's own errors
    # bleak lists what is connected to one adapter only, and not who listens.
    bus = MessageBus(bus_type=BusType.SYSTEM, auth=get_dbus_authenticator())
    try:
        await bus.connect()
        reply = await bus.call(
            Message(
                destination='org.bluez',
                path='/',
                interface='org.freedesktop.DBus.ObjectManager',
                member='GetManagedObjects',
            )
        )
    finally:
        bus.disconnect()
    assert reply is not None  # only a message that wants no reply gets none
    assert_reply(reply)
    devices, listened = {}, []
    for path, interfaces in unpack_variants(reply.body[0]).items():
        if device := interfaces.get('org.bluez.Device1'):
            devices[path] = device
        characteristic = interfaces.get('org.bluez.GattCharacteristic1', {})
        if characteristic.get('UUID') == NUS_TX and characteristic.get('Notifying'):
            listened.append(path)
    return [
        BLEDevice(device['Address'], device.get('Name'), {'path': path, 'props': device})
        for path, device in devices.items()
        if device.get('Connected')
        and NUS_SERVICE in device.get('UUIDs', ())
        and not any(below.startswith(f'{path}/') for below in listened)
    ]
