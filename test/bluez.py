"""A stand-in for bluetoothd: ``org.bluez`` on a private bus, over a bumble host.

It offers what bleak's BlueZ backend asks for, so that unmodified bleak drives an emulated robot.
Names and types of interfaces, properties and errors are those of BlueZ's D-Bus API documentation.
"""

import asyncio
import contextlib
import subprocess
import threading

from bumble import att
from bumble.core import AdvertisingData
from bumble.device import Device, Peer
from bumble.hci import Address
from bumble.transport import open_transport
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from sentinel_driver.hermes import NUS_SERVICE

PROPERTIES = 'org.freedesktop.DBus.Properties'
OBJECTS = 'org.freedesktop.DBus.ObjectManager'
ADAPTER, DEVICE = 'org.bluez.Adapter1', 'org.bluez.Device1'
SERVICE, CHARACTERISTIC = 'org.bluez.GattService1', 'org.bluez.GattCharacteristic1'
DESCRIPTOR = 'org.bluez.GattDescriptor1'
HCI = '/org/bluez/hci0'
FLAGS = {0x02: 'read', 0x04: 'write-without-response', 0x08: 'write', 0x10: 'notify'}


def uuid(value):
    return (
        value.to_hex_str(separator='-').lower()
        if len(value.uuid_bytes) == 16
        else (f'0000{value.to_hex_str().lower()}-0000-1000-8000-00805f9b34fb')
    )


class StandIn:
    def __init__(self, device, bus):
        self.device, self.bus = device, bus
        self.objects = {
            HCI: {
                ADAPTER: {
                    'Address': Variant('s', '00:00:00:00:00:01'),
                    'Name': Variant('s', 'stand-in'),
                    'Alias': Variant('s', 'stand-in'),
                    'Powered': Variant('b', True),
                    'Discovering': Variant('b', False),
                    'Roles': Variant('as', ['central']),
                    'UUIDs': Variant('as', []),
                }
            }
        }
        self.addresses = {}
        self.characteristics = {}
        self.connections = {}
        self.listeners = {}  # path of a characteristic: bus name of who listens
        self.methods = []  # names of the methods that were called
        device.on('advertisement', self.heard)
        bus.add_message_handler(self.called)
        bus.add_message_handler(self.left)

    def signal(self, path, interface, member, signature, body):
        self.bus.send(
            Message(
                path=path,
                interface=interface,
                member=member,
                message_type=MessageType.SIGNAL,
                signature=signature,
                body=body,
            )
        )

    def add(self, path, interfaces):
        self.objects[path] = interfaces
        self.signal('/', OBJECTS, 'InterfacesAdded', 'oa{sa{sv}}', [path, interfaces])

    def remove(self, path):
        interfaces = self.objects.pop(path)
        self.characteristics.pop(path, None)
        self.listeners.pop(path, None)
        self.signal('/', OBJECTS, 'InterfacesRemoved', 'oas', [path, list(interfaces)])

    def change(self, path, interface, **values):
        if path in self.objects:
            self.objects[path][interface].update(values)
            body = [interface, values, []]
            self.signal(path, PROPERTIES, 'PropertiesChanged', 'sa{sv}as', body)

    def heard(self, advertisement):
        address = advertisement.address.to_string(with_type_qualifier=False)
        path = f'{HCI}/dev_{address.replace(":", "_")}'
        if path in self.objects:
            self.change(path, DEVICE, RSSI=Variant('n', advertisement.rssi))
            return
        name = advertisement.data.get(AdvertisingData.COMPLETE_LOCAL_NAME) or address
        self.addresses[path] = advertisement.address
        values = {
            'Address': Variant('s', address),
            'AddressType': Variant('s', 'random'),
            'Name': Variant('s', name),
            'Alias': Variant('s', name),
            'Paired': Variant('b', False),
            'Connected': Variant('b', False),
            'ServicesResolved': Variant('b', False),
            'Adapter': Variant('o', HCI),
            'UUIDs': Variant('as', [NUS_SERVICE]),
            'RSSI': Variant('n', advertisement.rssi),
        }
        self.add(path, {DEVICE: values})

    def called(self, message):
        method = getattr(self, f'do_{message.member}', None)
        if message.message_type is not MessageType.METHOD_CALL or method is None:
            return None

        async def answer():
            self.methods.append(message.member)
            try:
                signature, body = await method(message) or ('', [])
                reply = Message.new_method_return(message, signature, body)
            except att.ATT_Error as error:
                text = f'Operation failed with ATT error: 0x{int(error.error_code):02x}'
                reply = Message.new_error(message, 'org.bluez.Error.Failed', text)
            except Exception as error:  # bluetoothd, too, answers any failure with an error
                reply = Message.new_error(message, 'org.bluez.Error.Failed', repr(error))
            await self.bus.send(reply)

        task = asyncio.ensure_future(answer())
        self.background = {*getattr(self, 'background', ()), task}
        return True

    def left(self, message):
        """End the notifications, but not the connection, of a program that left the bus."""
        if message.member == 'NameOwnerChanged' and not message.body[2]:
            paths = [path for path, name in self.listeners.items() if name == message.body[0]]
            tasks = [asyncio.ensure_future(self.end_notifications(path)) for path in paths]
            self.background = {*getattr(self, 'background', ()), *tasks}

    async def do_GetManagedObjects(self, _):
        return 'a{oa{sa{sv}}}', [self.objects]

    async def do_SetDiscoveryFilter(self, _):
        return None

    async def do_StartDiscovery(self, _):
        await self.device.start_scanning(filter_duplicates=False)
        self.change(HCI, ADAPTER, Discovering=Variant('b', True))

    async def do_StopDiscovery(self, _):
        await self.device.stop_scanning()
        self.change(HCI, ADAPTER, Discovering=Variant('b', False))

    async def do_Connect(self, message):
        path = message.path
        connection = await self.device.connect(self.addresses[path], timeout=10)
        self.connections[path] = connection
        connection.on('disconnection', lambda _: self.gone(path))
        self.change(path, DEVICE, Connected=Variant('b', True))
        peer = Peer(connection)
        await peer.request_mtu(247)
        await peer.discover_services()
        for service in peer.services:
            await self.publish(path, service, connection.att_mtu)
        self.change(path, DEVICE, ServicesResolved=Variant('b', True))

    async def publish(self, device, service, mtu):
        path = f'{device}/service{service.handle:04x}'
        values = {
            'UUID': Variant('s', uuid(service.uuid)),
            'Device': Variant('o', device),
            'Primary': Variant('b', True),
        }
        self.add(path, {SERVICE: values})
        for item in await service.discover_characteristics():
            place = f'{path}/char{item.handle - 1:04x}'
            self.characteristics[place] = item
            values = {
                'UUID': Variant('s', uuid(item.uuid)),
                'Service': Variant('o', path),
                'Flags': Variant('as', [n for b, n in FLAGS.items() if int(item.properties) & b]),
                'MTU': Variant('q', mtu),
                'Notifying': Variant('b', False),
            }
            self.add(place, {CHARACTERISTIC: values})
            for extra in await item.discover_descriptors():
                values = {
                    'UUID': Variant('s', uuid(extra.type)),
                    'Characteristic': Variant('o', place),
                }
                self.add(f'{place}/desc{extra.handle:04x}', {DESCRIPTOR: values})

    def gone(self, path):
        self.connections.pop(path, None)
        self.change(path, DEVICE, ServicesResolved=Variant('b', False))
        self.change(path, DEVICE, Connected=Variant('b', False))
        for below in sorted((p for p in self.objects if p.startswith(f'{path}/')), reverse=True):
            self.remove(below)

    async def do_Disconnect(self, message):
        if message.path in self.connections:
            await self.connections[message.path].disconnect()

    async def do_WriteValue(self, message):
        data, options = message.body
        kind = options['type'].value if 'type' in options else 'request'
        await self.characteristics[message.path].write_value(
            bytes(data), with_response=kind == 'request'
        )

    async def do_StartNotify(self, message):
        path = message.path

        def notified(value):
            self.change(path, CHARACTERISTIC, Value=Variant('ay', bytes(value)))

        await self.characteristics[path].subscribe(notified)
        self.listeners[path] = message.sender
        self.change(path, CHARACTERISTIC, Notifying=Variant('b', True))

    async def do_StopNotify(self, message):
        await self.end_notifications(message.path)

    async def end_notifications(self, path):
        del self.listeners[path]
        self.change(path, CHARACTERISTIC, Notifying=Variant('b', False))
        await self.characteristics[path].unsubscribe()


