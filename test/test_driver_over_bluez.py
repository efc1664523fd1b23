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


def until(wanted, client, timeout=40):
    deadline = time.monotonic() + timeout
    while not wanted():
        assert time.monotonic() < deadline, 'it did not happen in time'
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


def test_without_bluetoothd_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv('DBUS_SYSTEM_BUS_ADDRESS', f'unix:path={tmp_path}/nothing')
    events = []
    client = RadioClient(events.append, transport='system')
    try:
        until(lambda: any(e.get('reason') == 'no Bluetooth adapter' for e in events), client)
        assert next(e for e in events if e.get('reason'))['cure']
    finally:
        client.close()
