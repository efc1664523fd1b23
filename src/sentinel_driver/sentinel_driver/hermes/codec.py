"""Messages to payloads and back, for one firmware generation."""

from dataclasses import dataclass
from enum import StrEnum

from ..errors import CommandRejectedError, RejectReason
from . import allow_list, framing
from .commands import TYPED, AnyCommand, Drive
from .ids import Command

# Mode byte of a five byte Transform: joystick walking. The other modes are not used.
_MODE_WALKING = 3


class DriveForm(StrEnum):
    """Layout of the drive command, which differs between firmware generations.

    One source says that the newer firmware tolerates the older form. The older one seems to read
    its own byte order whatever comes, so the newer form's mode byte becomes a strafe of 3: the
    robot stomps on the spot.
    """

    WALKING5 = 'walking5'  # id, mode 3, forward, strafe, turn
    LEGACY4 = 'legacy4'  # id, strafe, forward, turn


@dataclass(frozen=True)
class Unknown:
    """A payload whose layout is not known: passed through as it is."""

    payload: bytes


class Codec:
    """Encodes and parses payloads in one drive form; the other form is an error, never a guess."""

    def __init__(self, form: DriveForm = DriveForm.WALKING5) -> None:
        self.form = DriveForm(form)

    def payload(self, command: AnyCommand) -> bytes:
        """Return id and fields of ``command``."""
        body = command.body()
        if isinstance(command, Drive):
            forward, strafe, turn = body
            if self.form is DriveForm.WALKING5:
                body = bytes((_MODE_WALKING, forward, strafe, turn))
            else:
                body = bytes((strafe, forward, turn))
        return bytes((command.ID,)) + body

    def parse(self, payload: bytes) -> AnyCommand | Unknown:
        """Read a command; raise CommandRejectedError where a known layout does not fit."""
        if not payload:
            raise CommandRejectedError(RejectReason.BAD_LENGTH, 'A payload needs an id.')
        kind = TYPED.get(payload[0])
        if kind is None:
            return Unknown(payload)
        body = payload[1:]
        return kind.parse(self._axes(body) if kind is Drive else body)

    def wire(self, payload: bytes) -> bytes:
        """Return the frame of ``payload`` if it may be sent; raise CommandRejectedError otherwise.

        Whatever goes to the radio, typed or raw, goes through here.
        """
        if not payload:
            raise CommandRejectedError(RejectReason.BAD_LENGTH, 'A payload needs an id.')
        allow_list.check_id(payload[0])
        if payload[0] in allow_list.QUERIES:
            allow_list.check_query(payload)
        else:
            self.parse(
                payload
            )  # refuses wrong lengths, values out of range and the other drive form
        return framing.encode(payload)

    @property
    def neutral(self) -> bytes:
        """Payload that stops walking."""
        return self.payload(Drive())

    def is_drive(self, payload: bytes) -> bool:
        """Whether ``payload`` is a drive command."""
        return payload[:1] == bytes((Command.TRANSFORM,))

    def _axes(self, body: bytes) -> bytes:
        """Forward, strafe, turn of the body of a drive command in this form."""
        if self.form is DriveForm.WALKING5:
            if len(body) == 4 and body[0] == _MODE_WALKING:
                return body[1:]
        elif len(body) == 3:
            return bytes((body[1], body[0], body[2]))
        raise CommandRejectedError(
            RejectReason.WRONG_FORM,
            f'A drive command with {body.hex(" ")} after the id is not of form {self.form}.',
            'Choose the one your firmware needs (parameter drive_form, or --form of a command).',
        )
