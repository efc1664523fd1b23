"""Months of nights under every policy and every animal model, with the same visits for all."""

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..deterrents import Deterrents
from ..policy import POLICIES
from ..policy.trial import Trial
from ..world import SETTINGS
from .campaign import Campaign, Outcome
from .residents import Garden, Model
from .statistics import excludes_zero, interval, ratio, share

NIGHTS = 30

# No sentinel; always the same bark; the policies; and the learned one where sound is open from the
# start.
NONE, FIXED, LOUD = 'none', 'fixed_bark', 'thompson_sound_at_once'
ARMS = (NONE, FIXED, 'random', 'round_robin', 'first', 'thompson', LOUD)


@dataclass(frozen=True)
class Month:
    """What one campaign comes to."""

    bed_seconds: float
    visits: int
    fled: int
    stimuli: int
    sound: float  # s
    first: tuple[float, ...]
    a_a: bool  # whether two groups that were treated alike differ


def month(
    arm: str, model: Model, garden: Garden, catalogue: Deterrents, seed: int, nights: int = NIGHTS
) -> Month:
    """Live through one campaign; the same ``seed`` has the same visits for every arm."""
    policy, settings = None, SETTINGS
    if arm == FIXED:
        catalogue = replace(catalogue, by_name={'bark': replace(catalogue.by_name['bark'], step=1)})
        policy = POLICIES['first'](catalogue, random.Random())
    elif arm == LOUD:
        settings = replace(SETTINGS, first_step=2)
        policy = POLICIES['thompson'](catalogue, random.Random(f'policy {seed}'))
    elif arm != NONE:
        policy = POLICIES[arm](catalogue, random.Random(f'policy {seed}'))
    campaign = Campaign(
        catalogue, garden, policy, settings=settings, trial=Trial(a_a=True), seed=seed
    )
    outcomes = campaign.run(model, nights)
    sounds = {n: d.duration for n, d in catalogue.by_name.items() if d.sound}
    return _summary(outcomes, sounds)


def _summary(outcomes: Sequence[Outcome], sounds: Mapping[str, float]) -> Month:
    groups = [[o.bed_seconds for o in outcomes if o.group == g] for g in 'AB']
    return Month(
        sum(o.bed_seconds for o in outcomes),
        len(outcomes),
        sum(o.fled for o in outcomes),
        sum(len(o.stimuli) for o in outcomes),
        sum(sounds.get(name, 0.0) for o in outcomes for name in o.stimuli),
        tuple(o.first for o in outcomes if o.first is not None),
        excludes_zero(*groups),
    )


def _job(job: tuple[str, Model, Garden, Deterrents, int, int]) -> Month:
    return month(*job)


def measure(
    models: Mapping[str, Model],
    garden: Garden,
    catalogue: Deterrents,
    *,
    campaigns: int,
    nights: int = NIGHTS,
    arms: Sequence[str] = ARMS,
    workers: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Figures by model and arm; ``say`` hears how far it is."""
    found: dict[str, Any] = {}
    with ProcessPoolExecutor(workers) as pool:
        for name, model in models.items():
            months = {}
            for arm in arms:
                jobs = [(arm, model, garden, catalogue, s, nights) for s in range(campaigns)]
                months[arm] = list(pool.map(_job, jobs, chunksize=4))
                say(f'{name}: {arm}')
            found[name] = figures(months)
    return found


def figures(months: Mapping[str, Sequence[Month]]) -> dict[str, Any]:
    """Means with 95 % intervals [mean, low, high] per campaign, and ratios to the baselines."""
    beds = {arm: [m.bed_seconds for m in done] for arm, done in months.items()}
    rows: dict[str, Any] = {}
    for arm, done in months.items():
        visits = sum(m.visits for m in done)
        firsts = [f for m in done for f in m.first]
        row: dict[str, Any] = {
            'bed_seconds': interval(beds[arm]),
            'visits': visits / len(done),
            'repelled_share': share(sum(m.fled for m in done), visits),
            'stimuli_per_visit': sum(m.stimuli for m in done) / visits,
            'sound_seconds': interval([m.sound for m in done]),
            'first_stimulus_p50_p95': [float(np.percentile(firsts, q)) for q in (50, 95)]
            if firsts
            else None,
            'a_a_excludes_zero': share(sum(m.a_a for m in done), len(done)),
        }
        for baseline in (NONE, FIXED, 'random', 'round_robin'):
            if arm != baseline and baseline in beds:
                row[f'over_{baseline}'] = ratio(beds[arm], beds[baseline])
        rows[arm] = row
    return rows


# What is halved and doubled, one after the other: assumptions of the models and of the garden.
def variations(model: Model, garden: Garden) -> dict[str, tuple[Model, Garden]]:
    """The model and garden with one assumption changed each."""
    base = model.temperament()
    found: dict[str, tuple[Model, Garden]] = {'as assumed': (model, garden)}
    for factor, word in ((0.5, 'halved'), (2.0, 'doubled')):
        for name in ('boldness', 'habituation', 'recovery'):
            changed = replace(model, **{name: getattr(model, name) * factor})
            found[f'{name} {word}'] = changed, garden
        for name in ('bark', 'growl', 'voice', 'light', 'looming'):
            strength = base.stimuli[name].strength * factor
            changed = replace(model, strengths={**model.strengths, name: strength})
            found[f'{name} {word}'] = changed, garden
        for name in ('visits', 'sight', 'missed', 'sure_after', 'returns'):
            value = min(1.0, getattr(garden, name) * factor) if name == 'returns' else None
            value = getattr(garden, name) * factor if value is None else value
            found[f'{name} {word}'] = model, replace(garden, **{name: value})
        stays = garden.stays[0] * factor, garden.stays[1] * factor
        found[f'stays {word}'] = model, replace(garden, stays=stays)
    return found
