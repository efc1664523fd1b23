"""Nodes of ./sentinel are deaf to other machines, unless the person wants it otherwise."""

import argparse
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import rclpy
from sentinel_bringup.domains import free_domain
from sentinel_common.errors import SentinelError

from sentinel_bringup import network, runner, session

# Ports above are handed out by the system, here to sockets that are only sent from.
FIRST_OF_ANYBODY = int(Path('/proc/sys/net/ipv4/ip_local_port_range').read_text().split()[0])


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """The environment of ``./sentinel`` where the person has set nothing."""
    for name in ('ROS_DISTRO', 'FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', '')
    network.stay_here()


@contextmanager
def guard(domain, state_file, *, images=False):
    """A guard as a run starts it, once it is up."""
    words = ['--ros-args', '-p', f'state_file:={state_file}']
    with subprocess.Popen(
        [sys.executable, '-m', 'sentinel_behavior.guard_node', *words],
        env=runner.environment(domain, images=images),
    ) as process:
        while not state_file.exists():
            time.sleep(0.1)
        try:
            yield process
        finally:
            process.terminate()


def listens_at(pid):
    """Return the addresses at which the process hears UDP."""
    found = psutil.Process(pid).net_connections('udp')
    return {c.laddr.ip for c in found if c.laddr.port < FIRST_OF_ANYBODY}


@pytest.mark.parametrize('images', [False, True])
def test_a_node_listens_to_this_machine_only_and_commands_and_other_nodes_reach_it(
    tmp_path, images
):
    with free_domain(50) as domain, guard(domain, tmp_path / 'g.json', images=images) as process:
        assert listens_at(process.pid) == {'127.0.0.1'}
        told = subprocess.run(
            [sys.executable, '-m', 'sentinel_bringup', 'arm', '--domain', str(domain)],
            env={**os.environ, 'TMPDIR': str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert told.stdout == 'armed\n', told.stderr
        # As `ros2 topic list` in that range: it knows nothing of our profile.
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=domain)
        plain = rclpy.create_node('plain', context=context)
        while not plain.count_publishers('safety_state'):
            time.sleep(0.1)
        plain.destroy_node()
        rclpy.shutdown(context=context)


def test_whoever_wants_the_network_is_heard_in_it(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET')
    with free_domain(54) as domain, guard(domain, tmp_path / 'g.json') as process:
        assert listens_at(process.pid) == {'0.0.0.0'}


def test_each_node_gets_the_profile_of_range_and_pictures(monkeypatch):
    def named(images):
        return [Path(file).name for file in network.profile(images=images).values()]

    assert named(False) == ['fastdds_loopback.xml']
    assert named(True) == ['fastdds_loopback_images.xml']
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET')
    assert named(False) == []
    assert named(True) == ['fastdds_images.xml']


@pytest.mark.parametrize(
    ('distribution', 'name'),
    [
        ('jazzy', 'FASTRTPS_DEFAULT_PROFILES_FILE'),
        ('lyrical', 'FASTDDS_DEFAULT_PROFILES_FILE'),
    ],
)
def test_a_profile_of_ones_own_stays_in_force(monkeypatch, distribution, name):
    monkeypatch.setenv('ROS_DISTRO', distribution)
    assert set(network.profile(images=True)) == {name}
    monkeypatch.setenv(name, 'mine.xml')
    assert runner.environment(1, images=True)[name] == 'mine.xml'
    assert not network.profile(images=True)


def test_who_can_reach_the_nodes_is_said(monkeypatch):
    assert network.reach() == 'on this machine only'
    with monkeypatch.context() as other:
        other.setattr(
            rclpy.utilities, 'get_rmw_implementation_identifier', lambda: 'rmw_cyclonedds_cpp'
        )
        assert 'whoever is in your network' in network.reach()
    with monkeypatch.context() as other:
        other.setenv('FASTDDS_DEFAULT_PROFILES_FILE', 'mine.xml')
        assert 'whoever is in your network' in network.reach()
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET')
    assert 'whoever is in your network' in network.reach()


def test_no_domain_is_chosen_where_other_machines_may_talk_in_it(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET')
    arguments = argparse.Namespace(domain=None, verbose=False, duration=None)
    with pytest.raises(SentinelError, match='--domain N'):
        session.play([], tmp_path / 'run', arguments, 'title')
    assert not (tmp_path / 'run').exists()
