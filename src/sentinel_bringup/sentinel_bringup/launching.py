"""Makes launch descriptions of the one list of nodes; needs ``launch_ros``, which PyPI lacks."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.logging import launch_config
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from sentinel_common.errors import ConfigurationError, SentinelError

from . import checks, description_node, folders, network, nodes
from .domains import free_port
from .entries import EMULATED, EXIT_USAGE, ROS, NodeEntry

# Time until a node that died is started again, s.
_RESPAWN_DELAY = 2.0

Plan = Callable[[dict[str, str]], list[NodeEntry]]
"""Makes the list of nodes out of the values of the launch arguments."""


def switch(name: str, default: bool, description: str) -> DeclareLaunchArgument:
    """Return an argument that is ``true`` or ``false``."""
    return DeclareLaunchArgument(
        name,
        default_value=str(default).lower(),
        choices=['true', 'false'],
        description=description,
    )


PARAMS_FILE = DeclareLaunchArgument(
    'params_file',
    default_value='',
    description='parameter file of ROS 2 for any of the nodes; several: separate them by ":"',
)
NAMESPACE = DeclareLaunchArgument('namespace', default_value='', description='one per robot')
USE_SIM_TIME = switch('use_sim_time', False, 'take the time from /clock')
ARMED = switch('armed', False, 'act at once; else only after a call of the service arm')

COMMON_ARGUMENTS = (
    NAMESPACE,
    PARAMS_FILE,
    DeclareLaunchArgument(
        'folder',
        default_value='',
        description='where incidents, pictures and sounds are kept; empty: ~/.ros/sentinel/garden '
        'where a camera is watched with a real robot or none, else ~/.ros/sentinel/<time>-run',
    ),
    USE_SIM_TIME,
    switch(
        'autostart',
        True,
        'camera, detector and driver configure and activate themselves; '
        'false: ros2 lifecycle does it',
    ),
    switch('respawn', True, 'start a node that died again'),
    switch('film', False, 'keep an annotated film and samples of the latency'),
    switch('record', False, 'record every topic to an MCAP file in the folder'),
    DeclareLaunchArgument(
        'log_level',
        default_value='info',
        choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='least severity that the nodes log',
    ),
)


def describe(
    arguments: Sequence[DeclareLaunchArgument],
    plan: Plan = lambda values: [],
    before: Callable[[dict[str, str]], list[Any]] = lambda values: [],
) -> LaunchDescription:
    """Return the launch description of the list that ``plan`` makes when the values are known.

    ``before`` makes further actions out of the values; they come first.
    """

    def expand(context: LaunchContext) -> list[Any]:
        values = {a.name: LaunchConfiguration(a.name).perform(context) for a in arguments}
        entries = nodes.of_world(_described(checks.merge(plan(values))), ROS)
        nodes_of_list = [action for entry in entries for action in actions(entry, values)]
        return before(values) + nodes_of_list

    return LaunchDescription([*arguments, OpaqueFunction(function=expand)])


def require(*packages: str) -> None:
    """Raise ConfigurationError where a ROS package is missing that only some people need."""
    for package in packages:
        try:
            get_package_prefix(package)
        except PackageNotFoundError as error:
            name = f'ros-{os.environ.get("ROS_DISTRO", "$ROS_DISTRO")}-{package.replace("_", "-")}'
            raise ConfigurationError(
                f'The ROS package {package} is not installed here.', f'sudo apt install {name}'
            ) from error


def common_options(values: dict[str, str]) -> dict[str, Any]:
    """Return the arguments that all kinds of ``Options`` share."""
    own = [values.get('source', ''), values.get('robot', EMULATED), values['namespace']]
    folder = Path(values['folder'] or f'~/.ros/sentinel/{folders.of_source(*own)}')
    folder = folder.expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return {
        'folder': folder,
        'files': files(values),
        'namespace': values['namespace'].rstrip('/'),
        'use_sim_time': values['use_sim_time'] == 'true',
        'autostart': values['autostart'] == 'true',
        'film': values['film'] == 'true',
        'record': values['record'] == 'true',
        'hci_port': free_port(),
    }


def files(values: dict[str, str]) -> tuple[Path, ...]:
    """Return the parameter files of the launch argument."""
    found = [Path(name).expanduser() for name in values['params_file'].split(':') if name]
    for file in found:
        if not file.is_file():
            raise ConfigurationError(f'The parameter file {file} does not exist.')
    return tuple(found)


def actions(entry: NodeEntry, values: dict[str, str]) -> list[Any]:
    """Return the launch actions of one node."""
    respawn = entry.respawn and values.get('respawn', 'true') == 'true'
    node = Node(
        package=entry.package,
        executable=entry.name,
        name=entry.name,
        namespace=entry.namespace,
        parameters=[_parameter_file(entry)],
        remappings=list(entry.remappings),
        ros_arguments=['--log-level', values.get('log_level', 'info')],
        additional_env=network.profile(images=entry.images),
        respawn=respawn,
        respawn_delay=_RESPAWN_DELAY,
        output='screen',
    )

    def on_exit(event: ProcessExited, context: LaunchContext) -> list[Any]:
        status = event.returncode
        if context.is_shutdown:
            return []
        if status == EXIT_USAGE or (status and entry.ends_run and not respawn):
            # Only an exception makes launch shut down and return anything but success.
            raise SentinelError(f'The node {entry.label} ended with status {status}.')
        if status == 0 and entry.ends_run:
            return [EmitEvent(event=Shutdown(reason=f'{entry.label} has ended'))]
        return []

    return [RegisterEventHandler(OnProcessExit(target_action=node, on_exit=on_exit)), node]


def _parameter_file(entry: NodeEntry) -> str:
    """Write all that the node is told into one file beside the log of the launch; return its path.

    Files that launch_ros makes lie in /tmp, where they are gone when a node of a whole season
    starts again, and hold no empty list.
    """
    file = Path(launch_config.log_dir) / f'{entry.label}.yaml'
    told = {entry.full_name: {'ros__parameters': dict(entry.parameters)}}
    # JSON is YAML in which the text "0" stays a text.
    file.write_text(json.dumps(told, ensure_ascii=False, default=str), encoding='utf-8')
    return str(file)


def _described(entries: list[NodeEntry]) -> list[NodeEntry]:
    """Return the nodes; robot_state_publisher is told what our ``description`` would publish."""
    own = {e.namespace: checks.check([e])[e.label] for e in entries if e.name == 'description'}
    found = []
    for entry in entries:
        if entry.name == 'robot_state_publisher':
            urdf = description_node.urdf(own[entry.namespace])
            entry = replace(entry, parameters={**entry.parameters, 'robot_description': urdf})
        found.append(entry)
    return found
