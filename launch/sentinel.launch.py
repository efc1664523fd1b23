"""The sentinel on a camera, a video or a stream, with a real, an emulated, or no robot."""

from launch.actions import DeclareLaunchArgument
from sentinel_bringup.entries import SourceOptions
from sentinel_bringup.launching import ARMED, COMMON_ARGUMENTS, common_options, describe

from sentinel_bringup import nodes

ARGUMENTS = (
    DeclareLaunchArgument(
        'source',
        default_value='0',
        description='camera index, video file, folder of pictures, rtsp:// or http:// address; '
        '@FILE: what stands in that file; topic: another node publishes camera/image_raw and '
        'camera/camera_info',
    ),
    DeclareLaunchArgument(
        'robot',
        default_value='',
        description='Bluetooth address or part of the name of the robot; empty: the parameter '
        'robot of the driver, by default any MekaMon in range; emulated: one that lives in this '
        'computer; none: only look, decide and log',
    ),
    ARMED,
    *COMMON_ARGUMENTS,
)


def plan(values):
    """Return the list of nodes."""
    return nodes.own_source(
        SourceOptions(
            source=values['source'],
            robot=values['robot'],
            armed=values['armed'] == 'true',
            **common_options(values),
        )
    )


def generate_launch_description():
    """Entry point of ``ros2 launch``."""
    return describe(ARGUMENTS, plan)
