"""The link against a real GATT peripheral on an emulated air: find, handshake, order, loss, end."""

import asyncio
import contextlib
import time

import pytest
from bleak.exc import BleakDBusError
from peripheral import Peripheral, air, make_adapter
from sentinel_driver.errors import LinkError, LinkReason, RejectReason
from sentinel_driver.hermes import (
    Codec,
    Drive,
    HeadColourSet,
    encode,
)
from sentinel_driver.radio import link as link_module
from sentinel_driver.radio.link import Link, Settings, radio_errors
from sentinel_driver.radio.outbox import Item
from sentinel_driver.radio.status import State, matches
from sentinel_driver.radio.transport import Transport

CODEC = Codec()
NEUTRAL = CODEC.neutral
HANDSHAKE = [b'\x10', b'\x07\x01', NEUTRAL, b'\x08\x03', NEUTRAL]
FORWARD = CODEC.payload(Drive(forward=40))


class Listener:
    def __init__(self):
        self.states = []
        self.tx = []
        self.rx = []
        self.drops = []
        self.changed = asyncio.Event()

    def status(self, status):
        self.states.append(status)
        self.changed.set()

    def written(self, item):
        self.tx.append(item.payload)

    def received(self, payload):
        self.rx.append(payload)
        self.changed.set()

    def dropped(self, item, reason):
        self.drops.append((item.token, reason))
        self.changed.set()

    async def until(self, wanted, timeout=40.0):
        async with asyncio.timeout(timeout):
            while not wanted():
                self.changed.clear()
                await self.changed.wait()

    async def connected(self, times=1):
        await self.until(lambda: [s.state for s in self.states].count(State.CONNECTED) >= times)


@contextlib.asynccontextmanager
async def linked(adapter, **settings):
    listener = Listener()
    link = Link(Transport(adapter=adapter), Settings(**settings), listener)
    task = asyncio.create_task(link.run())
    try:
        yield link, listener
    finally:
        link.end()
        await asyncio.wait_for(task, 10)


def soon():
    return time.monotonic() + 0.5


def run(test):
    """Make a plain test of a coroutine."""

    def plain():
        asyncio.run(asyncio.wait_for(test(), 60))

    plain.__name__ = test.__name__
    return plain


@run
async def test_handshake_then_drive_then_stop_at_the_end():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio)) as (link, listener):
        await listener.connected()
        await robot.until(lambda got: got == HANDSHAKE)
        link.offer(Item(FORWARD, soon()))
        await robot.until(lambda got: FORWARD in got)
    assert robot.got[-3:] == [NEUTRAL] * 3
    assert listener.states[-1].reason == LinkReason.ENDED
    assert listener.rx[:2] == [b'\x91', b'\x85']


@run
async def test_a_robot_that_may_walk_already_is_stopped_before_all_else():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio), may_walk=True) as (_, listener):
        await listener.connected()
        await robot.until(lambda got: got == [NEUTRAL, *HANDSHAKE])


@run
async def test_a_robot_whose_form_is_unknown_gets_no_drive_command():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio), still=True, may_walk=True) as (link, listener):
        await listener.connected()
        link.offer(Item(CODEC.payload(HeadColourSet(0, 0, 255)), soon()))
        link.stop()
        await robot.until(lambda got: len(got) >= 3)
    assert [p[0] for p in robot.got] == [16, 7, 46, 46]


@run
async def test_commands_that_still_come_do_not_disturb_the_last_stop():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio)) as (link, listener):
        await listener.connected()
        link.offer(Item(FORWARD, soon()))
        await robot.until(lambda got: FORWARD in got)
        link.end()
        while listener.states[-1].state is not State.ENDED:
            link.offer(Item(FORWARD, soon(), token=3))
            await asyncio.sleep(0.002)
    assert robot.got[-3:] == [NEUTRAL] * 3 and robot.got.count(FORWARD) == 1
    assert (3, RejectReason.NOT_CONNECTED) in listener.drops


