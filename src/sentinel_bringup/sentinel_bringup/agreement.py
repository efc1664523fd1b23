"""What the nodes of one robot must agree on, and none of them can know alone."""

from collections.abc import Callable, Mapping
from typing import Any

from sentinel_behavior.deterrents import Deterrents, read_deterrents
from sentinel_behavior.tracks import make_sureness
from sentinel_behavior.zones import read_zones
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share
from sentinel_common.species import SPECIES
from sentinel_driver.sound import library, synthesis
from sentinel_driver.sound.wav import SoundError

Values = Mapping[str, Any]

# Parameters that brain and guard must take alike, and what they mean to both: quiet hours that
# begin when they end are none, and an hour below 0 is the clock's.
_ALIKE: tuple[tuple[tuple[str, ...], Callable[[Values], Any]], ...] = (
    (('zones',), lambda v: read_zones(share(v['zones']))),
    (
        ('quiet_start', 'quiet_end'),
        lambda v: v['quiet_start'] != v['quiet_end'] and (v['quiet_start'], v['quiet_end']),
    ),
    (('hour',), lambda v: v['hour'] if v['hour'] >= 0.0 else None),
    (('sure_posterior', 'sure_hits', 'sure_window'), make_sureness),
)

# Score from which the detector tells of a person, cat or dog, and the one of the guard that it must
# reach down to: as a hint, and in the box of a track that is told.
_HEARD = (('veto_level', 'veto_level'), ('household_threshold', 'person_alarm_level'))


def check(nodes: Mapping[str, Values], robot: str = '') -> None:
    """Raise ConfigurationError where the nodes of a robot would work against each other.

    Args:
        nodes: all parameters of each node by its name; what is missing is not compared.
        robot: namespace, '' where there is one robot only.

    """
    brain, guard, detector = nodes.get('brain'), nodes.get('guard'), nodes.get('detector')
    of = f' of {robot}' if robot else ''
    if brain is not None:
        catalogue = read_deterrents(share(brain['deterrents']))
        if guard is not None:
            _check_alike(brain, guard, of)
            _check_targets(catalogue, brain, guard)
        if detector is not None:
            _check_known(catalogue, brain['deterrents'])
        if 'speaker' in nodes:
            _check_sounds(catalogue, brain['deterrents'])
    if guard is not None and detector is not None:
        _check_protected(detector, guard, of)
        _check_heard(detector, guard, of)


def _check_alike(brain: Values, guard: Values, of: str) -> None:
    for names, meaning in _ALIKE:
        if meaning(brain) != meaning(guard):
            told = ', '.join(
                f'{name} is {brain[name]} for the brain and {guard[name]} for the guard'
                for name in names
                if brain[name] != guard[name]
            )
            raise ConfigurationError(
                f'Brain and guard{of} do not agree: {told}.',
                'Give both the same, in the sections /**/brain and /**/guard of a parameter file.',
            )


def _check_known(catalogue: Deterrents, file: str) -> None:
    for species in catalogue.target_species:
        if species not in SPECIES:
            raise ConfigurationError(
                f'{file}: the detector knows no target {species!r}.',
                f'It tells apart: {", ".join(SPECIES)}.',
            )


def _check_protected(detector: Values, guard: Values, of: str) -> None:
    theirs, ours = guard['also_protected'], detector['also_protected']
    for species in theirs:
        if species not in SPECIES:
            raise ConfigurationError(
                f"The guard's parameter also_protected holds {species!r}, which the detector "
                'does not know: nobody would be protected.',
                f'It tells apart: {", ".join(SPECIES)}. A hedgehog is an other_animal there.',
            )
    if set(theirs) != set(ours):
        raise ConfigurationError(
            f'Guard and detector{of} do not agree: also_protected is {theirs} for the guard and '
            f'{ours} for the detector.',
            'Give both the same, in the sections /**/guard and /**/detector of a parameter file.',
        )


def _check_heard(detector: Values, guard: Values, of: str) -> None:
    for told, heard in _HEARD:
        if detector[told] > guard[heard]:
            raise ConfigurationError(
                f"The detector's {told}{of} is {detector[told]}, above the guard's {heard} of "
                f'{guard[heard]}: the guard would not hear of a person who scores in between.',
                f'Set {told} to at most {guard[heard]} in the section /**/detector.',
            )


def _check_targets(catalogue: Deterrents, brain: Values, guard: Values) -> None:
    for species in catalogue.target_species:
        if species not in guard['target_species']:
            raise ConfigurationError(
                f'{brain["deterrents"]}: {species} is a target, but not for the guard.',
                f"Add {species} to the guard's parameter target_species, or take it out of the "
                'file.',
            )
        if species in guard['also_protected']:
            raise ConfigurationError(
                f"The guard's parameter also_protected holds {species}, which is a target: its "
                'slightest sign would forbid every stimulus.',
                f'Take {species} out of also_protected.',
            )


def _check_sounds(catalogue: Deterrents, file: str) -> None:
    for deterrent in catalogue.by_name.values():
        if deterrent.sound and deterrent.sound.name not in synthesis.BUNDLED:
            try:
                library.load(deterrent.sound.name, 0)
            except SoundError as error:
                raise ConfigurationError(
                    f'{file}: deterrents.{deterrent.name}: {error.reason}', error.cure
                ) from error
