"""The head light: dark wherever it is not both asked for and allowed, and until that is certain."""

import time
from types import SimpleNamespace

import pytest
from sentinel_driver.driver_requests import DARK, Requests
from sentinel_driver.errors import CommandRejectedError, RejectReason
from sentinel_driver.hermes import Codec
from sentinel_driver.velocity_control import Permission
from std_msgs.msg import ColorRGBA

CODEC = Codec()
BLACK = CODEC.payload(DARK)


class Driver:
    """The part of the driver that the requests use; ``sent`` waits to be written."""

    def __init__(self):
        self.robot = SimpleNamespace(connected=True)
        self.parameters = {'raw_input': False}
        self.sent = []
        self.light(True)

    def light(self, allowed, age=0.0):
        self.permission = Permission(received=time.monotonic() - age, light=allowed)

    def create_subscription(self, *_):
        pass

    def get_logger(self):
        return SimpleNamespace(warning=lambda *_, **__: None)

    def send(self, command, answer=None):
        if not self.robot.connected:
            raise CommandRejectedError(RejectReason.NOT_CONNECTED, 'No robot is connected.')
        payload = CODEC.payload(command)
        self.sent.append((payload, answer))
        return payload


@pytest.fixture
def driver():
    return Driver()


@pytest.fixture
def requests(driver):
    """Requests of a driver whose robot shines."""
    one = Requests(driver)
    one._on_head_color(ColorRGBA(r=1.0))
    driver.sent.clear()
    return one


def test_what_is_asked_for_and_allowed_stays(driver, requests):
    requests.watch_light()
    assert not driver.sent


@pytest.mark.parametrize(('allowed', 'age'), [(False, 0.0), (True, 0.6)])
def test_forbidden_or_unheard_of_it_goes_dark(driver, requests, allowed, age):
    driver.light(allowed, age)
    requests.watch_light()
    assert [p for p, _ in driver.sent] == [BLACK]


def test_it_counts_as_lit_until_darkness_was_written(driver, requests):
    driver.light(False)
    for _ in range(3):
        requests.watch_light()
    assert len(driver.sent) == 1, 'one is on its way'
    driver.sent[0][1](BLACK, CommandRejectedError(RejectReason.EXPIRED, 'too late'))
    requests.watch_light()
    assert len(driver.sent) == 2
    requests.written(BLACK)
    driver.sent[1][1](BLACK, None)
    requests.watch_light()
    assert len(driver.sent) == 2


def test_darkness_that_a_lost_link_swallowed_is_made_up_for(driver, requests):
    driver.robot.connected = False
    driver.light(False)
    requests._on_head_color(ColorRGBA())
    requests.watch_light()
    driver.robot.connected = True
    requests.watch_light()
    assert [p for p, _ in driver.sent] == [BLACK]


def test_a_robot_that_was_just_found_goes_dark(driver):
    requests = Requests(driver)
    requests.watch_light()
    assert not driver.sent
    requests.link_made()
    requests.watch_light()
    assert [p for p, _ in driver.sent] == [BLACK]
