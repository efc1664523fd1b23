"""What the link to the robot is called and where it is; shared by both ends of the pipe."""

import re
from dataclasses import dataclass
from enum import StrEnum

from sentinel_common.errors import ConfigurationError

from ..hermes import NUS_SERVICE

# The default choice of robot: any MekaMon, as with its whole name.
ANY_ROBOT = 'meka'
_ANY = (ANY_ROBOT, 'mekamon')
_NAMES = (ANY_ROBOT, 'reach')

_ADDRESS = re.compile(r'([0-9a-f]{2}:){5}[0-9a-f]{2}', re.IGNORECASE)

# Prefix of a transport that names an HCI controller.
HCI = 'hci:'

# The forms that the name of a transport has, as a cure.
TRANSPORT_FORMS = (
    'Use "system", or "hci:" and a controller such as hci:usb:0 or hci:tcp-client:127.0.0.1:9000.'
)


class State(StrEnum):
    """Where the link is."""

    SEARCHING = 'searching'
    CONNECTING = 'connecting'
    HANDSHAKE = 'handshake'
    CONNECTED = 'connected'
    WAITING = 'waiting'
    ENDED = 'ended'


@dataclass(frozen=True)
class Status:
    """A change of state, with the reason where something went wrong."""

    state: State
    reason: str = ''  # a LinkReason
    text: str = ''
    cure: str = ''
    name: str = ''
    address: str = ''
    attempt: int = 0
    retry_in: float = 0.0


def matches(robot: str, name: str, address: str, services: list[str]) -> bool:
    """Whether an advertisement is that of the wanted ``robot`` (an address or a part of a name).

    A robot that tells no name is taken by its UART service, but only where any robot will do.
    """
    if _ADDRESS.fullmatch(robot):
        return address.lower() == robot.lower()
    if robot.lower() in _ANY:
        if not name:
            return NUS_SERVICE in services
        return any(known in name.lower() for known in _NAMES)
    return robot.lower() in name.lower()


def check_transport(name: str) -> None:
    """Raise ConfigurationError unless ``name`` is ``system`` or ``hci:`` and a bumble transport."""
    if name != 'system' and not (name.startswith(HCI) and ':' in name[len(HCI) :]):
        raise ConfigurationError(f'The Bluetooth transport {name!r} is unknown.', TRANSPORT_FORMS)
