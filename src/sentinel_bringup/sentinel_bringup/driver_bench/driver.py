"""``./sentinel bench driver``: codec, round trip, stops and drops against the emulated robot."""

import argparse
import os
import signal
import sys
from typing import Any

from sentinel_common.arguments import whole
from sentinel_driver.hermes import (
    Codec,
    Drive,
    GaitSetAll,
    HeadColourSet,
    JointAngles,
    LegPose,
    encode,
)
from sentinel_driver.radio.status import check_transport

from sentinel_common import benchmark

from .. import network
from ..domains import LAST
from . import codec, lanes, rig, round_trip, stops

SUMMARY = 'the driver: codec, round trip, stop latency on every silence, dropped connections'

PARTS = ('codec', 'round_trip', 'stops', 'drops')

_NOISE = 10_000_000  # bytes

# A stall of the measuring process that is worth a word, s.
_STALL = 0.05

_COLUMNS = ('p50', 'p95', 'p99', 'max')

# Of what has no limit one trial in so many is made.
_FEW = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    benchmark.add_json_option(parser)
    parser.add_argument('--only', nargs='+', choices=PARTS, default=PARTS, help='these parts only')
    parser.add_argument(
        '--silences', nargs='+', choices=list(stops.KINDS), default=list(stops.KINDS)
    )
    parser.add_argument(
        '--physical',
        metavar='ROBOT',
        help='measure the round trip to this robot (name or address) instead of the emulated one; '
        'it does not move, its head turns blue; codec and round trip only',
    )
    parser.add_argument(
        '--transport', default='system', help='Bluetooth stack for --physical (%(default)s)'
    )
    parser.add_argument('--trials', type=whole(1), default=100, help='per kind of silence')
    parser.add_argument('--drops', type=whole(1), default=200)
    parser.add_argument('--round-trips', type=whole(1), default=1000)
    parser.add_argument(
        '--load',
        type=whole(0),
        default=os.cpu_count(),
        help='busy processes during stops and drops',
    )
    parser.add_argument('--lanes', type=whole(1), default=4, help='trials that run side by side')
    parser.add_argument('--seed', type=whole(0), default=1)


def main(args: argparse.Namespace) -> int:
    """Measure, print, write; 1 where a limit is exceeded."""
    packages = ('bleak', 'bumble', 'cobs', 'ros-kilted-rclpy')
    result: dict[str, Any] = {
        'format': 1,
        'benchmark': 'driver',
        **benchmark.environment(args.seed, packages),
    }
    result |= {'load_processes': args.load, 'lanes': args.lanes}
    if 'codec' in args.only:
        result['codec'] = {
            **codec.throughput(args.seed),
            'noise': codec.noise(_NOISE, args.seed),
            'damage': codec.damage(_frames()),
        }
    if args.physical:
        check_transport(args.transport)
        result['physical'] = args.physical
        result['round_trip'] = round_trip.measure(args.transport, args.round_trips, args.physical)
    elif set(args.only) - {'codec'}:
        _radio_parts(args, result)
    if args.json:
        benchmark.write(args.json, result)
    _print(result)
    held = [f.get('holds_at_p99', True) for f in result.get('stops', {}).values()]
    late = result.get('drops', {}).get('age_on_arrival_s', {}).get('beyond_limit', 0)
    return int(not all(held) or late > 0)


def _radio_parts(args: argparse.Namespace, result: dict[str, Any]) -> None:
    os.environ.update(network.profile(images=False))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # Runs take lower ones, and who stops or arms a run must not meet this one.
    domain = LAST + 1
    if 'round_trip' in args.only:
        bench = rig.Rig(domain)
        try:
            result['round_trip'] = round_trip.measure(bench.transport, args.round_trips)
        finally:
            bench.close()
    counts = {}
    if 'drops' in args.only:
        counts[lanes.DROPS] = args.drops
    if 'stops' in args.only:
        # What has no limit is only told, so a few are enough.
        few = max(1, args.trials // _FEW)
        counts |= {k: args.trials if stops.limit(k) else few for k in args.silences}
    parts = [
        lanes.Part(name, count, domain + i, args.seed)
        for i, (name, count) in enumerate(counts.items())
    ]
    # Parts that start a process for each trial take longest; begun first, the lanes end together.
    parts.sort(key=lambda part: ('node_sig' not in part.name, part.name != lanes.DROPS))
    with rig.load(args.load):
        figures = lanes.measure(parts, args.lanes) if parts else {}
    result['robot_prioritised'] = all(f.pop('robot_prioritised') for f in figures.values())
    if lanes.DROPS in figures:
        result['drops'] = figures.pop(lanes.DROPS)
    if figures:
        result['stops'] = {kind: figures[kind] for kind in stops.KINDS if kind in figures}


def _frames() -> list[bytes]:
    own = Codec()
    gait = GaitSetAll(128, 140, 255, 136, 187, 178, 2, 88, 0, 0)
    commands = (
        Drive(forward=40),
        Drive(forward=-127, strafe=-127, turn=-127),
        HeadColourSet(255, 255, 255),
        JointAngles.of([LegPose()] * 4),
        gait,
    )
    return [encode(own.payload(c)) for c in commands]


def _print(result: dict[str, Any]) -> None:
    if 'codec' in result:
        part = result['codec']
        rates = part['frames_per_s']
        print(
            f'encode {rates["encode"]:,.0f} frames/s, {part["encode_ratio"]:.2f} x plain; '
            f'decode {rates["decode"]:,.0f} frames/s, {part["decode_ratio"]:.2f} x plain'
        )
        noise = part['noise']
        print(
            f'{noise["bytes"]:,} random bytes: at most {noise["most_bytes_held"]} held, '
            f'{noise["damaged"]:,} pieces damaged, {noise["overlong"]:,} overlong, '
            f'{noise["random_frames_accepted"]:,} passed by chance'
        )
        damage = part['damage']
        print(
            f'{damage["tried"]:,} truncations and bit flips: '
            f'{damage["accepted_as_another_frame"]} taken for another frame'
        )
    print(f'\n{"ms":44}' + ''.join(f'{n:>8}' for n in _COLUMNS))
    if 'round_trip' in result:
        part = result['round_trip']
        _row('round trip through the radio process', part['radio_process_s'])
        _row('round trip with bleak alone', part['plain_bleak_s'])
    for name, figures in result.get('stops', {}).items():
        verdict = ''
        if 'limit' in figures:
            verdict = f'p99 at most {figures["limit"] * 1000:.0f}: '
            verdict += 'holds' if figures['holds_at_p99'] else 'DOES NOT HOLD'
            verdict += f', {figures["beyond_limit"]} of {figures["n"]} beyond'
        if figures['longest_stall'] > _STALL:
            verdict += f'; the machine stalled for {figures["longest_stall"] * 1000:.0f}'
        _row(f'stop after {name.replace("_", " ")}', figures, verdict)
    if 'drops' in result:
        part, age = result['drops'], result['drops']['age_on_arrival_s']
        verdict = f'{part["recovered"]} of {part["drops"]} recovered'
        _row('dropped connection to next drive command', part['recovery_s'], verdict)
        verdict = f'{age["beyond_limit"]} of {age["n"]} older than {age["limit"] * 1000:.0f}'
        _row('age of commands on arrival', age, verdict)


def _row(name: str, figures: dict[str, Any], verdict: str = '') -> None:
    cells = ''.join(f'{figures[n] * 1000:8.1f}' for n in _COLUMNS)
    print(f'{name:44}{cells}  {verdict}'.rstrip())
