"""On what a figure was measured."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Versions that move the figures: the same model scores .02 differently under other ones.
_PACKAGES = ('numpy', 'opencv-python-headless', 'ai-edge-litert', 'tflite-runtime', 'pycocotools')


def environment(seed: int) -> dict[str, Any]:
    """Machine, versions and seed, as they stand in every report."""
    versions = {'python': platform.python_version()}
    for name in _PACKAGES:
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
