"""Ruff over what belongs to no package; packages have a ``test_linters.py`` of their own."""

from pathlib import Path

import pytest
from sentinel_common.linting import check

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize('folder', ['bootstrap', 'launch', 'test', 'training', 'urdf'])
@pytest.mark.parametrize('linter', ['ruff check', 'ruff format'])
def test_linter_finds_nothing(linter, folder):
    check(linter, ROOT / folder)
