"""``./sentinel frame``: bytes of the protocol by hand."""

import argparse

from ..errors import BadFrameError
from ..hermes import Codec, DriveForm, decode
from ..hermes.explain import explain

SUMMARY = 'wire bytes of a MekaMon command, or captured bytes in words'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    form = argparse.ArgumentParser(add_help=False)
    form.add_argument(
        '--form',
        choices=[f.value for f in DriveForm],
        default=DriveForm.WALKING5.value,
        help='layout of the drive command (default: %(default)s)',
    )
    kinds = parser.add_subparsers(dest='kind', required=True)
    encoder = kinds.add_parser('encode', parents=[form], help='payload to wire bytes in hex')
    encoder.add_argument(
        'values', nargs='+', type=_byte, help='id and fields: 6 3 40 0 0, also 0x06 or -40'
    )
    decoder = kinds.add_parser('decode', parents=[form], help='wire bytes in hex to words')
    decoder.add_argument('hex', nargs='+', help='04 06 03 28 01 01 38 00, any number of frames')


def main(args: argparse.Namespace) -> int:
    """Print the answer.

    A payload that may not be sent raises CommandRejectedError with the reason.
    """
    codec = Codec(DriveForm(args.form))
    if args.kind == 'encode':
        print(codec.wire(bytes(args.values)).hex(' '))
        return 0
    try:
        data = bytes.fromhex(''.join(word.removeprefix('0x') for word in args.hex))
    except ValueError:
        raise BadFrameError(
            f'{" ".join(args.hex)} is not hexadecimal.', 'Give pairs of the digits 0-9 and a-f.'
        ) from None
    return _decode(data, codec)


def _decode(data: bytes, codec: Codec) -> int:
    failed = False
    pieces = data.split(b'\0')
    for piece in filter(None, pieces):
        try:
            payload = decode(piece)
        except BadFrameError as error:
            failed = True
            print(f'{piece.hex(" ")}   damaged: {error.reason}')
        else:
            print(f'{payload.hex(" ")}   {explain(payload, codec)}')
    if pieces[-1]:
        print('The last frame has no terminator (00): it may go on.')
    return int(failed)


def _byte(text: str) -> int:
    try:
        value = int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no number; hexadecimal bytes are written 0x06 0x28'
        ) from None
    if not -128 <= value <= 255:
        raise argparse.ArgumentTypeError(f'{value} does not fit a byte (-128 to 255)')
    return value & 0xFF