CONFIGURATION = """\
<busconfig>
 <type>system</type>
 <listen>unix:tmpdir=/tmp</listen>
 <auth>EXTERNAL</auth>
 <policy context="default">
  <allow send_destination="*" eavesdrop="true"/>
  <allow eavesdrop="true"/>
  <allow own="*"/>
 </policy>
</busconfig>
"""


@contextlib.contextmanager
def bluetoothd(transport, folder):
    """Run a private bus and the stand-in on a bumble ``transport``.

    Yield (bus address, stand-in).
    """
    configuration = folder / 'bus.conf'
    configuration.write_text(CONFIGURATION)
    daemon = subprocess.Popen(
        ['dbus-daemon', f'--config-file={configuration}', '--print-address', '--nofork'],
        stdout=subprocess.PIPE,
        text=True,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    async def start(address):
        hci = await open_transport(transport)
        device = Device.with_hci('host', Address.generate_static_address(), hci.source, hci.sink)
        await device.power_on()
        bus = await MessageBus(bus_address=address).connect()
        stand_in = StandIn(device, bus)
        await bus.request_name('org.bluez')
        name, rule = 'org.freedesktop.DBus', "type='signal',member='NameOwnerChanged'"
        await bus.call(
            Message(
                destination=name,
                path='/org/freedesktop/DBus',
                interface=name,
                member='AddMatch',
                signature='s',
                body=[rule],
            )
        )
        return hci, bus, stand_in

    async def stop(hci, bus):
        bus.disconnect()
        await hci.close()

    try:
        address = daemon.stdout.readline().strip()
        hci, bus, stand_in = run(start(address))
        yield address, stand_in
        run(stop(hci, bus))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        daemon.terminate()
        daemon.communicate(timeout=10)
