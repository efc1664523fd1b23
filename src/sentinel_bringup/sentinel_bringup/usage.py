"""Which commands there are, in words.

Standard library only, and no command is imported: ``./sentinel`` reads this before it sets anything
up.
"""

import ast
import difflib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from pathlib import Path

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
# They stop a robot, too.
AT_ONCE = frozenset({'arm', 'estop'})
# Commands of ./sentinel itself, which need no package.
SETUP = {
    'setup': 'only set up; every other command does so by itself',
    'test': 'run all tests',
    'doctor': 'what is there, what is missing, and the cure',
}

Locate = Callable[[str], Path | None]
"""Finds the file of a module, None where no package offers it."""


def summaries(locate: Locate) -> dict[str, str]:
    """Return what each command that is there does, by name."""
    files = {name: locate(module) for name, module in COMMANDS.items()}
    return {name: _summary(file) for name, file in files.items() if file}


def _summary(file: Path) -> str:
    for node in ast.parse(file.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == 'SUMMARY':
            return str(ast.literal_eval(node.value))
    return ''


def text(rows: Mapping[str, str]) -> str:
    """Return the list of commands for a terminal."""
    lines = [f'  ./sentinel {name:10} {summary}' for name, summary in rows.items()]
    head = 'Garden Sentinel keeps raccoons out of a garden without hurting them.'
    tail = './sentinel COMMAND --help says more, ./sentinel --version which one this is.'
    return '\n'.join([head, '', *lines, '', tail])


def unknown(command: str, rows: Mapping[str, str]) -> str:
    """Return the sentence about a command that is not there."""
    near = difflib.get_close_matches(command, rows, n=1)
    hint = f' Did you mean {near[0]!r}?' if near else ''
    return f'There is no command {command!r}.{hint} ./sentinel --help lists them.'


def version(package: Path) -> str:
    """Return name and version for ``--version`` from a package.xml."""
    return f'Garden Sentinel {ElementTree.parse(package).findtext("version")}'
