"""What was learned survives restarts and power cuts: one small JSON file, replaced as a whole."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from sentinel_common.files import replace_file

from .choice import Policy

VERSION = 1


class PolicyStore:
    """Keeps the state of a policy in ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, policy: Policy) -> str:
        """Restore ``policy``; returns why it starts from its prior, '' where it goes on.

        A damaged file is kept beside under the name ``*.damaged``.
        """
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return 'nothing was learned yet'
        except OSError as error:
            return f'{self._path} cannot be read ({error.strerror})'
        try:
            data: dict[str, Any] = json.loads(text)
            if data['version'] != VERSION:
                return f'{self._path} has version {data["version"]}, not {VERSION}'
            if data['policy'] != policy.name:
                return f'{self._path} is of the policy {data["policy"]}'
            policy.restore(data['state'])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            with suppress(OSError):  # a folder that is read-only keeps it anyway
                self._path.replace(self._path.with_suffix('.damaged'))
            return f'{self._path} is damaged ({type(error).__name__}: {error})'
        return ''

    def save(self, policy: Policy) -> None:
        """Write the state; raises OSError."""
        data = {'version': VERSION, 'policy': policy.name, 'state': policy.state()}
        replace_file(self._path, json.dumps(data))
