"""``./sentinel X``: finds the command in the package that offers it, and runs it."""

import argparse
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from sentinel_common.errors import SentinelError
from sentinel_common.joining import domain_in_force

from . import commands, domains

# A command is a module with SUMMARY, add_arguments(parser) and main(args) -> exit status.
COMMANDS = {
    'demo': 'sentinel_bringup.demo',
    'run': 'sentinel_bringup.run',
    'scan': 'sentinel_driver.commands.scan',
    'frame': 'sentinel_driver.commands.frame',
    'arm': 'sentinel_behavior.commands.arm',
    'estop': 'sentinel_behavior.commands.estop',
    'teleop': 'sentinel_driver.commands.teleop',
    'calibrate': 'sentinel_driver.commands.calibrate',
    'tune': 'sentinel_perception.commands.tune',
    'tree': 'sentinel_behavior.commands.tree',
    'report': 'sentinel_behavior.report.command',
    'record': 'sentinel_behavior.commands.record',
    'export': 'sentinel_behavior.report.export_command',
    'scenarios': 'sentinel_sim.commands.scenarios',
    'render': 'sentinel_sim.commands.render',
    'bench': 'sentinel_bringup.bench',
}
# Commands of the set-up, which need no package; ./sentinel runs them without coming here.
_SETUP = {
    'setup': 'only set up; every other command does so by itself',
    'test': 'run all tests',
    'doctor': 'what is there, what is missing, and the cure',
}
# Commands that talk to nodes which run already.
_ATTACHED = frozenset({'arm', 'estop', 'teleop', 'tree', 'record'})
_EXIT_USAGE, _EXIT_INTERRUPTED = 2, 130


def find(command: str) -> ModuleType | None:
    """Return the module of a command, None where no package offers it."""
    name = COMMANDS.get(command)
    return commands.find(name) if name else None


def usage() -> str:
    """Return the list of commands that are there."""
    rows = {name: module.SUMMARY for name in COMMANDS if (module := find(name))}
    lines = [f'  ./sentinel {name:10} {text}' for name, text in {**rows, **_SETUP}.items()]
    head = 'Garden Sentinel keeps raccoons out of a garden without hurting them.'
    return '\n'.join([head, '', *lines, '', './sentinel COMMAND --help says more.'])


def make_parser(command: str, module: ModuleType) -> argparse.ArgumentParser:
    """Return the parser of a command's arguments."""
    parser = argparse.ArgumentParser(prog=f'sentinel {command}', description=module.SUMMARY)
    module.add_arguments(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit status."""
    if not arguments or arguments[0] in ('-h', '--help', 'help'):
        print(usage())
        return 0
    command, *rest = arguments
    module = find(command)
    if module is None:
        print(f'There is no command {command!r}.\n\n{usage()}', file=sys.stderr)
        return _EXIT_USAGE
    parsed = make_parser(command, module).parse_args(rest)
    if command in _ATTACHED and getattr(parsed, 'live', True):
        _attach(command, parsed)
    return int(module.main(parsed))


def _attach(command: str, parsed: argparse.Namespace) -> None:
    """Choose the domain to talk in, and say so at once where no run of this person is in it."""
    parsed.running = domains.of_running()
    stops_all = command == 'estop' and not parsed.release
    if parsed.domain is not None:
        os.environ['ROS_DOMAIN_ID'] = str(parsed.domain)
    elif 'ROS_DOMAIN_ID' not in os.environ and not stops_all:
        _join_running()
    domain = domain_in_force()
    if domain not in parsed.running and not (stops_all and parsed.running):
        print(
            f'No ./sentinel run of yours is going on in ROS domain {domain}; '
            'looking for nodes that were started otherwise ...',
            file=sys.stderr,
        )


def _join_running() -> None:
    """Talk in the domain of the run of this person, where there is exactly one."""
    running = domains.of_running()
    if len(running) == 1:
        os.environ['ROS_DOMAIN_ID'] = str(running[0])
    elif running:
        raise SentinelError(
            f'Several runs are going on, in the ROS domains {", ".join(map(str, running))}.',
            'Name one: --domain N.',
        )


def main() -> int:
    """Entry point."""
    try:
        return run(sys.argv[1:])
    except SentinelError as error:
        print(error, file=sys.stderr)
        return _EXIT_USAGE
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has gone, as head does
        sys.stderr.close()
        return 0


if __name__ == '__main__':
    sys.exit(main())
