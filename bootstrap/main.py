"""``./sentinel``: set up what is missing, then hand over to the command."""

import os
import signal
import sys

from . import distribution, doctor, environment, tests
from .console import SetupError

_USAGE = """Garden Sentinel keeps raccoons out of a garden without hurting them.

  ./sentinel demo      a night in the simulated garden, about a minute; nothing else is needed
  ./sentinel test      run all tests
  ./sentinel doctor    what is there, what is missing, and the cure
  ./sentinel setup     only set up (every other command does so by itself); --ros: beside your ROS 2
"""


def main(arguments: list[str]) -> int:
    """Run one command; return its exit status."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `./sentinel doctor | head` ends quietly
    command = arguments[0] if arguments else '--help'
    try:
        if command == 'doctor':
            return doctor.main()
        if command in ('-h', '--help', 'help') and not environment.INSTALL.exists():
            print(_USAGE)
            return 0
        if arguments == ['setup', '--ros']:
            distribution.set_up()
            return 0
        environment.set_up()
        if command == 'setup':
            print('Ready. Try ./sentinel demo')
            return 0
        if command == 'test':
            return tests.main(arguments[1:])
        os.execve(
            environment.VENV_PYTHON,
            [str(environment.VENV_PYTHON), '-m', 'sentinel_bringup.cli', *arguments],
            environment.environment(),
        )
    except SetupError as error:
        print(f'\n{error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('\nStopped.', file=sys.stderr)
        return 130