@run
async def test_a_robot_that_acknowledges_nothing_is_driven_all_the_same():
    radio = air()
    robot = await Peripheral(radio).start()
    robot.acknowledges = False
    async with linked(await make_adapter(radio)) as (link, listener):
        await listener.connected()
        link.offer(Item(FORWARD, soon()))
        await robot.until(lambda got: FORWARD in got)


@run
async def test_a_command_that_is_not_renewed_ends_in_a_stop():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio)) as (link, listener):
        await listener.connected()
        link.offer(Item(FORWARD, time.monotonic() + 0.1))
        await robot.until(lambda got: got[-4:] == [FORWARD, NEUTRAL, NEUTRAL, NEUTRAL])


@run
async def test_after_a_loss_it_comes_back_and_sends_nothing_old():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio)) as (link, listener):
        for times in (1, 2, 3):
            await listener.connected(times)
            link.offer(Item(FORWARD, soon()))
            await robot.until(lambda got: FORWARD in got)
            await robot.drop()
            robot.got.clear()
            await listener.until(lambda: not link.connected)
            link.offer(Item(FORWARD, time.monotonic() + 60, token=times))
            assert listener.drops == [] and link.outbox.next(time.monotonic()) is None
        await listener.connected(4)
        await robot.until(lambda got: len(got) >= 6)
        await asyncio.sleep(0.1)
        assert robot.got == [NEUTRAL, *HANDSHAKE], (
            'it walked when it was lost, so the stop comes first'
        )
    waits = [s for s in listener.states if s.state is State.WAITING]
    assert {w.reason for w in waits} == {LinkReason.LINK_LOST} and all(w.cure for w in waits)


class Stalling(Transport):
    """Its writes do not return while ``stalls``."""

    stalls = False

    def client(self, *arguments):
        client = super().client(*arguments)
        write = client.write_gatt_char

        async def stalling(*frame, **options):
            while self.stalls:
                await asyncio.sleep(0.1)
            await write(*frame, **options)

        client.write_gatt_char = stalling
        return client


@run
async def test_a_write_that_does_not_return_ends_the_link_and_the_next_one_begins_with_a_stop():
    radio = air()
    robot = await Peripheral(radio).start()
    transport, listener = Stalling(adapter=await make_adapter(radio)), Listener()
    link = Link(transport, Settings(), listener)
    task = asyncio.create_task(link.run())
    await listener.connected()
    await robot.until(lambda got: got == HANDSHAKE)
    transport.stalls = True
    robot.got.clear()
    link.offer(Item(FORWARD, soon()))
    await listener.until(
        lambda: any(s.reason == LinkReason.WRITE_FAILED for s in listener.states), timeout=10.0
    )
    transport.stalls = False
    await listener.connected(2)
    await robot.until(lambda got: len(got) >= 6)
    assert robot.got[:6] == [NEUTRAL, *HANDSHAKE]
    link.end()
    await asyncio.wait_for(task, 10)


@run
async def test_the_end_of_the_link_leaves_no_light_on():
    radio = air()
    robot = await Peripheral(radio).start()
    red, black = (CODEC.payload(HeadColourSet(r, 0, 0)) for r in (255, 0))
    async with linked(await make_adapter(radio)) as (link, listener):
        await listener.connected()
        link.offer(Item(red, soon()))
        await robot.until(lambda got: red in got)
    assert robot.got[-4:] == [NEUTRAL, black, NEUTRAL, NEUTRAL]


@run
async def test_a_loss_after_a_good_link_is_followed_by_a_short_pause():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio)) as (_, listener):
        for times in (1, 2, 3):
            await listener.connected(times)
            await asyncio.sleep(0.4)
            await robot.drop()
            await listener.until(
                lambda n=times: [s.state for s in listener.states].count(State.WAITING) >= n
            )
    assert {s.retry_in for s in listener.states if s.state is State.WAITING} == {0.2}


@run
async def test_without_a_link_a_command_is_refused_not_kept():
    radio = air()
    async with linked(await make_adapter(radio), scan_timeout=0.05) as (link, listener):
        link.offer(Item(CODEC.payload(HeadColourSet(1, 2, 3)), soon(), token=7))
        assert listener.drops == [(7, RejectReason.NOT_CONNECTED)]


