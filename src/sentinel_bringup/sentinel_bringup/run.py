"""``./sentinel run``: the stack on own pictures, with an emulated, a real, or no robot."""

import argparse
import time

from sentinel_common import joining

from . import folders, nodes, session
from .domains import free_port
from .entries import EMULATED, TOPIC, SourceOptions

SUMMARY = 'watch your own video, pictures, camera or stream; drive a robot'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a run on own input."""
    parser.add_argument(
        '--source',
        required=True,
        help='video file, folder of pictures, camera index, rtsp:// or http:// address; @FILE: '
        'what stands in that file, for an address with a password; topic: '
        'another node publishes camera/image_raw in ROS_DOMAIN_ID',
    )
    parser.add_argument(
        '--robot',
        default=EMULATED,
        help='emulated, none, MekaMon (any in range), or the Bluetooth address or part of the name '
        'of one robot (default: %(default)s)',
    )
    parser.add_argument(
        '--armed',
        action='store_true',
        help='let a real robot act at once (default: only after ./sentinel arm; '
        'an emulated robot is always armed)',
    )
    parser.add_argument('--film', action='store_true', help='keep an annotated film')
    session.add_arguments(
        parser,
        f'runs/{folders.GARDEN} where a camera or stream is watched with a real robot or none, so '
        'that each night goes on where the last one ended; else runs/<time>-run',
    )


def main(arguments: argparse.Namespace) -> int:
    """Watch until the source ends or the person does, and write the report."""
    # OpenCV takes its time to load; the list of commands must not wait for it.
    from sentinel_perception.camera.sources import label

    started = time.time()
    watched = label(arguments.source)
    if arguments.source == TOPIC:
        watched = 'camera/image_raw'
        if arguments.domain is None:
            # Where whoever publishes the pictures talks, as ROS 2 itself has it.
            arguments.domain = joining.domain_in_force()
    name = folders.of_source(arguments.source, arguments.robot, arguments.namespace)
    folder = session.folder_for(name, arguments.folder)
    options = SourceOptions(
        folder=folder,
        files=tuple(arguments.params),
        namespace=arguments.namespace,
        source=arguments.source,
        robot=arguments.robot,
        hci_port=free_port(),
        armed=arguments.armed or arguments.robot == EMULATED,
        film=arguments.film,
        record=arguments.record,
        started=started,
    )
    title = f'Watching {watched}, robot: {options.robot}.'
    watches = folders.is_garden(name)
    outcome = session.play(nodes.own_source(options), folder, arguments, title, watches=watches)
    endless = folders.is_endless(arguments.source)
    return session.end(outcome, folder, since=started, endless=endless)
