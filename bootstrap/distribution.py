"""``./sentinel setup --ros``: what rosdep cannot bring, beside a ROS 2 that is sourced.

A virtual environment over the distribution's Python that sees its packages, and keeps its NumPy and
OpenCV: the compiled parts of ROS (cv_bridge above all) are built against them.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from . import host
from .console import SetupError, run_logged
from .environment import ROOT

_REQUIREMENTS = Path(__file__).parent / 'requirements-ros.txt'
_KEEP = ('numpy', 'opencv-python', 'opencv-python-headless', 'scipy')


def has_workspace() -> bool:
    """Whether a ROS 2 is sourced, and over it a built workspace with the sentinel in it."""
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    mark = Path('share/ament_index/resource_index/packages/sentinel_bringup')
    return 'ROS_DISTRO' in os.environ and any(p and (Path(p) / mark).is_file() for p in prefixes)


def run(module: str, *arguments: str) -> NoReturn:
    """Become ``module`` of the workspace that is sourced."""
    environment = {**os.environ, 'SENTINEL_ROOT': str(ROOT)}
    os.execve(sys.executable, [sys.executable, '-m', module, *arguments], environment)


def set_up() -> None:
    """Make the environment and say how to build; raise SetupError where no ROS 2 is sourced."""
    distribution = os.environ.get('ROS_DISTRO', '')
    if not distribution or not os.environ.get('AMENT_PREFIX_PATH'):
        raise SetupError(
            'No ROS 2 is sourced. Run: source /opt/ros/jazzy/setup.bash (or your distribution); '
            'without any ROS, plain ./sentinel setup brings its own.'
        )
    if any(sign.isspace() for sign in str(ROOT)):
        raise SetupError(
            f'There is a space in the path {ROOT}: setup.bash of colcon and the scripts of the '
            'nodes break there. Move the workspace.'
        )
    home = ROOT / '.sentinel' / f'ros-{distribution}'
    venv, python = home / 'venv', home / 'venv' / 'bin' / 'python'
    pip = [str(python), '-m', 'pip', '--disable-pip-version-check']
    # Without pip it is what a failed attempt has left behind.
    if not python.exists() or subprocess.run([*pip, '--version'], capture_output=True).returncode:
        package = f'python3.{sys.version_info[1]}-venv'
        if package in host.missing_packages():
            raise SetupError(
                f'This Python cannot make virtual environments: sudo apt-get install -y {package}, '
                'then call ./sentinel setup --ros again.'
            )
        command = [sys.executable, '-m', 'venv', '--clear', '--system-site-packages', str(venv)]
        run_logged(command, home / 'log' / 'venv.log', what='Virtual environment')
    listed = subprocess.run([*pip, 'list', '--format=freeze'], capture_output=True, text=True)
    if listed.returncode:
        last = (listed.stderr.strip().splitlines() or ['no message'])[-1]
        raise SetupError(
            f'pip cannot list what is installed: {last}. Delete {venv.relative_to(ROOT)} and call '
            './sentinel setup --ros again.'
        )
    kept = [p for p in listed.stdout.splitlines() if p.split('==')[0].lower() in _KEEP]
    constraints = home / 'constraints.txt'
    constraints.write_text('\n'.join(kept) + '\n')
    run_logged(
        [*pip, 'install', '-r', str(_REQUIREMENTS), '-c', str(constraints)],
        home / 'log' / 'pip.log',
        what='LiteRT, Bluetooth and MuJoCo from PyPI',
    )
    # colcon writes the interpreter that runs it into the nodes' scripts: hence `python -m colcon`.
    print(
        f'\nReady for ROS 2 {distribution}. Build and run with:\n\n'
        f'  source {venv.relative_to(ROOT)}/bin/activate\n'
        '  python -m colcon build --symlink-install\n'
        '  source install/setup.bash\n'
        '  ros2 launch sentinel_bringup simulation.launch.py\n'
    )