@run
async def test_an_absent_robot_is_looked_for_with_growing_pauses_until_it_comes():
    radio = air()
    async with linked(await make_adapter(radio), scan_timeout=0.3) as (_, listener):
        await listener.until(lambda: sum(s.state is State.WAITING for s in listener.states) >= 3)
        waits = [s for s in listener.states if s.state is State.WAITING]
        assert [w.retry_in for w in waits[:3]] == [0.2, 0.4, 0.8]
        assert {w.reason for w in waits} == {LinkReason.NOT_FOUND}
        await Peripheral(radio).start()
        await listener.connected()


@run
async def test_a_robot_that_was_away_for_hours_is_still_looked_for():
    async with linked(await make_adapter(air()), scan_timeout=0.05) as (link, listener):
        link._attempt = 2000
        await listener.until(lambda: listener.states and listener.states[-1].attempt > 2000)
        assert listener.states[-1].retry_in == link_module.BACKOFF_MAX


@contextlib.asynccontextmanager
async def hanging(scanner, where):
    if where == 'start':
        await asyncio.Event().wait()
    async with scanner:
        yield
    if where == 'stop':
        await asyncio.Event().wait()


@run
async def test_a_scan_that_does_not_start_or_stop_is_told_and_tried_again():
    radio = air()
    await Peripheral(radio).start()
    scan, hangs = Transport.scanner, ['start', 'stop', 'never']
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link_module, '_SCANNER_TIMEOUT', 0.1)
        patch.setattr(Transport, 'scanner', lambda t, heard: hanging(scan(t, heard), hangs.pop(0)))
        async with linked(await make_adapter(radio), scan_timeout=1.0) as (_, listener):
            await listener.connected()
    told = [s for s in listener.states if s.state is State.WAITING]
    assert [s.reason for s in told] == [LinkReason.ADAPTER] * 2 and hangs == []
    assert all('no answer' in s.text and 'restart bluetoothd' in s.cure for s in told)


@run
async def test_the_wrong_device_is_named_as_such():
    radio = air()
    await Peripheral(radio, rx='6e40aaaa-b5a3-f393-e0a9-e50e24dcca9e', name='meka').start()
    async with linked(await make_adapter(radio)) as (_, listener):
        await listener.until(lambda: any(s.reason for s in listener.states))
        assert [s.reason for s in listener.states if s.reason] == [LinkReason.NO_UART]


@pytest.mark.parametrize(
    ('name', 'kind', 'cure'),
    [
        ('hci:tcp-client:127.0.0.1:9', LinkReason.NOT_SERVED, 'simulator'),
        ('hci:serial:/nowhere', LinkReason.ADAPTER, 'dongle'),
    ],
)
def test_a_radio_that_cannot_be_opened_names_its_own_cure(name, kind, cure):
    with pytest.raises(LinkError, match='cannot be opened') as caught:
        asyncio.run(Transport(name).ready())
    assert caught.value.kind is kind and cure in caught.value.cure


@pytest.mark.parametrize(
    ('name', 'words', 'cure'),
    [
        ('org.freedesktop.DBus.Error.ServiceUnknown', 'does not answer', 'Start bluetoothd'),
        ('org.freedesktop.DBus.Error.NoReply', 'does not answer', 'Start bluetoothd'),
        ('org.freedesktop.DBus.Error.UnknownObject', 'Write failed: ', 'nearer'),
        ('org.bluez.Error.Failed', 'Write failed: ', 'nearer'),
        ('org.bluez.Error.InProgress', 'Write failed: ', 'nearer'),
    ],
)
def test_bluetoothd_that_says_no_is_no_bluetoothd_that_is_silent(name, words, cure):
    with pytest.raises(LinkError, match=words) as caught, radio_errors(LinkReason.WRITE_FAILED):
        raise BleakDBusError(name, ['Not connected'])
    assert caught.value.kind is LinkReason.WRITE_FAILED and cure in caught.value.cure


