"""The robot's shape and transforms alone, for RViz and for other people's launch files."""

from pathlib import Path

from launch.actions import DeclareLaunchArgument
from sentinel_bringup.launching import describe

from sentinel_bringup import nodes

ARGUMENTS = (
    DeclareLaunchArgument('namespace', default_value='', description='one per robot'),
    DeclareLaunchArgument(
        'use_sim_time',
        default_value='false',
        choices=['true', 'false'],
        description='take the time from /clock',
    ),
)


def plan(values):
    """Return the list of nodes."""
    return nodes.description(
        nodes.Options(
            folder=Path(),
            namespace=values['namespace'],
            use_sim_time=values['use_sim_time'] == 'true',
        )
    )


def generate_launch_description():
    """Entry point of ``ros2 launch``."""
    return describe(ARGUMENTS, plan)
