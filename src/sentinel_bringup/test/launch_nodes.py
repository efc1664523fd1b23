"""Runs small programs as nodes under the real ``launch``; the tests start it as a process.

Usage: launch_nodes.py RESPAWN ENTRY... where an entry is JSON of NodeEntry's fields.
"""

import json
import sys

from sentinel_bringup.entries import NodeEntry
from sentinel_bringup.launching import actions

from launch import LaunchDescription, LaunchService


def main(respawn: str, *entries: str) -> int:
    nodes = [NodeEntry(**json.loads(entry)) for entry in entries]
    service = LaunchService()
    service.include_launch_description(
        LaunchDescription([a for node in nodes for a in actions(node, {'respawn': respawn})])
    )
    return service.run()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
