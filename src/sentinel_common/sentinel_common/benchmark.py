"""Reports of benchmarks: on what was measured, and the file with the figures."""

import argparse
import json
import math
import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .errors import SentinelError


class ReportError(SentinelError):
    """A report that cannot be written."""


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Declare ``--json FILE``; a file that cannot be written ends the command as it is read."""
    parser.add_argument('--json', type=writable, metavar='FILE', help='write the figures there')


def writable(name: str) -> Path:
    """Return the path of a report, with its folder made.

    Raises ReportError where no report could be written there after hours of measuring.
    """
    path = Path(name)
    is_new = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open('a', encoding='utf-8'):
            pass
        if is_new:
            path.unlink()
    except OSError as error:
        raise _cannot_write(path, error) from None
    return path


def write(path: Path, report: dict[str, Any]) -> None:
    """Write a report as JSON, figures that do not exist (NaN) as null.

    Raises ReportError.
    """
    text = json.dumps(_without_nan(report), indent=1, allow_nan=False) + '\n'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    except OSError as error:
        raise _cannot_write(path, error) from None


def environment(seed: int, packages: Iterable[str]) -> dict[str, Any]:
    """Machine, its load, versions of Python and of ``packages``, and seed: part of every report."""
    versions = {'python': platform.python_version()}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        'machine': {
            'processor': _processor(),
            'cores': os.cpu_count(),
            'architecture': platform.machine(),
            'system': platform.system(),
            'load_average': os.getloadavg()[0],
        },
        'versions': versions,
        'seed': seed,
    }


def _processor() -> str:
    information = Path('/proc/cpuinfo')
    if information.exists():
        for line in information.read_text(encoding='utf-8').splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor()


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cannot_write(path: Path, error: OSError) -> ReportError:
    reason = f'The report {path} cannot be written: {error.strerror}.'
    return ReportError(reason, 'Name a file in a folder of yours: --json FILE.')
