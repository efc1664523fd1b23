"""Make the tree from its data file."""

import inspect
from pathlib import Path
from typing import Any

from py_trees.behaviour import Behaviour
from py_trees.composites import Selector, Sequence
from sentinel_common.configuration import check, load
from sentinel_common.errors import ConfigurationError

from ..blackboard import Blackboard
from .leaves import LEAVES

SCHEMA: dict[str, Any] = {
    '$ref': '#/$defs/node',
    '$defs': {
        'node': {
            'type': 'object',
            'additionalProperties': False,
            'minProperties': 1,
            'properties': {
                'name': {'type': 'string', 'minLength': 1},
                'selector': {'$ref': '#/$defs/children'},
                'sequence': {'$ref': '#/$defs/children'},
                'steps': {'$ref': '#/$defs/children'},
                'leaf': {'enum': sorted(LEAVES)},
                'with': {'type': 'object'},
            },
            'oneOf': [
                {'required': ['selector']},
                {'required': ['sequence']},
                {'required': ['steps']},
                {'required': ['leaf']},
            ],
        },
        'children': {'type': 'array', 'minItems': 1, 'items': {'$ref': '#/$defs/node'}},
    },
}


def build_tree(path: Path, board: Blackboard) -> Behaviour:
    """Return the root made from the file ``path``; raise ConfigurationError for the first fault.

    ``selector``: the first child that does not fail. ``sequence``: as long as all before it hold.
    ``steps``: one after the other, without looking back.
    """
    return _node(load(path, SCHEMA), board, path)


def _node(data: dict[str, Any], board: Blackboard, path: Path) -> Behaviour:
    if 'leaf' in data:
        return _leaf(data, board, path)
    kind = next(k for k in ('selector', 'sequence', 'steps') if k in data)
    children = [_node(child, board, path) for child in data[kind]]
    name = data.get('name', kind)
    if kind == 'selector':
        return Selector(name=name, memory=False, children=children)
    return Sequence(name=name, memory=kind == 'steps', children=children)


def _leaf(data: dict[str, Any], board: Blackboard, path: Path) -> Behaviour:
    name, options = data.get('name', data['leaf']), data.get('with', {})
    kind = LEAVES[data['leaf']]
    where = f'{path}: leaf {data["leaf"]}'
    try:
        inspect.signature(kind).bind(name=name, board=board, **options)
    except TypeError as error:
        raise ConfigurationError(f'{where}: {error}.') from None
    check(options, {'type': 'object', 'properties': kind.OPTIONS}, where)
    try:
        return kind(name=name, board=board, **options)
    except ConfigurationError as error:
        raise ConfigurationError(f'{where}: {error}') from None
