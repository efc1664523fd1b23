"""Ruff and mypy with the workspace's settings, over this package."""

from pathlib import Path

import pytest
from sentinel_common.linting import LINTERS, check


@pytest.mark.parametrize('linter', LINTERS)
def test_linter_finds_nothing(linter):
    check(linter, Path(__file__).resolve().parents[1])
