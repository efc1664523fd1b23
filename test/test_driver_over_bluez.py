"""The path that users have.

Unmodified bleak on its BlueZ backend, against a D-Bus stand-in of bluetoothd.
"""

import shutil
import time

import pytest
from bluez import bluetoothd
from driving import CODEC, NEUTRAL, ends, robot
from sentinel_driver.hermes import Drive
from sentinel_driver.radio.client import RadioClient
from sentinel_sim.robot.peripheral import Fault

pytestmark = pytest.mark.skipif(
    shutil.which('dbus-daemon') is None, reason='needs dbus-daemon (package dbus)'
)

WALK = CODEC.payload(Drive(forward=50))


@pytest.fixture
def meka():
    with robot() as one:
        yield one


def until(wanted, *clients, timeout=40):
    deadline = time.monotonic() + timeout
    while not wanted():
        assert time.monotonic() < deadline, 'it did not happen in time'
        for client in clients:
            client.alive()
        time.sleep(0.02)


def test_drive_lose_find_again_and_stop(meka, tmp_path, monkeypatch):
    with bluetoothd(meka.transport.removeprefix('hci:'), tmp_path) as (address, stand_in):
        monkeypatch.setenv('DBUS_SYSTEM_BUS_ADDRESS', address)
        events = []
        client = RadioClient(events.append, transport='system')
        try:

            def connected(times):
                return [e.get('state') for e in events].count('connected') >= times

            until(lambda: connected(1), client)
            # The handshake was answered, so notifications pass as well as writes.
            assert {'91', '85'} <= {e['payload'] for e in events if e['ev'] == 'rx'}
            client.send(WALK, time.monotonic() + 60)
            until(lambda: WALK in meka.payloads, client)

            meka.emulated.cause(Fault.VANISH, 1.0)
            until(lambda: any(e.get('reason') == 'link lost' for e in events), client)
            until(lambda: connected(2), client)
            client.send(WALK, time.monotonic() + 60)
            until(lambda: meka.walking, client)
            since = time.monotonic()
        finally:
            client.close()
        ends(meka, since)
        assert meka.payloads[-3:] == [NEUTRAL] * 3
        assert {'StartDiscovery', 'Connect', 'StartNotify', 'WriteValue'} <= set(stand_in.methods)


@pytest.fixture
def system(meka, tmp_path, monkeypatch):
    """Start a radio process on the stand-in; return (its client, its reports)."""
    clients = []

    def start(**options):
        events = []
        clients.append(RadioClient(events.append, transport='system', **options))
        return clients[-1], events

    with bluetoothd(meka.transport.removeprefix('hci:'), tmp_path) as (address, _):
        monkeypatch.setenv('DBUS_SYSTEM_BUS_ADDRESS', address)
        yield start
        for client in clients:
            client.close()


def connected(events):
    return any(e.get('state') == 'connected' for e in events)


@pytest.mark.parametrize('may_walk', [True, False], ids=['radio restarts', 'driver restarts'])
def test_a_robot_that_a_killed_radio_process_left_walking_is_stopped_first(system, meka, may_walk):
    first, events = system()
    until(lambda: connected(events), first)
    first.send(WALK, time.monotonic() + 60)
    until(lambda: meka.walking, first)
    start = len(meka.payloads)
    first.kill()
    second, events = system(may_walk=may_walk)
    until(lambda: connected(events), second)
    assert meka.emulated.connected and meka.payloads[start] == NEUTRAL
    # It answers the second process, too.
    assert {'91', '85'} <= {e['payload'] for e in events if e['ev'] == 'rx'}


def test_a_robot_that_another_program_drives_is_left_to_it(system, meka):
    first, events = system()
    until(lambda: connected(events), first)
    first.send(WALK, time.monotonic() + 60)
    until(lambda: meka.walking, first)
    second, events = system()
    until(lambda: any(e.get('reason') == 'not found' for e in events), first, second)
    assert meka.walking and not connected(events)


def test_without_bluetoothd_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv('DBUS_SYSTEM_BUS_ADDRESS', f'unix:path={tmp_path}/nothing')
    events = []
    client = RadioClient(events.append, transport='system')
    try:
        until(lambda: any(e.get('reason') == 'no Bluetooth adapter' for e in events), client)
        assert next(e for e in events if e.get('reason'))['cure']
    finally:
        client.close()
