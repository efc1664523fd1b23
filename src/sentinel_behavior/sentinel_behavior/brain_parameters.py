"""Parameters of the brain, and the settings made of them."""

from collections.abc import Mapping
from typing import Any

from sentinel_common.parameters import Parameter

from .policy import POLICIES
from .settings import SETTINGS, Settings


def _seconds(name: str, default: float, about: str, maximum: float = 600.0) -> Parameter:
    return Parameter(name, default, f'{about}, s', minimum=0.1, maximum=maximum, read_only=True)


def _hour(name: str, default: float, about: str) -> Parameter:
    return Parameter(name, default, about, minimum=0.0, maximum=24.0, read_only=True)


def _share(name: str, default: float, about: str) -> Parameter:
    return Parameter(name, default, about, minimum=0.0, maximum=1.0, read_only=True)


PARAMETERS = (
    Parameter('tree', 'config/tree.yaml', 'file with the behaviour tree', read_only=True),
    Parameter('deterrents', 'config/deterrents.yaml', 'file with the deterrents', read_only=True),
    Parameter('zones', 'config/zones.yaml', 'file with geofence and zones', read_only=True),
    Parameter(
        'policy', 'thompson', 'how a deterrent is chosen', choices=tuple(POLICIES), read_only=True
    ),
    Parameter('seed', 0, 'seed of all chance; 0: a new one each start', minimum=0, read_only=True),
    Parameter(
        'state_file',
        '',
        'file that keeps what the policy learned; empty: it forgets at the end',
        read_only=True,
    ),
    Parameter('hooks', False, 'allow deterrents with a hook', read_only=True),
    _share('hold_out', 0.0, 'trial: share of visits that get nothing, 0..1'),
    _share('neutral', 0.0, 'trial: share of visits that get the control sound, 0..1'),
    Parameter('a_a', False, 'trial: toss for one of two groups treated alike', read_only=True),
    Parameter(
        'first_step',
        SETTINGS.first_step,
        'rung of the ladder that is open from the start',
        minimum=1,
        maximum=5,
        read_only=True,
    ),
    _seconds('observe', SETTINGS.observe, 'watching after a stimulus whether the animal leaves'),
    _seconds('absence', SETTINGS.absence, 'without a sight, after which it has left'),
    _seconds('lost', SETTINGS.lost, 'without a sight, after which a stimulus ends', 5.0),
    Parameter(
        'stimuli', SETTINGS.stimuli, 'stimuli per visit before a rest', minimum=1, read_only=True
    ),
    _seconds('cool_down', SETTINGS.cool_down, 'rest after that many', 7200.0),
    _seconds('pause', SETTINGS.pause, 'rest after a stimulus that the guard cut short'),
    _seconds(
        'perception_timeout',
        SETTINGS.perception_timeout,
        'age of the newest picture that counts as a fault',
        10.0,
    ),
    _share('battery_low', SETTINGS.battery_low, 'charge below which it stops, 0..1'),
    _share('battery_ok', SETTINGS.battery_ok, 'charge above which it goes on, 0..1'),
    _hour('night_start', SETTINGS.night[0], 'local hour at which night begins'),
    _hour('night_end', SETTINGS.night[1], 'local hour at which night ends'),
    _hour('quiet_start', 22.0, 'local hour at which quiet hours begin; equal to quiet_end: none'),
    _hour('quiet_end', 7.0, 'local hour at which quiet hours end'),
    _share('sure_posterior', 0.8, 'posterior from which a picture counts as sure'),
    Parameter(
        'sure_hits', 5, 'so many sure pictures make a sure target', minimum=1, read_only=True
    ),
    Parameter('sure_window', 8, 'among so many newest ones', minimum=1, read_only=True),
)


def make_settings(values: Mapping[str, Any]) -> Settings:
    """Settings of the parameters' values."""
    return Settings(
        first_step=values['first_step'],
        observe=values['observe'],
        absence=values['absence'],
        lost=values['lost'],
        stimuli=values['stimuli'],
        cool_down=values['cool_down'],
        pause=values['pause'],
        perception_timeout=values['perception_timeout'],
        battery_low=values['battery_low'],
        battery_ok=values['battery_ok'],
        night=(values['night_start'], values['night_end']),
        quiet=(values['quiet_start'], values['quiet_end']),
    )
