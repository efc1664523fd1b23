"""What a run is told is checked before any process starts.

Parameter files against what the nodes declare; and a node module may offer ``preflight(values)``,
which looks at what its parameters name (model, source, scenario) and raises SentinelError. Last,
the nodes of each robot must agree.

The files are merged here and no node reads them: ROS 2 merges all files of a node by the order in
which their section names first appear, so that an older file may win over a later one, and over
what the launcher sets.
"""

import importlib
import importlib.util
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from sentinel_common.errors import ConfigurationError

from sentinel_common import parameters

from . import agreement
from .entries import NodeEntry
from .nodes import known_names

_Sections = dict[str, dict[str, Any]]
_Values = dict[str, parameters.Value]

# Whose parameters ``agreement`` compares; of the others it asks only whether they are there.
_AGREEING = frozenset({'brain', 'guard', 'detector'})


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


def preflight(entries: Iterable[NodeEntry]) -> list[NodeEntry]:
    """Return the nodes with all their parameters and no file.

    Raises SentinelError for the first fault in a parameter, a file, or what they name, and where
    the nodes of a robot do not agree.
    """
    entries = list(entries)
    told = check(entries)
    for entry in entries:
        node = module(entry)
        if hasattr(node, 'preflight'):
            node.preflight(told[entry.label])
    _agree(entries, told)
    return [replace(entry, files=(), parameters=told[entry.label]) for entry in entries]


def merge(entries: Iterable[NodeEntry]) -> list[NodeEntry]:
    """Return the nodes with all that files and launcher tell them as parameters, and no file.

    For ``ros2 launch``, where each node checks its own parameters and a file may speak of nodes
    that we do not know. Raises ConfigurationError where a file does not have the form, and where
    brain and guard of a robot do not agree.
    """
    entries = list(entries)
    content = _contents(entries)
    found = []
    for entry in entries:
        told: dict[str, Any] = {}
        for _, values in _sections(entry, content):
            told |= values
        found.append(replace(entry, files=(), parameters=told | dict(entry.parameters)))
    _agree(
        entries,
        {e.label: _told(e, module(e).PARAMETERS, content) for e in entries if e.name in _AGREEING},
    )
    return found


def check(entries: Iterable[NodeEntry]) -> dict[str, _Values]:
    """Return all parameters of each node by its label; raise ConfigurationError at a fault."""
    entries = list(entries)
    specs = {entry.label: module(entry).PARAMETERS for entry in entries}
    known = known_names()
    content = _contents(entries)
    for file, sections in content.items():
        for pattern in sections:
            _check_reach(file, pattern, entries, known)
    return {entry.label: _told(entry, specs[entry.label], content) for entry in entries}


def _told(
    entry: NodeEntry, spec: Sequence[parameters.Parameter], content: Mapping[Path, _Sections]
) -> _Values:
    """Return all parameters of the node."""
    told = {parameter.name: parameter.default for parameter in spec}
    for file, values in _sections(entry, content):
        told |= parameters.check(values, spec, f'{file}, node {entry.name}')
    return told | parameters.check(entry.parameters, spec, f'Node {entry.name}')


def _agree(entries: Iterable[NodeEntry], told: Mapping[str, _Values]) -> None:
    robots: dict[str, dict[str, _Values]] = {}
    for entry in entries:
        robots.setdefault(entry.namespace, {})[entry.name] = told.get(entry.label, {})
    for robot, nodes in robots.items():
        agreement.check(nodes, robot)


def _contents(entries: Iterable[NodeEntry]) -> dict[Path, _Sections]:
    return {file: read(file) for file in dict.fromkeys(f for e in entries for f in e.files)}


def _sections(
    entry: NodeEntry, content: Mapping[Path, _Sections]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield what concerns the node, and the file that says it; the last one wins."""
    for file in entry.files:
        for pattern, values in content[file].items():
            if _fits(pattern, entry):
                yield file, values


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
        content = yaml.load(file.read_text(encoding='utf-8'), _Loader)
    except OSError as error:
        raise ConfigurationError(
            f'The parameter file {file} cannot be read: {error.strerror}.'
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, 'problem_mark', None)
        line = f' at line {where.line + 1}' if where else ''
        why = f': {error.problem}' if isinstance(error, _TwiceError) else ''
        raise ConfigurationError(
            f'The parameter file {file} is not valid YAML{line}{why}.'
        ) from error
    return dict(_nodes(content or {}, '', file))


class _TwiceError(yaml.MarkedYAMLError):
    """A name that stands twice: of the first one YAML would leave nothing."""


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in names:
                raise _TwiceError(
                    problem=f'{name!r} stands there twice', problem_mark=key.start_mark
                )
            names.add(name)
        return super().construct_mapping(node, deep)


# ROS takes 1e-3 for a number, which YAML 1.1 takes for a text.
_Loader.add_implicit_resolver(
    'tag:yaml.org,2002:float',
    re.compile(r'[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$'),
    list('-+.0123456789'),
)


def _nodes(content: Any, pattern: str, file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the parameters of each node; its namespaces may be names around it."""
    for name, section in _mapping(content, pattern, file).items():
        if name == 'ros__parameters':
            yield pattern, dict(_flatten(_mapping(section or {}, pattern, file)))
        else:
            yield from _nodes(section, f'{pattern}/{name}' if pattern else str(name), file)


def _mapping(value: Any, pattern: str, file: Path) -> dict[Any, Any]:
    if not isinstance(value, dict):
        where = f' under {pattern!r}' if pattern else ''
        raise ConfigurationError(
            f'{file}: expected "name: value" pairs{where}, found {value!r}.',
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
    parts = pattern.strip('/').split('/')
    wild = {'*': r'/\w+', '**': r'(/\w+)*'}
    wanted = ''.join(wild.get(part, '/' + re.escape(part)) for part in parts)
    return re.fullmatch(wanted, entry.full_name) is not None
