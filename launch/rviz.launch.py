"""RViz with everything that the sentinel shows: robot, camera, tracks, zones, status."""

from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from sentinel_common.files import share

from launch import LaunchDescription


def generate_launch_description():
    """Entry point of ``ros2 launch``."""
    return LaunchDescription(
        [
            DeclareLaunchArgument('namespace', default_value='', description='of the robot'),
            DeclareLaunchArgument(
                'config',
                default_value=str(share('config/sentinel.rviz')),
                description='RViz configuration',
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='false',
                choices=['true', 'false'],
                description='take the time from /clock',
            ),
            Node(
                package='rviz2',
                executable='rviz2',
                namespace=LaunchConfiguration('namespace'),
                arguments=['-d', LaunchConfiguration('config')],
                parameters=[{'use_sim_time': LaunchConfiguration('use_sim_time')}],
                remappings=[('/tf', 'tf'), ('/tf_static', 'tf_static')],
                output='screen',
            ),
        ]
    )
