"""Linters as tests: ``test_linters.py`` of a package calls this and ``colcon test`` counts it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Each linter's arguments; what follows them is the package's folder, or that of its modules.
LINTERS = {
    'ruff check': ('ruff', 'check', '--no-cache'),
    'ruff format': ('ruff', 'format', '--no-cache', '--diff'),
    'mypy --strict': ('mypy',),
}

# Settings of all linters, somewhere above the package.
_SETTINGS = 'pyproject.toml'


def check(linter: str, package: Path) -> None:
    """Fail with what ``linter`` (a key of LINTERS) says about the package's source folder.

    Skips, with the reason, where the linter or the workspace's settings are not there, as on a ROS
    machine that built one package alone.
    """
    module, *arguments = LINTERS[linter]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f'{module} is not installed; ./sentinel test has it')
    settings = next((p / _SETTINGS for p in package.parents if (p / _SETTINGS).is_file()), None)
    if settings is None:
        pytest.skip(f'there is no {_SETTINGS} with settings of the linters above {package}')
    siblings = [str(p.parent) for p in sorted(package.parent.glob('*/package.xml'))]
    target = package / package.name if module == 'mypy' else package
    done = subprocess.run(
        [sys.executable, '-m', module, *arguments, str(target)],
        cwd=settings.parent,  # where the linters look for their settings
        env={**os.environ, 'MYPYPATH': os.pathsep.join(siblings), **_cache()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f'{linter}:\n{done.stdout}{done.stderr}'


def _cache() -> dict[str, str]:
    """Where mypy keeps what it knows: beside other caches, never in the source tree."""
    home = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    return {'MYPY_CACHE_DIR': str(home / 'mypy')}
