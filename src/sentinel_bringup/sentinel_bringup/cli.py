"""``./sentinel X``: finds the command in the package that offers it, and runs it."""

import argparse
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from sentinel_common.errors import SentinelError
from sentinel_common.files import share
from sentinel_common.joining import domain_in_force

from . import commands, domains, network, terminal, usage
from .usage import COMMANDS

# Commands that talk to nodes which run already.
_ATTACHED = frozenset({'arm', 'estop', 'teleop', 'tree', 'record'})
# Those of them that can look in several domains, and refuse where more than one could be meant.
_ASKING = frozenset({'arm', 'estop'})
_EXIT_USAGE, _EXIT_INTERRUPTED = 2, 130


def find(command: str) -> ModuleType | None:
    """Return the module of a command, None where no package offers it."""
    name = COMMANDS.get(command)
    return commands.find(name) if name else None


def summaries() -> dict[str, str]:
    """Return what each command that is there does, by name."""
    return usage.summaries(commands.file)


def make_parser(command: str, module: ModuleType) -> argparse.ArgumentParser:
    """Return the parser of a command's arguments."""
    parser = argparse.ArgumentParser(prog=f'sentinel {command}', description=module.SUMMARY)
    module.add_arguments(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit status."""
    if not arguments or arguments[0] in ('-h', '--help', 'help'):
        print(usage.text(summaries()))
        return 0
    command, *rest = arguments
    if command == '--version':
        print(usage.version(share('package.xml')))
        return 0
    module = find(command)
    if module is None:
        print(usage.unknown(command, summaries()), file=sys.stderr)
        return _EXIT_USAGE
    _refuse_empty(rest)
    parsed = make_parser(command, module).parse_args(rest)
    if command in _ATTACHED and getattr(parsed, 'live', True):
        _attach(command, parsed)
    return int(module.main(parsed))


def _refuse_empty(words: Sequence[str]) -> None:
    """An empty name, mostly a variable of the shell that is not set, would mean this folder."""
    for before, word in zip(('', *words), words, strict=False):
        option, is_set, value = word.partition('=') if word.startswith('--') else (before, word, '')
        if not value and (is_set == '=' or not word) and option != '--namespace':
            what = option if option.startswith('-') else 'An argument'
            raise SentinelError(f'{what} is empty.', 'Is a variable not set?')


def _attach(command: str, parsed: argparse.Namespace) -> None:
    """Choose the domain to talk in, and say so at once where no run of this person is in it."""
    os.environ.update(network.profile(images=False))
    running = parsed.running = domains.of_running()
    stops_all = command == 'estop' and not parsed.release
    if parsed.domain is not None:
        os.environ['ROS_DOMAIN_ID'] = str(parsed.domain)
    elif not stops_all:
        parsed.domains = _join_running(running, asks=command in _ASKING)
    domain = domain_in_force()
    if domain not in running and not (stops_all and running):
        print(
            f'No ./sentinel run of yours is going on in ROS domain {domain}; '
            'looking for nodes that were started otherwise ...',
            file=sys.stderr,
        )


def _join_running(running: Sequence[int], *, asks: bool) -> list[int]:
    """Talk in the domain of the only run, unless ROS_DOMAIN_ID names one of several.

    Return the domains to look in. A run takes another domain than ROS_DOMAIN_ID where somebody
    talks in that one, who may be meant: who ``asks`` looks in both, and the others say who is it.
    """
    named = [domain_in_force()] if os.environ.get('ROS_DOMAIN_ID') else []
    if not running or set(named) & set(running):
        return named
    if len(running) > 1:
        raise SentinelError(
            f'Several runs are going on, in the ROS domains {", ".join(map(str, running))}.',
            'Name one: --domain N.',
        )
    if named and not asks:
        print(
            f'This joins your run in ROS domain {running[0]}; for what runs in that of '
            f'ROS_DOMAIN_ID: --domain {named[0]}.',
            file=sys.stderr,
        )
    os.environ['ROS_DOMAIN_ID'] = str(running[0])
    return [*running, *named]


def main() -> int:
    """Entry point."""
    terminal.accept_any_text()
    network.stay_here()
    os.umask(0o077)  # pictures of a garden are nobody else's on this computer
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
