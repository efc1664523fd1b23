"""Writes figures as JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from sentinel_common.errors import SentinelError


def _without_nan(value: Any) -> Any:
    """Figures that do not exist become null: NaN is no JSON."""
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def write(path: Path, report: dict[str, Any]) -> None:
    """Write a report; SentinelError where that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_without_nan(report), indent=1) + '\n', 'utf-8')
    except OSError as error:
        raise SentinelError(f'{path} cannot be written: {error.strerror}.') from None
