"""RViz with everything that the sentinel shows: robot, camera, tracks, zones, status."""

from launch.actions import DeclareLaunchArgument
from launch_ros.actions import Node
from sentinel_bringup.launching import NAMESPACE, USE_SIM_TIME, describe, require
from sentinel_common.files import share

ARGUMENTS = (
    NAMESPACE,
    DeclareLaunchArgument(
        'config',
        default_value=str(share('config/sentinel.rviz')),
        description='RViz configuration',
    ),
    USE_SIM_TIME,
)


def rviz(values):
    """Return the action that starts RViz."""
    require('rviz2')
    return [
        Node(
            package='rviz2',
            executable='rviz2',
            namespace=values['namespace'],
            arguments=['-d', values['config']],
            parameters=[{'use_sim_time': values['use_sim_time'] == 'true'}],
            remappings=[('/tf', 'tf'), ('/tf_static', 'tf_static')],
            output='screen',
        )
    ]


def generate_launch_description():
    """Entry point of ``ros2 launch``."""
    return describe(ARGUMENTS, before=rviz)
