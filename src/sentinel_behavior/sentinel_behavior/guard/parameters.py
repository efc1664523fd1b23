"""Parameters of the guard.

Names and units only: a core module, so that simulations read the same list.
"""

from sentinel_common.parameters import Parameter

PARAMETERS = (
    Parameter('armed', False, 'armed at start; leave false on real hardware', read_only=True),
    Parameter(
        'state_file',
        '',
        'file that keeps the emergency stop, and within a run what arm was told; empty: forgotten',
        read_only=True,
    ),
    Parameter(
        'run', '', 'name of the run: the same for a guard that starts again in it', read_only=True
    ),
    Parameter('zones', 'config/zones.yaml', 'file with geofence and zones', read_only=True),
    Parameter(
        'target_species',
        ['raccoon'],
        'species that may be deterred; person, cat and dog never are',
        read_only=True,
    ),
    Parameter(
        'also_protected',
        [],
        'species besides person, cat and dog whose slightest sign forbids every stimulus, of those '
        'that the detector tells apart',
        read_only=True,
    ),
    Parameter(
        'veto_level',
        0.2,  # by the detector's figures in models/README.md; a better one allows less
        'score from which a person, cat or dog counts; far below the level of an alarm',
        minimum=0.01,
        maximum=0.5,
        read_only=True,
    ),
    Parameter(
        'alarm_level',
        0.9,
        'score from which a cat or dog counts even in the box of the target itself',
        minimum=0.3,
        maximum=1.01,
        read_only=True,
    ),
    Parameter(
        'person_alarm_level',
        0.5,  # raccoons near the robot, walking or standing up, score 0.12 at most as a person
        'score from which a person counts even in the box of the target itself',
        minimum=0.01,
        maximum=1.01,
        read_only=True,
    ),
    Parameter(
        'veto_seconds',
        10.0,
        'how long a person, cat or dog forbids every stimulus after it was seen last, s',
        minimum=1.0,
        maximum=600.0,
        read_only=True,
    ),
    Parameter(
        'sure_posterior',
        0.8,
        'posterior of the species from which a track counts as sure in one picture',
        minimum=0.5,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        'sure_hits', 5, 'so many sure pictures make a sure target', minimum=1, read_only=True
    ),
    Parameter(
        'sure_window', 8, 'among so many newest pictures', minimum=1, maximum=100, read_only=True
    ),
    Parameter(
        'perception_timeout',
        1.0,
        'age of the newest looked-at picture from which all stands still, s',
        minimum=0.1,
        maximum=2.0,
        read_only=True,
    ),
    Parameter(
        'sweep_timeout',
        1.0,
        'age of the last full look from which nothing is allowed, s',
        minimum=0.1,
        maximum=2.0,
        read_only=True,
    ),
    Parameter(
        'minimum_distance',
        0.7,
        'distance to an animal that own motion never falls below, m',
        minimum=0.7,
        maximum=5.0,
        read_only=True,
    ),
    Parameter(
        'way_out_width',
        1.0,
        'width of the path kept free between an animal and where it came in, m to each side',
        minimum=0.3,
        maximum=3.0,
        read_only=True,
    ),
    Parameter(
        'charge_limit',
        3.0,
        'own motion towards animals per minute, m',
        minimum=0.0,
        maximum=20.0,
        read_only=True,
    ),
    Parameter(
        'path_without_fix',
        2.0,
        'walking without being told where the robot is, m',
        minimum=0.0,
        maximum=5.0,
        read_only=True,
    ),
    Parameter('max_speed', 0.3, 'planar speed, m/s', minimum=0.0, maximum=1.0, read_only=True),
    Parameter('max_turn_rate', 1.5, 'turning, rad/s', minimum=0.0, maximum=3.0, read_only=True),
    Parameter(
        'sound_budget', 60.0, 'sound per hour, s', minimum=0.0, maximum=3600.0, read_only=True
    ),
    Parameter(
        'quiet_sound_budget',
        30.0,
        'sound per hour in quiet hours, s; 0 forbids it there',
        minimum=0.0,
        maximum=3600.0,
        read_only=True,
    ),
    Parameter(
        'quiet_start',
        22.0,
        'local hour at which quiet hours begin; equal to quiet_end: none',
        minimum=0.0,
        maximum=24.0,
        read_only=True,
    ),
    Parameter(
        'quiet_end',
        7.0,
        'local hour at which quiet hours end',
        minimum=0.0,
        maximum=24.0,
        read_only=True,
    ),
    Parameter(
        'light_budget',
        120.0,
        'head light per hour, s; 0 forbids it',
        minimum=0.0,
        maximum=3600.0,
        read_only=True,
    ),
)

DEFAULTS = {p.name: p.default for p in PARAMETERS}
