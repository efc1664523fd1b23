"""MuJoCo draws with what is installed, also where nobody has set MUJOCO_GL."""

import os
import subprocess
import sys

import pytest

from sentinel_sim import offscreen


@pytest.fixture
def installed(monkeypatch):
    """Let only these libraries load, and nothing be set."""

    def only(*libraries):
        monkeypatch.setattr(offscreen, '_loads', lambda library: library in libraries)
        monkeypatch.setenv('MUJOCO_GL', '')

    return only


@pytest.mark.parametrize(
    ('libraries', 'renderer'),
    [
        (['libOSMesa.so.8', 'libEGL.so.1'], 'osmesa'),
        (['libOSMesa.so.6'], 'osmesa'),
        (['libEGL.so.1'], 'egl'),
    ],
)
def test_the_first_renderer_that_loads_is_taken(installed, libraries, renderer):
    installed(*libraries)
    offscreen.choose_renderer()
    assert os.environ['MUJOCO_GL'] == renderer


def test_without_any_the_cure_is_told(installed):
    installed()
    with pytest.raises(offscreen.NoRendererError, match='sudo apt install libegl1'):
        offscreen.choose_renderer()


def test_what_a_person_has_set_stays(installed, monkeypatch):
    installed('libEGL.so.1')
    monkeypatch.setenv('MUJOCO_GL', 'glfw')
    offscreen.choose_renderer()
    assert os.environ['MUJOCO_GL'] == 'glfw'


def test_a_picture_is_drawn_where_nothing_is_set(tmp_path):
    """The command draws like the simulator; it ends sooner."""
    program = (
        'import argparse; from sentinel_sim.commands import render; '
        'p = argparse.ArgumentParser(); render.add_arguments(p); '
        f'render.main(p.parse_args(["--count", "1", "--out", {str(tmp_path)!r}]))'
    )
    env = {k: v for k, v in os.environ.items() if k != 'MUJOCO_GL'}
    subprocess.run([sys.executable, '-c', program], env=env, check=True)
    assert len(list((tmp_path / 'images').iterdir())) == 1
