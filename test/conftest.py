"""One robot, and one guard and brain, for all tests of a module that drive it.

ROS is imported by those who need it only: other tests here run without.
"""

import pytest


@pytest.fixture(scope='module')
def someone():
    from driving import people

    with people() as some:
        yield some


@pytest.fixture
def quiet(someone):
    """Nobody commands and nobody allows, until the test says so."""
    someone.commanding = someone.guarding = False
    someone.asks = (0.0, 0.0, 0.0)
    someone.armed = True
    someone.allowed = dict.fromkeys(someone.allowed, True)
    return someone


@pytest.fixture(scope='module')
def meka():
    from driving import robot

    with robot() as one:
        yield one
