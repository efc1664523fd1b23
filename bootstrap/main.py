"""``./sentinel``: set up what is missing, then hand over to the command."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from . import distribution, doctor, environment, host, tests
from .console import SetupError

# These two of the package need the standard library only.
sys.path.append(str(environment.ROOT / 'src' / 'sentinel_bringup'))
from sentinel_bringup import terminal, usage


def locate(module: str) -> Path | None:
    """Return the source file of a module of the workspace, None where there is none."""
    package, _, rest = module.partition('.')
    file = environment.ROOT / 'src' / package / package / f'{rest.replace(".", "/")}.py'
    return file if file.is_file() else None


def _parse(command: str, summary: str, arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments of a command that needs no set-up."""
    parser = argparse.ArgumentParser(prog=f'sentinel {command}', description=summary)
    if command == 'setup':
        parser.add_argument(
            '--ros',
            action='store_true',
            help='beside a ROS 2 that is sourced: only what rosdep cannot bring',
        )
    if command == 'test':
        parser.add_argument(
            'packages', nargs='*', help='packages of src/, or system for test/ (default: all)'
        )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run one command; return its exit status."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `./sentinel doctor | head` ends quietly
    terminal.accept_any_text()
    command, *rest = arguments or ['--help']
    if command == 'help' and rest:
        command, rest = rest[0], ['--help']
    summaries = usage.summaries(locate) | usage.SETUP
    if command in ('-h', '--help', 'help'):
        print(usage.text(summaries))
        return 0
    if command == '--version':
        print(usage.version(environment.ROOT / 'src' / 'sentinel_bringup' / 'package.xml'))
        return 0
    if command not in summaries:
        print(usage.unknown(command, summaries), file=sys.stderr)
        return 2
    try:
        return _run(command, rest, summaries[command])
    except SetupError as error:
        print(f'\n{error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('\nStopped.', file=sys.stderr)
        return 130


def _run(command: str, arguments: list[str], summary: str) -> int:
    own = _parse(command, summary, arguments) if command in usage.SETUP else None
    of_workspace = not host.has_wheels() and distribution.has_workspace()
    if command == 'doctor':
        if of_workspace:
            distribution.run('sentinel_bringup.doctor')
        return doctor.main()
    if getattr(own, 'ros', False):
        distribution.set_up()
        return 0
    if own is None and of_workspace:
        distribution.run('sentinel_bringup', command, *arguments)
    if own is None and {'-h', '--help'} & set(arguments) and not environment.INSTALL.exists():
        print(f'sentinel {command}: {summary}.\n')
        print('It lists its options once ./sentinel setup is done (once, about five minutes).')
        return 0
    # Whoever stops a robot waits for no build, whatever file was edited since the last one.
    if not (command in usage.AT_ONCE and environment.has_workspace()):
        environment.set_up()
    if command == 'setup':
        print('Ready. Try ./sentinel demo')
        return 0
    if own:
        return tests.main(own.packages)
    os.execve(
        environment.VENV_PYTHON,
        [str(environment.VENV_PYTHON), '-m', 'sentinel_bringup', command, *arguments],
        environment.environment(),
    )
