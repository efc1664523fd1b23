"""``./sentinel bench night``: what the brain achieves in a month, and whom it never acts at."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sentinel_behavior.deterrents import read_deterrents
from sentinel_common.arguments import whole
from sentinel_common.configuration import digest
from sentinel_common.files import share

from sentinel_common import benchmark

from . import effect, meetings, rendered_figures, worlds
from .residents import read_nights

SUMMARY = 'seeded months of nights: effect of the policies, actions at people and pets, invariants'

PARTS = ('effect', 'assumptions', 'encounters', 'errors', 'rendered', 'invariants')

_PACKAGES = ('numpy', 'scipy', 'py-trees')
_DATA = tuple(
    f'config/{n}.yaml' for n in ('nights', 'animals', 'detector_errors', 'deterrents', 'tree')
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--part', choices=PARTS, action='append', help='default: all of them')
    parser.add_argument('--campaigns', type=whole(1), default=200, help='months per policy (200)')
    parser.add_argument(
        '--encounters', type=whole(1), default=3000, help='with people and pets (3000)'
    )
    parser.add_argument(
        '--others', type=whole(1), default=300, help='encounters of each other kind (300)'
    )
    parser.add_argument(
        '--rendered',
        type=whole(1),
        default=60,
        help='raccoons that come alone in rendered gardens (60)',
    )
    parser.add_argument(
        '--worlds', type=whole(1), default=100_000, help='random worlds per invariant (100000)'
    )
    parser.add_argument(
        '--journal',
        type=Path,
        help='file that keeps finished worlds and rendered encounters: the run goes on from there',
    )
    parser.add_argument('--workers', type=whole(1), default=1, help='processes (1)')
    benchmark.add_json_option(parser)


def main(args: argparse.Namespace) -> int:
    """Run the benchmark, print its figures, and write them; 130 where Ctrl-C cut it short."""
    parts = args.part or list(PARTS)
    found: dict[str, Any] = {
        'format': 1,
        'benchmark': 'night',
        **benchmark.environment(0, _PACKAGES),  # campaigns and worlds have the seeds 0, 1, 2, ...
        'data': {name: digest(share(name)) for name in _DATA},
    }
    start, interrupted = time.monotonic(), False
    for part in parts:
        found[part] = _PARTS[part](args)
        if interrupted := _is_cut(part, found[part], args):
            break
    found['seconds'] = round(time.monotonic() - start, 1)
    if args.json:
        benchmark.write(args.json, found)
    return 128 + signal.SIGINT if interrupted else 0


def _is_cut(part: str, found: Mapping[str, Any], args: argparse.Namespace) -> bool:
    """Whether Ctrl-C ended a part that gives figures of what was played until then."""
    if part == 'rendered':
        return len(found['encounters']) < len(rendered_figures.encounters(args.rendered))
    return part == 'invariants' and any(row['worlds'] < args.worlds for row in found.values())


def _effect(args: argparse.Namespace) -> dict[str, Any]:
    garden, models = read_nights(share('config/nights.yaml'))
    catalogue = read_deterrents(share('config/deterrents.yaml'))
    start = _processor_seconds()
    found = effect.measure(
        models, garden, catalogue, campaigns=args.campaigns, workers=args.workers, say=_progress
    )
    for name, rows in found.items():
        print(
            f'\nraccoon-seconds in the beds in {effect.NIGHTS} nights, animal model {name}'
            ' (/baseline: ratio in all visits, in seen ones):'
        )
        for arm, row in rows.items():
            print(f'  {arm:24} {_row(row)}')
        rows['thompson']['conclusions'] = effect.conclusions(rows['thompson'])
        print('  not concluded:', _failed(rows['thompson']) or 'nothing')
    spent = _processor_seconds() - start
    nights = args.campaigns * effect.NIGHTS * len(models) * len(effect.ARMS)
    garden_seconds = nights * ((garden.night[1] - garden.night[0]) % 24) * 3600.0
    print(f'\n{garden_seconds / spent:.0f} times real time on one core')
    return {
        'campaigns': args.campaigns,
        'nights': effect.NIGHTS,
        'models': found,
        'cpu_seconds': round(spent, 1),
        'times_real_time': round(garden_seconds / spent),
    }


def _processor_seconds() -> float:
    """Processor time of this process and of its workers that have ended, s."""
    return sum(os.times()[:4])


def _row(row: Mapping[str, Any]) -> str:
    mean, low, high = row['bed_seconds']
    text = f'{mean:7.0f} [{low:.0f}, {high:.0f}]  seen {row["bed_seconds_seen"][0]:6.0f}'
    text += f'  repelled {row["repelled_share"][0]:.0%}'
    text += f'  sound {row["sound_seconds"][0]:5.0f} s  A/A {row["a_a_excludes_zero"][0]:.1%}'
    for name in effect.BASELINES:
        if f'over_{name}' in row:
            text += f'  /{name} {_ratio(row[f"over_{name}"])} {_ratio(row[f"seen_over_{name}"])}'
    return text


def _ratio(found: tuple[float, float, float] | None) -> str:
    return f'{found[0]:.2f}' if found else '-'


def _assumptions(args: argparse.Namespace) -> dict[str, Any]:
    garden, models = read_nights(share('config/nights.yaml'))
    catalogue = read_deterrents(share('config/deterrents.yaml'))
    found = {}
    print('\nlearned choice over the baselines, one assumption changed (animal model average):')
    for name, (model, changed) in effect.variations(models['average'], garden).items():
        rows = effect.measure(
            {name: model}, changed, catalogue,
            campaigns=args.campaigns, workers=args.workers,
            arms=(*effect.BASELINES, 'thompson'),
        )[name]['thompson']  # fmt: skip
        found[name] = {k: v for k, v in rows.items() if 'over_' in k}
        print(f'  {name:22}', *(f'{k} {_ratio(v)}' for k, v in found[name].items()), flush=True)
        found[name]['conclusions'] = effect.conclusions(rows)
    broken_by = {
        conclusion: [name for name, row in found.items() if row['conclusions'][conclusion] is False]
        for conclusion in effect.CONCLUSIONS
    }
    for conclusion, names in broken_by.items():
        print(f'  {conclusion}: {"not with " + ", ".join(names) if names else "survives all"}')
    return {'campaigns': args.campaigns, 'variations': found, 'broken_by': broken_by}


def _failed(row: Mapping[str, Any]) -> str:
    return ', '.join(name for name, holds in row['conclusions'].items() if holds is False)


def _encounters(args: argparse.Namespace) -> dict[str, Any]:
    found = meetings.measure(args.encounters, args.others, workers=args.workers, say=_progress)
    print('\nencounters with people and pets, detector errors drawn per encounter:')
    if found['counted_model'] != found['shipped_model']:
        print('  (the errors were counted with another model than the shipped one)')
    _actions('as measured', found['measured'])
    for cause, number in found['measured']['causes'].items():
        print(f'    {number} x {cause}')
    for key in ('answered', 'vetoed_by_mistake', 'unanswered_for_a_veto', 'never_sure'):
        print(f'  raccoon visits {key}: {found[key][0]:.1%}')
    for key in ('first_after_sure_p50_p95', 'first_after_sure_unvetoed_p50_p95'):
        print(f'  {key}: {found[key]}')
    print(f'  false actions in 10 nights: {found["false_actions"]["in_10_nights"]:.1f}')
    print(f'  families: {found["family"]}')
    return found


def _errors(args: argparse.Namespace) -> dict[str, Any]:
    found = meetings.compare(args.others, workers=args.workers, say=_progress)
    print('\nencounters with people and pets, other errors of the detector:')
    for row in found['curve']:
        _actions(f'{row["never_seen"]:.0%} never seen', row)
    for name, row in (found['sets'] | found['slower'] | found['assumptions']).items():
        _actions(name, row)
        if 'answered' in row:
            answered, vetoed = row['answered'][0], row['vetoed_by_mistake'][0]
            print(f'    raccoon visits answered {answered:.0%}, vetoed by mistake {vetoed:.0%}')
    return found


def _actions(name: str, row: Mapping[str, Any]) -> None:
    rate, low, high = row['actions']
    print(
        f'  {name}: {rate * 1000:.1f} actions per 1000 [{low * 1000:.1f}, {high * 1000:.1f}] '
        f'in {row["encounters"]}, {row["during_engagement"]} during an engagement'
    )


def _rendered(args: argparse.Namespace) -> dict[str, Any]:
    found = rendered_figures.measure(
        args.rendered, workers=args.workers, journal=args.journal, say=_progress
    )
    print(*rendered_figures.lines(found), sep='\n')
    return found


def _invariants(args: argparse.Namespace) -> dict[str, Any]:
    found = worlds.measure(args.worlds, workers=args.workers, journal=args.journal, say=_progress)
    for name, row in found.items():
        print(f'  {name}: {row["broken"]} of {row["worlds"]} random worlds broken')
    return found


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


_PARTS = {
    'effect': _effect,
    'assumptions': _assumptions,
    'encounters': _encounters,
    'errors': _errors,
    'rendered': _rendered,
    'invariants': _invariants,
}
