"""YAML files held against JSON schemas: one clear sentence per fault, nothing is guessed."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from .errors import ConfigurationError

# JSON Schema takes 1.0 for an integer; as an index or a count it is a TypeError in Python.
_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        'integer', lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def digest(path: Path) -> str:
    """Short hash of a file's bytes, to tell which configuration made a decision.

    Raise ConfigurationError where it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise ConfigurationError(f'{path} cannot be read: {error.strerror}.') from None


def load(path: Path, schema: Mapping[str, Any]) -> Any:
    """Return the content of ``path``.

    Raise ConfigurationError for the first fault, naming file and place.
    """
    data = read(path)
    check(data, schema, str(path))
    return data


def read(path: Path) -> Any:
    """Return the content of a YAML file; raise ConfigurationError where it cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigurationError(f'{path} cannot be read: {error.strerror}.') from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, 'problem_mark', None)
        where = f' line {mark.line + 1}' if mark else ''
        problem = getattr(error, 'problem', 'unreadable')
        raise ConfigurationError(f'{path}{where}: this is no YAML ({problem}).') from None
    except ValueError as error:  # what looks like a date and is none: 2026-06-31
        raise ConfigurationError(
            f'{path}: a date in it does not exist ({error}).', 'Put it in quotes if it is none.'
        ) from None


def check(data: Any, schema: Mapping[str, Any], where: str) -> None:
    """Raise ConfigurationError for the first fault of ``data``, naming ``where`` and the place."""
    if data is None:
        raise ConfigurationError(f'{where}: the file is empty.')
    fault = jsonschema.exceptions.best_match(_Validator(schema).iter_errors(data))
    if fault is not None:
        place = '.'.join(str(p) for p in fault.absolute_path) or 'the file'
        raise ConfigurationError(f'{where}: {place}: {_sentence(fault)}.')
    for place, value in _leaves(data):
        # NaN is neither below a minimum nor above a maximum, and the schema lets it pass.
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigurationError(f'{where}: {place}: {value} is no finite number.')


def _leaves(data: Any, *path: Any) -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping or list, and its place."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _leaves(value, *path, key)
    else:
        yield '.'.join(map(str, path)) or 'the file', data


def _sentence(fault: jsonschema.ValidationError) -> str:
    """The fault in plain words where the library speaks of schemas."""
    if fault.validator in ('anyOf', 'oneOf'):
        options: Any = fault.validator_value
        keys = [key for option in options for key in option.get('required', ())]
        number = 'exactly one' if fault.validator == 'oneOf' else 'at least one'
        return f'needs {number} of {", ".join(keys)}'
    if fault.validator == 'pattern':
        schema: Any = fault.schema
        return f'{fault.instance!r} is no {schema["description"]}'
    return fault.message
