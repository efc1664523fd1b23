"""The MekaMon protocol ("Hermes"): framing, commands, allow-list. No I/O, no clock.

``Codec(form).wire(codec.payload(Drive(forward=40)))`` gives the bytes for the radio;
``Decoder().feed(data)`` the payloads that arrived.
"""

from .codec import Codec, DriveForm, Unknown
from .commands import (
    JOINT_RANGES,
    LEGS,
    MAX_DRIVE,
    STANDING,
    TYPED,
    AnyCommand,
    ConnectionEstablished,
    Drive,
    GaitParameter,
    GaitSet,
    GaitSetAll,
    GaitType,
    GameState,
    HeadColourSet,
    JointAngles,
    KillStreams,
    KinematicStance,
    LegPose,
    PlayAnimation,
    SetupHeartbeat,
    SetupJointAngles,
    StanceType,
    TakeSteps,
    Twitch,
    to_byte,
)
from .framing import MAX_PAYLOAD, Decoder, DecoderCounts, checksum, decode, encode
from .ids import ACKNOWLEDGES, Command, Reply

# Nordic UART Service, as 128-bit strings. The robot listens on RX and notifies on TX.
NUS_SERVICE = '6e400001-b5a3-f393-e0a9-e50e24dcca9e'
NUS_RX = '6e400002-b5a3-f393-e0a9-e50e24dcca9e'
NUS_TX = '6e400003-b5a3-f393-e0a9-e50e24dcca9e'

__all__ = [
    'ACKNOWLEDGES',
    'JOINT_RANGES',
    'LEGS',
    'MAX_DRIVE',
    'MAX_PAYLOAD',
    'NUS_RX',
    'NUS_SERVICE',
    'NUS_TX',
    'STANDING',
    'TYPED',
    'AnyCommand',
    'Codec',
    'Command',
    'ConnectionEstablished',
    'Decoder',
    'DecoderCounts',
    'Drive',
    'DriveForm',
    'GaitParameter',
    'GaitSet',
    'GaitSetAll',
    'GaitType',
    'GameState',
    'HeadColourSet',
    'JointAngles',
    'KillStreams',
    'KinematicStance',
    'LegPose',
    'PlayAnimation',
    'Reply',
    'SetupHeartbeat',
    'SetupJointAngles',
    'StanceType',
    'TakeSteps',
    'Twitch',
    'Unknown',
    'checksum',
    'decode',
    'encode',
    'to_byte',
]
