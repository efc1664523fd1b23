"""The robot's shape and transforms alone, for RViz and for other people's launch files."""

from pathlib import Path

from sentinel_bringup.entries import Options
from sentinel_bringup.launching import NAMESPACE, PARAMS_FILE, USE_SIM_TIME, describe, files

from sentinel_bringup import nodes


def plan(values):
    """Return the list of nodes."""
    return nodes.description(
        Options(
            folder=Path(),
            files=files(values),
            namespace=values['namespace'],
            use_sim_time=values['use_sim_time'] == 'true',
        )
    )


def generate_launch_description():
    """Entry point of ``ros2 launch``."""
    return describe([NAMESPACE, PARAMS_FILE, USE_SIM_TIME], plan)
