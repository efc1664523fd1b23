"""The emulated robot over the real bumble stack; the central talks HCI over TCP."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from bumble.core import UUID, AdvertisingData
from bumble.core import TimeoutError as BumbleTimeoutError
from bumble.device import Device, Peer
from bumble.hci import Address
from bumble.transport import open_transport
from sentinel_driver.hermes import NUS_RX, NUS_SERVICE, NUS_TX, Command, Decoder, Reply, encode
from sentinel_sim.robot.air import Air, AirError
from sentinel_sim.robot.mekamon import MekaMon
from sentinel_sim.robot.peripheral import ADDRESS, EmulatedRobot, Fault, Packing

HELLO, HELLO_ACK = bytes((16,)), bytes((Reply.CONNECTION_ESTABLISHED_ACK,))
PATIENCE = 20.0  # s; generous, as test machines are busy


@contextlib.contextmanager
def emulated(**options) -> Iterator[EmulatedRobot]:
    air = Air(interval=options.pop('interval', 0.0), supervision=0.3)
    air.start()
    robot = EmulatedRobot(MekaMon(), air=air, **options)
    robot.start()
    try:
        yield robot
    finally:
        air.stop()


class Central:
    """What a driver does: find, connect, subscribe, write."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.decoder = Decoder()
        self.heard: list[bytes] = []
        self.chunks: list[int] = []
        self.lost: list[int] = []

    async def find(self) -> AdvertisingData:
        found = asyncio.get_running_loop().create_future()
        self.device.on('advertisement', lambda a: found.done() or found.set_result(a.data))
        await self.device.start_scanning()
        try:
            return await asyncio.wait_for(found, PATIENCE)
        finally:
            await self.device.stop_scanning()

    async def connect(self) -> None:
        self.connection = await self.device.connect(Address(ADDRESS), timeout=PATIENCE)
        self.connection.on('disconnection', self.lost.append)
        peer = Peer(self.connection)
        await peer.discover_services()
        (service,) = [s for s in peer.services if str(s.uuid) == str(UUID(NUS_SERVICE))]
        characteristics = await service.discover_characteristics()
        by_uuid = {str(c.uuid): c for c in characteristics}
        self.inbox = by_uuid[str(UUID(NUS_RX))]
        await by_uuid[str(UUID(NUS_TX))].subscribe(self._notified)

    def _notified(self, value: bytes) -> None:
        self.chunks.append(len(value))
        self.heard += self.decoder.feed(bytes(value))

    async def write(self, payload: bytes) -> None:
        await self.inbox.write_value(encode(payload), with_response=False)


@contextlib.asynccontextmanager
async def central(robot: EmulatedRobot, *, connect: bool = True) -> AsyncIterator[Central]:
    async with await open_transport(f'tcp-client:127.0.0.1:{robot.port}') as (source, sink):
        device = Device.with_hci('test', Address('F0:F0:F0:F0:F0:02'), source, sink)
        await device.power_on()
        client = Central(device)
        if connect:
            await client.connect()
        yield client


async def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, 'it did not happen'
        await asyncio.sleep(0.01)


def test_advertises_as_the_robot_does():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot, connect=False) as client:
            data = await client.find()
        assert data.get(AdvertisingData.COMPLETE_LOCAL_NAME) == 'MekaMon'
        assert data.get(AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS)
        assert len(bytes(data)) <= 31  # what fits into one advertisement

    with emulated() as robot:
        asyncio.run(body(robot))


@pytest.mark.parametrize('interval', [0.0, 0.015])
def test_frames_arrive_and_are_acknowledged(interval):
    arrived = []

    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            await client.write(HELLO)
            await client.write(bytes((6, 3, 127, 0, 0)))
            await until(lambda: len(arrived) == 2)
            await until(lambda: client.heard)
            assert client.heard == [HELLO_ACK]

    with emulated(interval=interval) as robot:
        robot.on_payload = lambda stamp, payload: arrived.append(payload)
        asyncio.run(body(robot))
        for _ in range(50):
            robot.mekamon.step(0.02)
        assert robot.mekamon.walking.vx == pytest.approx(0.3)
    assert arrived == [HELLO, bytes((6, 3, 127, 0, 0))]


@pytest.mark.parametrize('packing', Packing)
def test_telemetry_arrives_whole_however_it_is_packed(packing):
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            await client.write(bytes((Command.SETUP_JOINT_ANGLES, 1)))
            await client.write(bytes((Command.SETUP_ODOMETRY,)))
            await until(lambda: robot.mekamon._streams.keys() >= {60, 227})
            for _ in range(100):
                robot.mekamon.step(0.02)
            await until(lambda: len(client.heard) >= 38)
            assert {p[0] for p in client.heard} == {
                Reply.STREAM_JOINT_ANGLES,
                Reply.STREAM_ODOMETRY,
            }
            assert client.decoder.counts.damaged == 0
            assert max(client.chunks) <= 20  # MTU 23
            if packing is Packing.MERGED:
                assert len(client.chunks) < len(client.heard)

    with emulated(packing=packing) as robot:
        asyncio.run(body(robot))


def test_a_frame_split_over_writes_is_understood():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            wire = encode(HELLO)
            for byte in wire:
                await client.inbox.write_value(bytes((byte,)), with_response=False)
            await until(lambda: client.heard == [HELLO_ACK])

    with emulated() as robot:
        asyncio.run(body(robot))


def test_damaged_frame_is_answered_with_checksum_error():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            await client.inbox.write_value(b'\x03\x07\x01\x0d\x00', with_response=False)
            await until(lambda: client.heard == [bytes((Reply.CHECKSUM_ERROR,))])

    with emulated() as robot:
        asyncio.run(body(robot))


