"""On what a figure was measured."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


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
