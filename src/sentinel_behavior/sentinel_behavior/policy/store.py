"""What was learned survives restarts and power cuts: one small JSON file, replaced as a whole."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from sentinel_common.files import replace_file

from .candidates import Usage
from .choice import Policy

VERSION = 1


class PolicyStore:
    """Keeps in ``path`` what a policy learned, and what was used last: not that again at first."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, policy: Policy, usage: Usage) -> str:
        """Restore ``policy`` and ``usage.last``; returns why it starts from its prior, or ''.

        What is in the way of the next ``save`` is kept beside: a damaged file as ``*.damaged``, one
        of another version or policy under that name, so that this policy goes on with it when it
        comes back.
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
                self._put_aside(f'version-{int(data["version"])}')
                return f'{self._path} has version {data["version"]}, not {VERSION}'
            if data['policy'] != policy.name:
                self._put_aside(data['policy'])
                if not self._take_back(policy.name):
                    return f'{self._path} is of the policy {data["policy"]}'
                return self.load(policy, usage)
            policy.restore(data['state'])
            usage.last = str(data.get('last', ''))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self._put_aside('damaged')
            return f'{self._path} is damaged ({type(error).__name__}: {error})'
        return ''

    def _put_aside(self, why: str) -> None:
        with suppress(OSError):  # a folder that is read-only keeps it anyway
            self._path.replace(self._path.with_suffix(f'.{why}'))

    def _take_back(self, name: str) -> bool:
        """Whether there is now the file that ``name`` saved before another policy did."""
        if self._path.exists():  # what lies there could not be put aside
            return False
        try:
            self._path.with_suffix(f'.{name}').replace(self._path)
        except OSError:
            return False
        return True

    def save(self, policy: Policy, usage: Usage) -> None:
        """Write the state; raises OSError."""
        data = {
            'version': VERSION,
            'policy': policy.name,
            'state': policy.state(),
            'last': usage.last,
        }
        replace_file(self._path, json.dumps(data))