@pytest.mark.parametrize(
    ('where', 'text', 'cure'),
    [
        (LinkReason.ADAPTER, 'No Bluetooth adapter: no answer.', 'bluetoothctl power on'),
        (LinkReason.CONNECT_FAILED, 'Connect failed: no answer.', 'off and on'),
        (LinkReason.WRITE_FAILED, 'Write failed: no answer.', 'charge'),
    ],
)
def test_what_does_not_end_in_time_is_told_with_its_cure(where, text, cure):
    with pytest.raises(LinkError) as caught, radio_errors(where):
        raise TimeoutError
    assert caught.value.reason == text and cure in caught.value.cure


@pytest.mark.parametrize(
    'name', ['foo:bar', 'usb:', 'tcp-client:foo', 'tcp-client:127.0.0.1:99999', 'ws-client:foo']
)
def test_a_transport_that_names_no_controller_is_told_the_forms(name):
    with pytest.raises(LinkError, match=f"'hci:{name}' cannot be used: .") as caught:
        asyncio.run(Transport(f'hci:{name}').ready())
    assert 'such as hci:usb:0' in caught.value.cure


@run
async def test_two_robots_on_one_adapter():
    radio = air()
    addresses = ['C0:00:00:00:00:01', 'C0:00:00:00:00:02']
    robots = [await Peripheral(radio, a, f'MekaMon-{a[-1]}').start() for a in addresses]
    adapter = await make_adapter(radio)
    async with linked(adapter, robot=addresses[0]) as (one, first):
        async with linked(adapter, robot='mekamon-2') as (two, second):
            await first.connected()
            await second.connected()
            one.offer(Item(FORWARD, soon()))
            await robots[0].until(lambda got: FORWARD in got)
            two.stop()
            await robots[1].until(lambda got: got.count(NEUTRAL) >= 5)
            assert FORWARD not in robots[1].got


@run
async def test_frames_are_read_however_they_are_cut():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio)) as (link, listener):
        await listener.connected()
        listener.rx.clear()
        whole = encode(b'\x93') + encode(b'\xc3' + bytes(12))
        await robot.notify(whole)
        await robot.notify(whole[:5])
        await robot.notify(b'\xff\x00' + whole[:2])
        await robot.notify(whole[2:])
        await listener.until(lambda: len(listener.rx) >= 5)
        beat, joints = b'\x93', b'\xc3' + bytes(12)
        assert listener.rx == [beat, joints, beat, beat, joints]
        assert link.decoder.counts.damaged == 1


@run
async def test_a_heartbeat_that_ends_ends_the_link():
    radio = air()
    robot = await Peripheral(radio).start()
    async with linked(await make_adapter(radio), heartbeat=True) as (_, listener):
        await listener.connected()
        await robot.until(lambda got: b'\x11\x01' in got)
        await listener.connected()
        assert listener.tx[-1] == b'\x11\x01'
        await robot.notify(encode(b'\x93'))
        await listener.until(
            lambda: any(s.reason == LinkReason.HEARTBEAT_LOST for s in listener.states)
        )


@pytest.mark.parametrize(
    ('robot', 'name', 'services', 'found'),
    [
        ('meka', 'MekaMon-ABC', [], True),
        ('meka', 'Reach Robot', [], True),
        ('meka', '', ['6e400001-b5a3-f393-e0a9-e50e24dcca9e'], True),
        ('meka', 'Some UART', ['6e400001-b5a3-f393-e0a9-e50e24dcca9e'], False),
        ('MekaMon', 'Meka-1A2B', [], True),
        ('MekaMon', 'Reach Robot', [], True),
        ('MekaMon', '', ['6e400001-b5a3-f393-e0a9-e50e24dcca9e'], True),
        ('abc', 'MekaMon-ABC', [], True),
        ('abd', 'MekaMon-ABC', [], False),
        ('c0:00:00:00:00:01', '', [], True),
        ('c0:00:00:00:00:02', 'MekaMon', [], False),
    ],
)
def test_which_robot(robot, name, services, found):
    assert matches(robot, name, 'C0:00:00:00:00:01', services) is found
