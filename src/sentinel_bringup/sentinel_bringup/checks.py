"""What a run is told is checked before any process starts.

Parameter files against what the nodes declare; and a node module may offer ``preflight(values)``,
which looks at what its parameters name (model, source, scenario) and raises SentinelError. Last,
the nodes of each robot must agree.
"""

import fnmatch
import importlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from sentinel_common.errors import ConfigurationError

from sentinel_common import parameters

from . import agreement
from .entries import NodeEntry
from .nodes import known_names


def module(entry: NodeEntry) -> ModuleType:
    """Return the node's module, or raise ConfigurationError."""
    if importlib.util.find_spec(entry.module) is None:
        raise ConfigurationError(
            f'The node {entry.name} is missing: there is no module {entry.module}.',
            'Build the workspace: ./sentinel setup.',
        )
    try:
        return importlib.import_module(entry.module)
    except ImportError as error:
        raise ConfigurationError(
            f'The node {entry.name} cannot start: {error}.',
            './sentinel doctor says what is missing.',
        ) from error


def preflight(entries: Iterable[NodeEntry]) -> None:
    """Raise SentinelError for the first fault in a parameter, a file, or what they name.

    Also where the nodes of a robot do not agree.
    """
    entries = list(entries)
    told = check(entries)
    for entry in entries:
        node = module(entry)
        if hasattr(node, 'preflight'):
            node.preflight(told[entry.label])
    robots: dict[str, dict[str, dict[str, parameters.Value]]] = {}
    for entry in entries:
        robots.setdefault(entry.namespace, {})[entry.name] = told[entry.label]
    for robot, nodes in robots.items():
        agreement.check(nodes, robot)


def check(entries: Iterable[NodeEntry]) -> dict[str, dict[str, parameters.Value]]:
    """Return all parameters of each node by its label; raise ConfigurationError at a fault."""
    entries = list(entries)
    specs = {entry.label: module(entry).PARAMETERS for entry in entries}
    known = known_names()
    told = {
        name: {parameter.name: parameter.default for parameter in spec}
        for name, spec in specs.items()
    }
    files = dict.fromkeys(file for entry in entries for file in entry.files)
    content = {file: read(file) for file in files}
    for file, sections in content.items():
        for pattern in sections:
            _check_reach(file, pattern, entries, known)
    # As the node takes them: of its files the last one wins, and what it is started with wins over
    # all.
    for entry in entries:
        for file in entry.files:
            for pattern, values in content[file].items():
                if _fits(pattern, entry):
                    told[entry.label] |= parameters.check(
                        values, specs[entry.label], f'{file}, node {entry.name}'
                    )
        told[entry.label] |= parameters.check(
            entry.parameters, specs[entry.label], f'Node {entry.name}'
        )
    return told


def _check_reach(file: Path, pattern: str, entries: list[NodeEntry], known: frozenset[str]) -> None:
    """Raise ConfigurationError where a section of a file reaches nobody, and was meant to."""
    if any(_fits(pattern, entry) for entry in entries):
        return
    if pattern.rsplit('/', 1)[-1] not in {*known, '*', '**'}:
        names = ', '.join(sorted(known))
        raise ConfigurationError(
            f'{file}: there is no node {pattern!r}.', f'The nodes are: {names}.'
        )
    for entry in entries:
        if entry.namespace and pattern.strip('/') == entry.name:
            raise ConfigurationError(
                f'{file}: the section {pattern!r} does not reach the node in the namespace '
                f'{entry.namespace}.',
                f"Call it '/**/{entry.name}', which fits every namespace.",
            )


def read(file: Path) -> dict[str, dict[str, Any]]:
    """Return ``{node pattern: {dotted parameter name: value}}`` of a ROS 2 parameter file."""
    try:
        content = yaml.safe_load(file.read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigurationError(
            f'The parameter file {file} cannot be read: {error.strerror}.'
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, 'problem_mark', None)
        line = f' at line {where.line + 1}' if where else ''
        raise ConfigurationError(f'The parameter file {file} is not valid YAML{line}.') from error
    found = {}
    for pattern, section in _mapping(content or {}, file).items():
        body = _mapping(section, file)
        if set(body) != {'ros__parameters'}:
            raise ConfigurationError(
                f"{file}: under {pattern!r} there must be 'ros__parameters:' and nothing else."
            )
        found[str(pattern)] = dict(_flatten(_mapping(body['ros__parameters'] or {}, file)))
    return found


def _mapping(value: Any, file: Path) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(
            f'{file}: expected "name: value" pairs, found {value!r}.',
            'The form is: node name, below it ros__parameters, below it the parameters.',
        )
    return value


def _flatten(values: dict[Any, Any], prefix: str = '') -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f'{prefix}{name}.')
        else:
            yield f'{prefix}{name}', value


def _fits(pattern: str, entry: NodeEntry) -> bool:
    """Whether a section concerns the node; ``*`` is one part of a name, ``**`` any number."""
    full = f'/{entry.namespace}/{entry.name}'.replace('//', '/')
    wanted = pattern if pattern.startswith('/') else f'/{pattern}'
    if '**' in wanted:
        return fnmatch.fnmatchcase(full, wanted.replace('**', '*')) or fnmatch.fnmatchcase(
            full, wanted.replace('/**/', '/')
        )
    return len(full.split('/')) == len(wanted.split('/')) and fnmatch.fnmatchcase(full, wanted)
