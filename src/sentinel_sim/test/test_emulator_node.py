"""The emulator as a node of its own."""

import os
import signal
import subprocess
import sys
import time

import pytest
import rclpy
from rclpy.parameter import Parameter
from sentinel_sim.robot.emulator_node import MekaMonEmulator
from sentinel_sim.robot.peripheral import Fault
from std_srvs.srv import SetBool

COMMAND = [sys.executable, '-m', 'sentinel_sim.robot.emulator_node', '--ros-args']


@pytest.fixture
def emulator():
    rclpy.init(domain_id=os.getpid() % 100)
    node = MekaMonEmulator()
    yield node
    node.stop()
    node.destroy_node()
    rclpy.shutdown()


def call(emulator: MekaMonEmulator, name: str, value: bool) -> SetBool.Response:
    """What a person gets who calls the service, over DDS."""
    client = emulator.create_client(SetBool, f'~/{name}')
    assert client.wait_for_service(timeout_sec=20.0)
    future = client.call_async(SetBool.Request(data=value))
    rclpy.spin_until_future_complete(emulator, future, timeout_sec=20.0)
    return future.result()


def test_faults_are_services(emulator):
    assert call(emulator, 'vanish', True).success
    assert emulator._robot.fault is Fault.VANISH
    assert call(emulator, 'vanish', False).message == 'none'
    assert emulator._robot.fault is Fault.NONE


def test_a_fault_of_some_seconds_ends_by_itself(emulator):
    emulator.set_parameters([Parameter('fault_duration', value=0.3)])
    assert call(emulator, 'stall', True).message == 'stall'
    end = time.monotonic() + 10
    while emulator._robot.fault is not Fault.NONE:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_writes_its_port_and_ends_on_sigint(tmp_path):
    port_file = tmp_path / 'port'
    process = subprocess.Popen(
        [*COMMAND, '-p', f'hci_port_file:={port_file}'],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        end = time.monotonic() + 30
        while not (port_file.exists() and port_file.read_text().endswith('\n')):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        assert 1024 <= int(port_file.read_text()) <= 65535
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, output
    assert 'Traceback' not in output


def test_misfit_parameter_is_one_sentence():
    done = subprocess.run(
        [*COMMAND, '-p', 'packing:=tight'], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert 'packing' in done.stderr and 'Traceback' not in done.stderr
