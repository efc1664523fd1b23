"""What can go wrong between a command and the robot, as types with a reason."""

from enum import StrEnum

from sentinel_common.errors import SentinelError


class RejectReason(StrEnum):
    """Why a command was not sent."""

    OUT_OF_RANGE = 'out of range'
    BAD_LENGTH = 'bad length'
    FIRMWARE = 'firmware or bootloader'
    CALIBRATION = 'stored calibration'
    UNLISTED = 'not on the allow-list'
    WRONG_FORM = 'other drive form'
    NOT_CONNECTED = 'not connected'
    NOT_ALLOWED = 'forbidden by the guard'
    NOT_ACTIVE = 'node not active'
    DISABLED = 'disabled'
    EXPIRED = 'too old'
    BUSY = 'too much waits'


class CommandRejectedError(SentinelError):
    """A command was refused before it reached the radio."""

    def __init__(self, kind: RejectReason, reason: str, cure: str = '') -> None:
        super().__init__(reason, cure)
        self.kind = kind


class BadFrameError(SentinelError):
    """Bytes that are no frame of the protocol."""


class LinkReason(StrEnum):
    """Why there is no link to the robot."""

    NOT_FOUND = 'not found'
    CONNECT_FAILED = 'connect failed'
    NO_UART = 'no UART service'
    LINK_LOST = 'link lost'
    WRITE_FAILED = 'write failed'
    HEARTBEAT_LOST = 'heartbeat lost'
    ADAPTER = 'no Bluetooth adapter'
    NOT_SERVED = 'no emulated radio'
    DIES = 'radio process dies'
    ENDED = 'asked to end'


class LinkError(SentinelError):
    """The link to the robot could not be made or was lost."""

    def __init__(self, kind: LinkReason, reason: str, cure: str = '') -> None:
        super().__init__(reason, cure)
        self.kind = kind
