"""Payloads in words, for people."""

from dataclasses import fields

from ..errors import CommandRejectedError
from .allow_list import check_id
from .codec import Codec, Unknown
from .commands import LEGS, JointAngles
from .ids import Command, Reply


def _title(name: str) -> str:
    return name.replace('_', ' ').lower()


def explain(payload: bytes, codec: Codec) -> str:
    """Return one line about ``payload``: its name and fields as far as they are known."""
    message_id, rest = payload[0], payload[1:].hex(' ')
    if message_id in {int(r) for r in Reply}:
        text = f'{message_id} {_title(Reply(message_id).name)} (from the robot)'
        return f'{text}, layout unknown: {rest}' if rest else text
    try:
        check_id(message_id)
        command = codec.parse(payload)
    except CommandRejectedError as error:
        return f'{message_id}: {error.reason}'
    text = f'{message_id} {_title(Command(message_id).name)}'
    if isinstance(command, Unknown):
        return f'{text}, layout unknown: {rest}' if rest else text
    if isinstance(command, JointAngles):
        legs = zip(LEGS, command.legs, strict=True)
        values = '; '.join(
            f'{_title(n)}: knee {p.knee}, thigh {p.thigh}, hip {p.hip}' for n, p in legs
        )
    else:
        known = [(f.name, getattr(command, f.name)) for f in fields(command)]
        values = ', '.join(f'{_title(n)} {v}' for n, v in known if v is not None)
    return f'{text}: {values}' if values else text
