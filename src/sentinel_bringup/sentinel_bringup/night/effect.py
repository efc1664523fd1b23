"""Months of nights under every policy and every animal model, with the same visits for all."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sentinel_behavior.deterrents import Deterrents
from sentinel_behavior.policy import POLICIES
from sentinel_behavior.policy.trial import Trial

from .campaign import Campaign, Outcome
from .residents import Garden, Model
from .statistics import excludes_zero, interval, ratio, share
from .workers import mapper

NIGHTS = 30

# No sentinel. One stimulus for ever: a bark, and the best one of the catalogue. Both keep
# cool-downs, uses per hour and the guard's budget of sound as all others do; only they may come
# twice running. The policies. The learned one that knows nothing from others: what learning alone
# is worth.
NONE, FIXED, BEST, FLAT = 'none', 'fixed_bark', 'fixed_bark_advance', 'thompson_flat_prior'
ARMS = (NONE, FIXED, BEST, 'random', 'round_robin', 'first', 'thompson', FLAT)
BASELINES = (NONE, FIXED, BEST, 'random', 'round_robin')

# What is concluded about the learned choice: the ratio, and what the upper end of its interval must
# not exceed. The first two are of all visits, with those in which the detector misses the animal.
CONCLUSIONS = {
    '30 % fewer than none': (f'over_{NONE}', 0.7),
    '30 % fewer than a fixed bark': (f'over_{FIXED}', 0.7),
    '30 % fewer than none, seen visits': (f'seen_over_{NONE}', 0.7),
    '30 % fewer than a fixed bark, seen visits': (f'seen_over_{FIXED}', 0.7),
    'within 5 % of a fixed bark': (f'over_{FIXED}', 1.05),
    'within 5 % of random': ('over_random', 1.05),
    'within 5 % of round robin': ('over_round_robin', 1.05),
    'better than random': ('over_random', 1.0),
    'better than round robin': ('over_round_robin', 1.0),
}


@dataclass(frozen=True)
class Month:
    """What one campaign comes to.

    ``seen_seconds``: raccoon-seconds in the beds without the visits that the detector missed, in
    which no choice can help.
    """

    bed_seconds: float
    seen_seconds: float
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
    policy = None
    if arm in (FIXED, BEST):
        name = arm.removeprefix('fixed_')
        catalogue = replace(catalogue, by_name={name: replace(catalogue.by_name[name], step=1)})
        policy = POLICIES['first'](catalogue, random.Random())
    elif arm == FLAT:
        flat = {n: replace(d, prior=(1.0, 1.0)) for n, d in catalogue.by_name.items()}
        catalogue = replace(catalogue, by_name=flat)
        policy = POLICIES['thompson'](catalogue, random.Random(f'policy {seed}'))
    elif arm != NONE:
        policy = POLICIES[arm](catalogue, random.Random(f'policy {seed}'))
    campaign = Campaign(catalogue, garden, policy, trial=Trial(a_a=True), seed=seed)
    return _summary(campaign.run(model, nights))


def _summary(outcomes: Sequence[Outcome]) -> Month:
    groups = [[o.bed_seconds for o in outcomes if o.group == g] for g in 'AB']
    return Month(
        sum(o.bed_seconds for o in outcomes),
        sum(o.bed_seconds for o in outcomes if not o.missed),
        len(outcomes),
        sum(o.fled for o in outcomes),
        sum(len(o.stimuli) for o in outcomes),
        sum(o.sound for o in outcomes),
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
    with mapper(workers) as run:
        for name, model in models.items():
            months = {}
            for arm in arms:
                jobs = [(arm, model, garden, catalogue, s, nights) for s in range(campaigns)]
                months[arm] = list(run(_job, jobs))
                say(f'{name}: {arm}')
            found[name] = figures(months)
    return found


def figures(months: Mapping[str, Sequence[Month]]) -> dict[str, Any]:
    """Means with 95 % intervals [mean, low, high] per campaign, and ratios to the baselines."""
    beds = {arm: [m.bed_seconds for m in done] for arm, done in months.items()}
    seen = {arm: [m.seen_seconds for m in done] for arm, done in months.items()}
    rows: dict[str, Any] = {}
    for arm, done in months.items():
        visits = sum(m.visits for m in done)
        firsts = [f for m in done for f in m.first]
        row: dict[str, Any] = {
            'bed_seconds': interval(beds[arm]),
            'bed_seconds_seen': interval(seen[arm]),
            'visits': visits / len(done),
            'repelled_share': share(sum(m.fled for m in done), visits),
            'stimuli_per_visit': sum(m.stimuli for m in done) / visits,
            'sound_seconds': interval([m.sound for m in done]),
            'first_stimulus_p50_p95': [float(np.percentile(firsts, q)) for q in (50, 95)]
            if firsts
            else None,
            'a_a_excludes_zero': share(sum(m.a_a for m in done), len(done)),
        }
        for baseline in BASELINES:
            if arm != baseline and baseline in beds:
                row[f'over_{baseline}'] = ratio(beds[arm], beds[baseline])
                row[f'seen_over_{baseline}'] = ratio(seen[arm], seen[baseline])
        rows[arm] = row
    return rows


def conclusions(row: Mapping[str, Any]) -> dict[str, bool | None]:
    """Which of CONCLUSIONS hold for an arm; None where there is no ratio, as one is to nothing."""
    return {
        name: row[ratio_of][2] <= limit if row[ratio_of] is not None else None
        for name, (ratio_of, limit) in CONCLUSIONS.items()
    }


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
