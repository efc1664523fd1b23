"""Runs small programs as nodes; the tests start it as a process of its own and send it signals.

Usage: run_nodes.py FOLDER DURATION ENTRY... where an entry is JSON of NodeEntry's fields.
"""

import json
import signal
import sys
from pathlib import Path

from sentinel_bringup.domains import free_domain
from sentinel_bringup.entries import NodeEntry
from sentinel_bringup.runner import Runner
from sentinel_common.errors import SentinelError

# Shorter than the real one, s: the tests of nodes that hang wait it out.
PATIENCE = ((signal.SIGINT, 2.0), (signal.SIGTERM, 1.0), (signal.SIGKILL, 3.0))


def main(folder: str, duration: str, *entries: str) -> int:
    nodes = [NodeEntry(package='test', **json.loads(entry)) for entry in entries]
    with free_domain() as domain:
        runner = Runner(
            nodes,
            folder=Path(folder),
            domain=domain,
            patience=PATIENCE,
            show=lambda name, severity, text: print(f'{name}|{severity}|{text}', flush=True),
        )
        try:
            print('outcome', runner.run(float(duration) or None), flush=True)
        except SentinelError as error:
            print('error', error, flush=True)
            return 2
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
