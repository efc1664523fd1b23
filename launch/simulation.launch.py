"""A night in the simulated garden: animals, camera and robot are simulated, all else is real."""

from launch.actions import DeclareLaunchArgument
from sentinel_bringup.entries import SimulationOptions
from sentinel_bringup.launching import COMMON_ARGUMENTS, common_options, describe
from sentinel_common.errors import ConfigurationError

from sentinel_bringup import nodes

ARGUMENTS = (
    DeclareLaunchArgument(
        'scenario',
        default_value='raccoon_night',
        description='what happens: a name in config/scenarios, or a file',
    ),
    DeclareLaunchArgument('seed', default_value='1', description='chance of the night'),
    DeclareLaunchArgument(
        'robots',
        default_value='1',
        choices=['1', '2'],
        description='how many guard the garden; two have the namespaces robot1 and robot2, a bed '
        'and half of the garden each',
    ),
    *COMMON_ARGUMENTS,
)


def plan(values):
    """Return the list of nodes."""
    if not values['seed'].isdecimal():
        raise ConfigurationError(f'seed:={values["seed"]} is no whole number.')
    return nodes.simulation(
        SimulationOptions(
            scenario=values['scenario'],
            seed=int(values['seed']),
            robots=int(values['robots']),
            armed=True,
            **common_options(values),
        )
    )


def generate_launch_description():
    """Entry point of ``ros2 launch``."""
    return describe(ARGUMENTS, plan)
