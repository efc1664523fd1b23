"""Read a YAML file and hold it against a JSON schema.

One clear sentence per fault, nothing is guessed.
"""

import hashlib
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from sentinel_common.errors import ConfigurationError


def digest(path: Path) -> str:
    """Short hash of a file's bytes, to tell which configuration made a decision."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def load(path: Path, schema: dict[str, Any]) -> Any:
    """Return the content of ``path``.

    Raise ConfigurationError for the first fault, naming file and place.
    """
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigurationError(f'{path}: {error.strerror}.') from None
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        where = f' line {mark.line + 1}' if mark else ''
        problem = getattr(error, 'problem', 'unreadable')
        raise ConfigurationError(f'{path}{where}: this is no YAML ({problem}).') from None
    validator = jsonschema.Draft202012Validator(schema)
    fault = jsonschema.exceptions.best_match(validator.iter_errors(data))
    if fault is not None:
        place = '.'.join(str(p) for p in fault.absolute_path) or 'the file'
        raise ConfigurationError(f'{path}: {place}: {_sentence(fault)}.')
    return data


def _sentence(fault: jsonschema.ValidationError) -> str:
    """The fault in plain words where the library speaks of schemas."""
    if fault.validator in ('anyOf', 'oneOf'):
        options: Any = fault.validator_value
        keys = [key for option in options for key in option.get('required', ())]
        number = 'exactly one' if fault.validator == 'oneOf' else 'at least one'
        return f'needs {number} of {", ".join(keys)}'
    return fault.message
