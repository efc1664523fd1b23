"""``./sentinel render``: labelled pictures of animals in the simulated garden."""

import argparse
from pathlib import Path

from sentinel_common.arguments import whole
from sentinel_common.errors import ConfigurationError

from ..offscreen import choose_renderer

SUMMARY = 'write labelled pictures of animals in the simulated garden (COCO)'


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition('-')
    high = high or low
    if not (low.isdecimal() and high.isdecimal() and int(low) <= int(high)):
        raise argparse.ArgumentTypeError(f'{text!r} is no range such as 0-7')
    return int(low), int(high)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``./sentinel render``."""
    parser.add_argument(
        '--count', type=whole(1), default=20, help='how many pictures (default: 20)'
    )
    parser.add_argument(
        '--out', type=Path, required=True, help='folder for images/ and annotations.json'
    )
    parser.add_argument(
        '--seed', type=whole(0), default=0, help='the same seed gives the same pictures'
    )
    parser.add_argument(
        '--variants',
        type=_range,
        default=(0, 11),
        metavar='A-B',
        help='numbers of the animals that may appear (default: 0-11); use others for validation',
    )
    parser.add_argument(
        '--mount',
        choices=('any', 'high', 'eaves'),
        default='any',
        help='where the camera is: any (0.1 to 3 m, many from the robot), high (1.8 to 4 m), or '
        'eaves (2 to 3 m, 20 to 50 degrees down, a small animal; also under a porch light)',
    )


def main(args: argparse.Namespace) -> int:
    """Render and print how often each species was labelled."""
    choose_renderer()
    from ..render import render  # MuJoCo is heavy, and --help needs none of it

    try:
        totals = render(args.count, args.out, args.seed, args.variants, args.mount)
    except OSError as error:
        raise ConfigurationError(f'{args.out} cannot be written: {error}.') from error
    print(
        f'{args.count} pictures in {args.out}: ' + ', '.join(f'{n} {k}' for k, n in totals.items())
    )
    return 0
