"""Who may reach the nodes: what the environment tells ROS 2 and Fast DDS."""

import os

from sentinel_common.errors import SentinelError
from sentinel_common.files import share

_RANGE, _HERE = 'ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST'
# Distributions that bring Fast DDS 2.
_WITH_FAST_DDS_2 = frozenset({'humble', 'iron', 'jazzy'})


def stay_here() -> None:
    """Let this process and all that it starts look for nodes here only, unless told otherwise."""
    os.environ[_RANGE] = os.environ.get(_RANGE) or _HERE


def check_choice_of_domain() -> None:
    """Raise SentinelError where nobody can tell from here whether a domain is free."""
    if os.environ.get(_RANGE) != _HERE:
        raise SentinelError(
            f'{_RANGE} is {os.environ.get(_RANGE)}: the nodes would talk with those of other '
            'machines, and which domains these use is not known.',
            'Name one that is free: --domain N, or unset the variable.',
        )


def profile(*, images: bool) -> dict[str, str]:
    """Return the variable that names the Fast DDS profile of a node; none where it needs no other.

    In the range of this machine nobody else can reach the node, and whoever publishes ``images``
    gets enough shared memory. A profile that the person has set stays: it may carry their network,
    and there is room for one. Fast DDS 3 (Kilted and later) warns about the name that Fast DDS 2
    (Jazzy) needs.
    """
    old = os.environ.get('ROS_DISTRO') in _WITH_FAST_DDS_2
    name = 'FASTRTPS_DEFAULT_PROFILES_FILE' if old else 'FASTDDS_DEFAULT_PROFILES_FILE'
    kind = '_loopback' * (os.environ.get(_RANGE) == _HERE) + '_images' * images
    return (
        {name: str(share(f'config/fastdds{kind}.xml'))} if kind and name not in os.environ else {}
    )


def reach() -> str:
    """Return in words who can reach nodes that have their ``profile``, after 'in domain N, '."""
    from rclpy import utilities

    if profile(images=False) and 'fastrtps' in utilities.get_rmw_implementation_identifier():
        return 'on this machine only'
    return 'where whoever is in your network may see and command them'
