"""How long the stack takes from a picture to the radio's write, measured on simulated nights."""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sentinel_common.arguments import whole
from sentinel_common.errors import SentinelError

from sentinel_common import benchmark

from . import demo, session

SUMMARY = 'time from the capture of a picture to the first Bluetooth write that answers it'

# Stages of a sample of the recorder: seconds from the capture of the picture.
STAGES = ('detection', 'command', 'write')
QUANTILES = (50, 95, 99)

_PACKAGES = ('numpy', 'mujoco-core', 'ai-edge-litert', 'bleak', 'bumble', 'ros-kilted-rclpy')


class NoSamplesError(SentinelError):
    """No picture was answered by a movement."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the benchmark."""
    parser.add_argument('--nights', type=whole(1), default=1, help='nights to play (default: 1)')
    benchmark.add_json_option(parser)
    demo.add_night_arguments(parser)
    session.add_common_arguments(parser)
    parser.set_defaults(robots=1, record=False)


def quantiles(samples: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return ``{stage: {p50, p95, p99}}`` in seconds of the samples of the recorder."""
    found = {}
    for stage in STAGES:
        values = [sample[stage] for sample in samples if stage in sample]
        if values:
            found[stage] = {f'p{q}': float(np.percentile(values, q)) for q in QUANTILES}
    return found


def main(arguments: argparse.Namespace) -> int:
    """Play the nights, print the quantiles of each stage, and write them.

    A signal ends it, with figures of the nights before and the exit status 128 and its number.
    """
    from sentinel_behavior.report import summarise

    measured_on = benchmark.environment(arguments.seed, _PACKAGES)
    samples: list[dict[str, float]] = []
    stacks: list[Any] = []
    seeds: list[int] = []
    signal = 0
    for seed in range(arguments.seed, arguments.seed + arguments.nights):
        arguments.seed = seed
        with tempfile.TemporaryDirectory(prefix='sentinel-latency-') as name:
            folder = Path(name)
            signal = demo.play(arguments, folder).signal
            if signal:
                break  # of half a night nobody knows what it would have shown
            samples += [dict(sample) for sample in summarise(folder).latency]
            seeds.append(seed)
            stacks.append(json.loads((folder / 'stack.json').read_text())['total'])
    if not samples and signal:
        return 128 + signal
    if not samples:
        raise NoSamplesError('No picture was answered by a movement.', 'Try another --seed.')
    stages = quantiles(samples)
    print(f'\nSeconds from the capture of a picture, {len(samples)} answers:')
    for stage, values in stages.items():
        print(f'  {stage:10}', '  '.join(f'{k} {v:.3f}' for k, v in values.items()))
    if arguments.json:
        result = {
            'benchmark': 'latency',
            **measured_on,
            'scenario': arguments.scenario,
            'seeds': seeds,
            'samples': len(samples),
            'seconds': stages,
            'stack': stacks,
        }
        benchmark.write(arguments.json, result)
    return 128 + signal if signal else 0
