"""Message ids of the protocol, both directions."""

from enum import IntEnum


class Command(IntEnum):
    """Host to robot; only what a driver may need (see ``allow_list`` for what is refused)."""

    SETUP_COMPASS = 3
    GAIT_SET = 4
    TRANSFORM = 6
    GAME_STATE = 7
    KINEMATIC_STANCE = 8
    SETUP_BATTERY = 10
    ROBOT_FIRMWARE_VERSION = 11
    GAIT_SET_ALL = 13
    GAIT_GET_ALL = 14
    CONNECTION_ESTABLISHED = 16
    SETUP_HEARTBEAT = 17
    TWITCH = 31
    ROBOT_SERIAL_NUMBER = 34
    LEG_SERIAL_NUMBER = 35
    ADDON_SERIAL_NUMBER = 36
    LEG_VERSION = 37
    HEAD_COLOUR_SET = 46
    HEAD_COLOUR_GET = 47
    BLUETOOTH_VERSION = 57
    SET_LEG_JOINT_ANGLES = 58
    SETUP_JOINT_ANGLES = 60
    SETUP_IS_ON_FLOOR = 218
    PLAY_ANIMATION = 220
    TAKE_STEPS = 224
    SETUP_ODOMETRY = 227
    KILL_STREAMS = 247


class Reply(IntEnum):
    """Robot to host. Only the ids are known: no payload layout is, so payloads stay raw."""

    CHECKSUM_ERROR = 128
    COMMAND_ERROR = 129
    GAIT_SET_ACK = 130
    ANIMATION_ACK = 131
    KINEMATIC_STANCE_ACK = 132
    GAME_STATE_ACK = 133
    STREAM_BATTERY = 134
    STREAM_INFRARED = 136
    STREAM_COMPASS = 140
    GAIT_SET_ALL_ACK = 143
    CONNECTION_ESTABLISHED_ACK = 145
    STREAM_HEARTBEAT = 147
    HEAD_COLOUR_SET_ACK = 176
    SET_LEG_JOINT_ANGLES_ACK = 192
    STREAM_JOINT_ANGLES = 195
    STREAM_IS_ON_FLOOR = 219
    STREAM_ODOMETRY = 228


# Which reply acknowledges which command; there is no fixed offset and no sequence number.
ACKNOWLEDGES = {
    Command.GAIT_SET: Reply.GAIT_SET_ACK,
    Command.KINEMATIC_STANCE: Reply.KINEMATIC_STANCE_ACK,
    Command.GAME_STATE: Reply.GAME_STATE_ACK,
    Command.GAIT_SET_ALL: Reply.GAIT_SET_ALL_ACK,
    Command.CONNECTION_ESTABLISHED: Reply.CONNECTION_ESTABLISHED_ACK,
    Command.HEAD_COLOUR_SET: Reply.HEAD_COLOUR_SET_ACK,
    Command.SET_LEG_JOINT_ANGLES: Reply.SET_LEG_JOINT_ANGLES_ACK,
    Command.PLAY_ANIMATION: Reply.ANIMATION_ACK,
}
