"""What this machine has (compiler, headers, off-screen renderer, disk), and how to get the rest."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from .console import SetupError, Step

# This module, and what it imports, need the standard library only.
sys.path.extend(
    str(Path(__file__).resolve().parents[1] / 'src' / package)
    for package in ('sentinel_common', 'sentinel_sim')
)
from sentinel_sim.offscreen import RENDERERS, renderer

# Virtual environment and built workspace take 1.3 GB; pip unpacks in between.
_DISK_NEEDED = 2.5e9


def missing_packages() -> list[str]:
    """Debian packages without which the set-up cannot work here; empty where all is there."""
    version = f'python3.{sys.version_info[1]}'
    system_python = sys.base_prefix == '/usr'
    missing = []
    if not (shutil.which('c++') or shutil.which('g++')):
        missing.append('g++')
    if not shutil.which('make'):
        missing.append('make')
    if not Path(sysconfig.get_path('include'), 'Python.h').exists():
        missing.append(f'{version}-dev' if system_python else 'the C headers of this Python')
    try:
        import ensurepip  # noqa: F401  (Debian splits it off)
    except ImportError:
        missing.append(f'{version}-venv')
    if not renderer():
        candidates = [packages for _, _, packages in RENDERERS if _available(packages)]
        missing += candidates[0] if candidates else RENDERERS[-1][2]
    return missing


def _available(packages: tuple[str, ...]) -> bool:
    """Whether apt knows these packages: Debian 13 has dropped OSMesa."""
    if not shutil.which('apt-cache'):
        return False
    command = ['apt-cache', 'policy', *packages]
    found = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, 'LC_ALL': 'C'}
    )
    return found.stdout.count('Candidate:') == len(packages) and '(none)' not in found.stdout


def install_missing() -> None:
    """Install what ``missing_packages`` names: as root at once, else after asking."""
    missing = missing_packages()
    if not missing:
        return
    names = ' '.join(missing)
    if not shutil.which('apt-get'):
        raise SetupError(
            f'These are missing: {names}. Install them with the package manager of your system.'
        )
    if os.geteuid() != 0:
        line = f'sudo apt-get install -y {names}'
        print(f'  Some Debian packages are missing. This line installs them:\n\n    {line}\n')
        if not (sys.stdin.isatty() and shutil.which('sudo')):
            raise SetupError('Run the line above, then call ./sentinel again.')
        if input('  Run it now? [Y/n] ').strip().lower() not in ('', 'y', 'yes'):
            raise SetupError('Nothing was installed.')
        subprocess.run(
            ['sudo', '-v'], check=False
        )  # asks for the password before the spinner draws
    become_root = [] if os.geteuid() == 0 else ['sudo']
    apt = [*become_root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', '-qq']
    with Step(f'Debian packages: {names}'):
        subprocess.run([*apt, 'update'], capture_output=True)
        done = subprocess.run(
            [*apt, 'install', '--no-install-recommends', *missing], capture_output=True, text=True
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ['no message'])[-1]
            raise SetupError(f'apt-get could not install {names}: {last}')
    if missing_packages():
        raise SetupError(
            f'After the installation these are still missing: {" ".join(missing_packages())}.'
        )


def has_wheels() -> bool:
    """Whether ROS 2 comes from PyPI for this machine."""
    return sys.platform == 'linux' and os.uname().machine == 'x86_64'


def check_machine(folder: Path) -> None:
    """Refuse what cannot work before anything is downloaded: other processors, a full disk."""
    if not has_wheels():
        raise SetupError(
            f'ROS 2 wheels exist for x86-64 Linux only, and this is {sys.platform} on '
            f"{os.uname().machine}. Install your distribution's ROS 2, source it, call "
            './sentinel setup --ros, and build and source the workspace: then this command works.'
        )
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < _DISK_NEEDED:
        raise SetupError(
            f'{free / 1e9:.1f} GB are free in {place}, {_DISK_NEEDED / 1e9:.1f} GB are needed. '
            'Make room first.'
        )
