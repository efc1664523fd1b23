"""The doctor says what is missing, with the cure, and fails only where nothing can run."""

import os
import subprocess
import sys

import pytest
from sentinel_common.errors import ConfigurationError

from sentinel_bringup import doctor


def test_every_check_gives_one_line():
    for check in doctor.CHECKS:
        finding = check()
        assert len(str(finding).splitlines()) == 1
        assert finding.good or finding.cure


@pytest.mark.parametrize(
    ('environment', 'cure'),
    [({}, './sentinel setup'), ({'ROS_DISTRO': 'jazzy'}, './sentinel setup --ros')],
    ids=['from PyPI', 'of a distribution'],
)
def test_a_missing_library_is_named_with_the_cure(monkeypatch, environment, cure):
    monkeypatch.setattr(os, 'environ', environment)
    monkeypatch.setitem(sys.modules, 'bumble', None)
    text = str(doctor.libraries())
    assert 'missing: bumble' in text and text.endswith(f'  {cure}')


@pytest.mark.parametrize(('needed', 'status'), [(True, 1), (False, 0)])
def test_only_what_everything_needs_makes_it_fail(monkeypatch, capsys, needed, status):
    finding = doctor.Finding('thing', False, 'none', 'buy one', needed=needed)
    monkeypatch.setattr(doctor, 'CHECKS', (lambda: finding,))
    assert doctor.main() == status
    assert 'buy one' in capsys.readouterr().out


def test_a_missing_model_is_named(monkeypatch):
    def nothing(name):
        raise ConfigurationError(f'The file {name} is missing.')

    monkeypatch.setattr(doctor, 'share', nothing)
    assert 'models/detector.tflite is missing' in str(doctor.model())


def test_it_runs_as_a_program():
    result = subprocess.run(
        [sys.executable, '-m', 'sentinel_bringup.doctor'],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert result.stderr == '' and len(result.stdout.splitlines()) == len(doctor.CHECKS)
