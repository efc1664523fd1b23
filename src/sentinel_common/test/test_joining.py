"""How commands join a sentinel that runs."""

import argparse

import pytest
import rclpy
from rclpy.exceptions import InvalidNodeNameException
from sentinel_common.errors import SentinelError

from sentinel_common import joining


@pytest.mark.parametrize(
    ('text', 'namespace'),
    [
        ('', ''),
        ('/', ''),
        ('front', 'front'),
        ('front/', 'front'),
        ('/front', '/front'),
        ('//front//', '/front'),
        ('garden/robot1/', 'garden/robot1'),
    ],
)
def test_a_namespace_is_given_back_as_ros_takes_it(text, namespace):
    assert joining.namespace(text) == namespace


@pytest.mark.parametrize('text', ['1st', 'a b', 'a//b', 'front door/'])
def test_what_is_no_namespace_is_refused(text):
    with pytest.raises(SentinelError, match='no namespace'):
        joining.namespace(text)


def test_a_node_that_cannot_be_made_leaves_nothing_behind(monkeypatch):
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'OFF')
    with pytest.raises(InvalidNodeNameException), joining.joined('no name', ''):
        pass
    assert not rclpy.ok()
    with joining.joined('viewer', joining.namespace('front/')) as node:
        assert node.get_namespace() == '/front'
    assert not rclpy.ok()


@pytest.mark.parametrize(
    ('text', 'namespace'), [('', ''), ('/', '/'), ('//', '/'), ('front/', 'front')]
)
def test_the_robot_without_a_namespace_can_be_named(text, namespace):
    parser = argparse.ArgumentParser()
    joining.add_namespace(parser)
    assert parser.parse_args(['--namespace', text]).namespace == namespace
