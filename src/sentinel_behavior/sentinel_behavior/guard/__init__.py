"""The safety layer between brain and robot."""

from collections.abc import Mapping
from typing import Any

from sentinel_common.species import PROTECTED

from ..tracks import make_sureness
from ..zones import Zones
from . import limits, rules
from .core import Guard, RuleSet
from .veto import VetoSettings


def make_guard(values: Mapping[str, Any], zones: Zones) -> Guard:
    """Build the guard from the values of ``guard.parameters.PARAMETERS`` and the zones file."""
    return Guard(
        rules=RuleSet(
            rules=(
                rules.EmergencyStop(),
                rules.Disarmed(),
                rules.PersonOrPet(seconds=values['veto_seconds']),
                rules.Restarted(seconds=values['veto_seconds']),
                rules.StalePerception(seconds=values['perception_timeout']),
                rules.NoSweep(seconds=values['sweep_timeout']),
                rules.UnsureTarget(),
                rules.UnsureApproach(),
                rules.RangeUnknown(seconds=values['perception_timeout']),
                rules.NoPoseFix(path=values['path_without_fix']),
                rules.SoundBudget(
                    per_hour=values['sound_budget'],
                    per_quiet_hour=values['quiet_sound_budget'],
                    quiet=(values['quiet_start'], values['quiet_end']),
                ),
                rules.LightBudget(per_hour=values['light_budget']),
                rules.LightSilence(),
            ),
            limits=(
                limits.SpeedLimit(speed=values['max_speed'], turn=values['max_turn_rate']),
                limits.MinimumDistance(distance=values['minimum_distance']),
                limits.WayOut(width=values['way_out_width']),
                limits.ChargeLimit(metres=values['charge_limit']),
                limits.Geofence(polygon=zones.geofence),
            ),
        ),
        veto=VetoSettings(
            targets=frozenset(values['target_species']) - PROTECTED,
            protected=PROTECTED | frozenset(values['also_protected']),
            veto_level=values['veto_level'],
            alarm_level=values['alarm_level'],
            person_alarm_level=values['person_alarm_level'],
            seconds=values['veto_seconds'],
        ),
        sureness=make_sureness(values),
        max_speed=values['max_speed'],
        armed=values['armed'],
    )
