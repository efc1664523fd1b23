"""The parameters of the speaker, in one list."""

from sentinel_common.parameters import Parameter

PARAMETERS = (
    Parameter('volume', 1.0, 'scales the volume of every sound', minimum=0.0, maximum=1.0),
    Parameter(
        'hourly_budget',
        120.0,
        's of sound in any sixty minutes, also of people, after which the brain may make none; '
        'the guard has a budget of its own',
        minimum=0.0,
        maximum=3600.0,
        read_only=True,
    ),
    Parameter(
        'render_folder',
        '',
        'write sounds as files into this folder instead of playing them; where there is no audio '
        'and no folder is given, the last of each name in ~/.local/share/garden-sentinel/sounds',
        read_only=True,
    ),
    Parameter('seed', 0, 'variation of the bundled sounds; 0: another one each time', minimum=0),
)
