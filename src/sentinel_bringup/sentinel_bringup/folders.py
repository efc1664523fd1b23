"""Which folder a run writes into, where the person names none."""

from datetime import datetime

from .entries import EMULATED, TOPIC

# The folder of a garden: log, pictures, what was learned. One run goes on where the last one ended.
GARDEN = 'garden'


def stamped(command: str) -> str:
    """Return the name of a folder that no other run of ``command`` has."""
    # Two may well begin within a second, but not within a microsecond.
    return f'{datetime.now():%Y%m%d-%H%M%S-%f}-{command}'


def is_garden(name: str) -> bool:
    """Whether the folder ``name`` is that of a garden, in which every night goes on."""
    return name.partition('-')[0] == GARDEN


def of_source(source: str, robot: str, namespace: str = '') -> str:
    """Return the name of the folder for a run on ``source`` with ``robot``.

    Who watches a garden does so night after night: all such runs share one folder, one for each
    robot. What is tried on a clip or with the emulated robot is no part of the garden's story.
    """
    if robot == EMULATED or not is_endless(source):
        return stamped('run')
    return f'{GARDEN}-{namespace.strip("/").replace("/", "-")}'.rstrip('-')


def is_endless(source: str) -> bool:
    """Whether pictures come from ``source`` until somebody ends the run."""
    # OpenCV takes its time to load; the list of commands must not wait for it.
    from sentinel_perception.camera.sources import is_live

    return source == TOPIC or is_live(source)
