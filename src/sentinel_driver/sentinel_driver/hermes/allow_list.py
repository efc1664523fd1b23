"""The allow-list, the last check before the radio: only what is known to be harmless leaves."""

from ..errors import CommandRejectedError, RejectReason
from .ids import Command

# Over-the-air firmware write is unauthenticated and can brick the robot; 26 and 27 are unlisted
# within that block, 32 and 33 leave the application firmware. 31 (Twitch) lies between them and is
# harmless.
FIRMWARE = frozenset({*range(18, 31), 32, 33})

# These may store a calibration.
CALIBRATION = frozenset({*range(48, 57), 208})

# Queries and telemetry switches: known by name, layout unknown. They may be sent raw with at most
# this many bytes.
QUERIES = frozenset(
    {
        Command.SETUP_COMPASS,
        Command.SETUP_BATTERY,
        Command.ROBOT_FIRMWARE_VERSION,
        Command.GAIT_GET_ALL,
        Command.ROBOT_SERIAL_NUMBER,
        Command.LEG_SERIAL_NUMBER,
        Command.ADDON_SERIAL_NUMBER,
        Command.LEG_VERSION,
        Command.HEAD_COLOUR_GET,
        Command.BLUETOOTH_VERSION,
        Command.SETUP_IS_ON_FLOOR,
        Command.SETUP_ODOMETRY,
    }
)
_MAX_QUERY = 2


def check_id(message_id: int) -> None:
    """Raise CommandRejectedError for an id that must never be sent."""
    if message_id in FIRMWARE:
        raise CommandRejectedError(
            RejectReason.FIRMWARE,
            f'Message {message_id} belongs to the firmware update and can brick the robot.',
        )
    if message_id in CALIBRATION:
        raise CommandRejectedError(
            RejectReason.CALIBRATION,
            f'Message {message_id} may overwrite a calibration stored in the robot.',
        )
    if message_id not in {int(c) for c in Command}:
        raise CommandRejectedError(
            RejectReason.UNLISTED,
            f'Message {message_id} is not on the allow-list: its effect is unknown.',
        )


def check_query(payload: bytes) -> None:
    """Raise CommandRejectedError for a query that is too long to be one."""
    if len(payload) > _MAX_QUERY:
        raise CommandRejectedError(
            RejectReason.BAD_LENGTH,
            f'Message {payload[0]} may have {_MAX_QUERY} bytes at most, not {len(payload)}.',
        )
