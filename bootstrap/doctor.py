"""``./sentinel doctor``: what is there and what is missing, one line each, with the cure."""

import os
import shutil
import subprocess
import sys

from . import environment, host
from .console import SetupError

_MARKS = {True: '✓', False: '✗'}


def line(good: bool, what: str, found: str, cure: str = '') -> bool:
    """Print one finding; return ``good``."""
    print(f'  {_MARKS[good]} {what:18} {found}' + (f'  →  {cure}' if cure and not good else ''))
    return good


def main() -> int:
    """Look at the machine, then at the workspace; return 0 where nothing needed is missing."""
    good = line(True, 'Python', f'{sys.version.split()[0]} ({sys.executable})')
    try:
        host.check_machine(environment.HOME)
        free = shutil.disk_usage(environment.ROOT).free
        line(
            True,
            'machine',
            f'{os.uname().machine}, {os.cpu_count()} processors, {free / 1e9:.0f} GB free',
        )
    except SetupError as error:
        good = line(False, 'machine', str(error))
    missing = host.missing_packages()
    good &= line(
        not missing,
        'Debian packages',
        'all there' if not missing else f'missing: {" ".join(missing)}',
        'apt-get install -y ' + ' '.join(missing),
    )
    good &= line(
        bool(host.renderer()),
        'off-screen picture',
        host.renderer() or 'neither OSMesa nor EGL',
        'apt-get install -y libosmesa6',
    )
    distribution = os.environ.get('ROS_DISTRO', '')
    line(
        True,
        'ROS 2',
        f'{distribution} is sourced (./sentinel uses its own, from PyPI)'
        if distribution
        else 'from PyPI (no distribution is sourced)',
    )
    built = (environment.HOME / 'build.stamp').exists()
    cure = './sentinel setup' + ('' if host.has_wheels() else ' --ros')
    if not line(built, 'set-up', 'done' if built else 'not yet', cure):
        return 0 if good else 1
    sys.stdout.flush()  # before the other process writes
    command = [str(environment.VENV_PYTHON), '-m', 'sentinel_bringup.doctor']
    return subprocess.run(command, env=environment.environment()).returncode or int(not good)