def test_vanishing_is_noticed_by_both_ends_and_mended():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            robot.cause(Fault.VANISH)
            await until(lambda: client.lost)
            assert client.lost == [0x08]  # supervision timeout
            await until(lambda: not robot.connected)
            robot.cause(Fault.NONE)
            await client.connect()
            assert robot.connected

    with emulated() as robot:
        asyncio.run(body(robot))


def test_connecting_to_an_absent_robot_can_be_given_up():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot, connect=False) as client:
            robot.cause(Fault.VANISH)
            with pytest.raises(BumbleTimeoutError):
                await client.device.connect(Address(ADDRESS), timeout=0.3)
            robot.cause(Fault.NONE)
            await client.connect()

    with emulated() as robot:
        asyncio.run(body(robot))


def test_a_killed_driver_leaves_the_robot_free_and_walking():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            await client.write(bytes((6, 3, 127, 0, 0)))
            await until(lambda: robot.mekamon._axes.forward == 1.0)
        # Its socket is closed now without a word on the air: as after SIGKILL.
        await until(lambda: not robot.connected)
        assert robot.mekamon._axes.forward == 1.0  # latched: a silent robot does not stop by itself
        async with central(robot) as client:
            await client.write(HELLO)
            await until(lambda: client.heard == [HELLO_ACK])

    with emulated() as robot:
        asyncio.run(body(robot))


def test_refusing_drops_every_connection():
    async def body(robot: EmulatedRobot) -> None:
        robot.cause(Fault.REFUSE)
        async with central(robot, connect=False) as client:
            await client.device.connect(Address(ADDRESS), timeout=PATIENCE)
            await until(lambda: not client.device.connections)
            assert not robot.connected

    with emulated() as robot:
        asyncio.run(body(robot))


def test_corruption_is_caught_by_the_checksum():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            robot.cause(Fault.CORRUPT)
            for _ in range(60):
                await client.write(HELLO)
            await until(lambda: len(client.chunks) >= 40)
            await asyncio.sleep(0.1)
            assert 0 < client.heard.count(HELLO_ACK) < 60

    with emulated(seed=3) as robot:
        asyncio.run(body(robot))


def test_stalling_keeps_the_link_but_says_nothing():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            robot.cause(Fault.STALL, seconds=0.5)
            await client.write(HELLO)
            await until(lambda: robot.fault is Fault.NONE)
            assert client.heard == []
            assert robot.connected
            await client.write(HELLO)
            await until(lambda: client.heard == [HELLO_ACK])

    with emulated() as robot:
        asyncio.run(body(robot))


def test_reboot_forgets_and_comes_back():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            await client.write(bytes((4, 0, 7, 200)))
            await until(lambda: robot.mekamon._gait.parameters.body_height == 200)
            robot.cause(Fault.REBOOT, seconds=0.5)
            await until(lambda: client.lost)
            assert robot.mekamon._gait.parameters.body_height == 88
            await client.connect()

    with emulated() as robot:
        asyncio.run(body(robot))


def test_out_of_range_for_less_than_the_supervision_timeout_costs_no_link():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            robot.cause(Fault.VANISH)
            robot.cause(Fault.NONE)
            await asyncio.sleep(2 * robot.air.link.supervision)
            assert robot.connected and not client.lost
            await client.write(HELLO)
            await until(lambda: client.heard == [HELLO_ACK])

    with emulated() as robot:
        asyncio.run(body(robot))


def test_a_client_that_went_while_the_robot_was_away_is_noticed():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot):
            robot.cause(Fault.VANISH)
        robot.cause(Fault.NONE)
        await until(lambda: not robot.connected)
        async with central(robot) as client:
            await client.write(HELLO)
            await until(lambda: client.heard == [HELLO_ACK])

    with emulated() as robot:
        asyncio.run(body(robot))


def test_no_connection_outlives_a_reboot_however_short():
    async def body(robot: EmulatedRobot) -> None:
        async with central(robot) as client:
            robot.cause(Fault.REBOOT, seconds=0.01)
            await until(lambda: client.lost)

    with emulated() as robot:
        asyncio.run(body(robot))


def test_two_robots_share_the_air():
    async def body(robot: EmulatedRobot) -> None:
        second = EmulatedRobot(MekaMon(), air=robot.air, address='F0:F0:F0:4D:4D:02')
        await asyncio.to_thread(second.start)
        async with central(robot) as client:
            names = set()
            client.device.on('advertisement', lambda a: names.add(str(a.address)))
            await client.device.start_scanning()
            await until(lambda: any('4D:02' in n for n in names))
            await client.write(HELLO)
            await until(lambda: client.heard == [HELLO_ACK])
        await asyncio.to_thread(second.stop)

    with emulated() as robot:
        asyncio.run(body(robot))


@pytest.mark.parametrize('address', ['hello', 'F0:F0:F0', ''])
def test_what_is_no_address_is_one_clear_sentence(address):
    with pytest.raises(AirError, match='is no Bluetooth address'):
        EmulatedRobot(MekaMon(), address=address)


def test_a_taken_port_is_one_clear_sentence():
    with emulated() as robot, pytest.raises(AirError, match=f'Port {robot.port}'):
        Air(port=robot.port).start()


def test_stop_ends_the_sockets_of_clients_too():
    with emulated() as robot:
        client = socket.create_connection(('127.0.0.1', robot.port))
        asyncio.run(until(lambda: robot.air._clients))
    with client:
        client.settimeout(PATIENCE)
        assert client.recv(1) == b''


def test_stop_ends_the_thread():
    robot = EmulatedRobot(MekaMon())
    robot.start()
    robot.stop()
    assert not robot.air._thread.is_alive()
