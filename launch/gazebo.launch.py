"""Gazebo instead of the embedded simulator; never run yet, its files are checked only.

Starts ``gz sim`` with the garden, puts the robot in, bridges topics by config/gazebo_bridge.yaml,
and runs the same stack: driver, emulated radio, emulated MekaMon, which here moves Gazebo's servos.
"""

import shlex
from dataclasses import replace

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare
from sentinel_bringup.description import load
from sentinel_bringup.entries import EMULATED, TOPIC, SourceOptions
from sentinel_bringup.launching import (
    ARMED,
    COMMON_ARGUMENTS,
    USE_SIM_TIME,
    common_options,
    describe,
    require,
    switch,
)
from sentinel_common.files import share

from sentinel_bringup import nodes

ARGUMENTS = (
    DeclareLaunchArgument(
        'world', default_value=str(share('urdf/garden.sdf')), description='world file of Gazebo'
    ),
    switch('gui', True, 'open the window of Gazebo; false: server only'),
    ARMED,
    *(a for a in COMMON_ARGUMENTS if a is not USE_SIM_TIME),  # it is Gazebo's, always
)


def plan(values):
    """Return the nodes of a run on a camera, with Gazebo in the place of camera and body."""
    options = common_options({**values, 'use_sim_time': 'true'})
    entries = nodes.own_source(
        SourceOptions(source=TOPIC, robot=EMULATED, armed=values['armed'] == 'true', **options)
    )
    return [
        replace(entry, parameters={**entry.parameters, 'body': 'gazebo'})
        if entry.name == 'mekamon_emulator'
        else entry
        for entry in entries
    ]


def gazebo(values):
    """Return the actions that start Gazebo, the robot in it, and the bridge."""
    require('ros_gz_sim', 'ros_gz_bridge')
    # The server alone must draw what the camera sees without a screen.
    window = '' if values['gui'] == 'true' else '-s --headless-rendering '
    urdf = load(
        share('urdf/mekamon.urdf.xacro'),
        {'gazebo': 'true', 'mesh_dir': f'file://{share("urdf/meshes")}'},
    )
    return [
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(
                PathJoinSubstitution([FindPackageShare('ros_gz_sim'), 'launch', 'gz_sim.launch.py'])
            ),
            launch_arguments={
                'gz_args': f'-r {window}{shlex.quote(values["world"])}',
                'on_exit_shutdown': 'true',
            }.items(),
        ),
        Node(
            package='ros_gz_sim',
            executable='create',
            arguments=['-name', 'mekamon', '-string', urdf, '-z', '0.12'],
            output='screen',
        ),
        Node(
            package='ros_gz_bridge',
            executable='parameter_bridge',
            namespace=values['namespace'],
            parameters=[{'config_file': str(share('config/gazebo_bridge.yaml'))}],
            output='screen',
        ),
    ]


def generate_launch_description():
    """Entry point of ``ros2 launch``."""
    return describe(ARGUMENTS, plan, before=gazebo)
