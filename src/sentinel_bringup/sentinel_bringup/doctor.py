"""What is there of libraries, ROS, model and devices: one line each, with the cure.

``./sentinel doctor`` looks at the machine and then runs ``python -m sentinel_bringup.doctor``;
where ROS 2 cannot come from PyPI, it runs the latter alone, of the workspace that is sourced.
"""

import importlib
import importlib.metadata
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sentinel_common.errors import SentinelError
from sentinel_common.files import share

from . import terminal

# Fast DDS keeps pictures in shared memory: 4 MB for each of up to three nodes, and small change.
_LEAST_SHARED_MEMORY = 32e6
# Programs that can play a WAV file, as the speaker looks for them.
_PLAYERS = ('pw-play', 'paplay', 'aplay')
_LIBRARIES = {
    'numpy': 'numpy',
    'cv2': 'opencv-python-headless',
    'mujoco': 'mujoco-core',
    'bleak': 'bleak',
    'bumble': 'bumble',
    'py_trees': 'py-trees',
    'yaml': 'pyyaml',
    'psutil': 'psutil',
}


@dataclass(frozen=True)
class Finding:
    """One line of the doctor. ``needed``: without it not even the demo runs."""

    what: str
    good: bool
    found: str
    cure: str = ''
    needed: bool = False

    def __str__(self) -> str:
        """Mark, subject, what was found, and the cure where something is missing."""
        mark = '✓' if self.good else '✗' if self.needed else '-'
        cure = f'  →  {self.cure}' if self.cure and not self.good else ''
        return f'  {mark} {self.what:18} {self.found}{cure}'


def _setup() -> str:
    # ROS 2 from PyPI, which ./sentinel brings itself, names no distribution.
    return './sentinel setup' + (' --ros' if 'ROS_DISTRO' in os.environ else '')


def libraries() -> Finding:
    """Look for what is needed beside ROS."""
    found, missing = [], []
    for module, package in _LIBRARIES.items():
        try:
            importlib.import_module(module)
            found.append(f'{module} {_version(package)}'.strip())
        except Exception as error:  # a broken library may raise anything
            missing.append(f'{package} ({error})')
    if missing:
        return Finding('libraries', False, f'missing: {", ".join(missing)}', _setup(), needed=True)
    return Finding('libraries', True, ', '.join(found))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ''  # installed under another name, as distributions do


def interpreter() -> Finding:
    """Look for a TensorFlow Lite interpreter, in the order in which the detector does."""
    for module in ('ai_edge_litert', 'tflite_runtime'):
        try:
            importlib.import_module(f'{module}.interpreter')
        except ImportError:
            continue
        return Finding('TensorFlow Lite', True, f'{module} {_version(module.replace("_", "-"))}')
    return Finding('TensorFlow Lite', False, 'no interpreter', _setup(), needed=True)


def ros() -> Finding:
    """Look for ROS 2 and for our own interfaces."""
    try:
        rclpy = importlib.import_module('rclpy')
        importlib.import_module('sentinel_msgs.msg')
        importlib.import_module('vision_msgs.msg')
        name = rclpy.get_rmw_implementation_identifier()
    except Exception as error:
        return Finding('ROS 2', False, str(error), _setup(), needed=True)
    return Finding(
        'ROS 2', True, f'rclpy {_version("ros-kilted-rclpy")}, {name}'.replace(' ,', ',')
    )


def model() -> Finding:
    """Look for the trained detector."""
    try:
        path = share('models/detector.tflite')
        share('models/detector_labels.txt')
    except SentinelError as error:
        return Finding('model', False, error.reason, 'git checkout models', needed=True)
    return Finding('model', True, f'{path.name}, {path.stat().st_size / 1e6:.1f} MB')


def shared_memory() -> Finding:
    """Look whether pictures of 640x480 find room between processes."""
    free = shutil.disk_usage('/dev/shm').free if os.path.isdir('/dev/shm') else 0
    cure = 'containers: start with --shm-size=256m; else remove what fills /dev/shm'
    return Finding('shared memory', free >= _LEAST_SHARED_MEMORY, f'{free / 1e6:.0f} MB free', cure)


def camera() -> Finding:
    """Look for cameras of Video4Linux that we may open."""
    devices = sorted(Path('/dev').glob('video*'))
    usable = [d.name for d in devices if os.access(d, os.R_OK | os.W_OK)]
    if devices and not usable:
        return Finding(
            'camera', False, 'no permission', 'sudo usermod -aG video $USER, log in anew'
        )
    cure = 'plug one in, or use --source FILE or --source rtsp://…'
    return Finding('camera', bool(usable), ', '.join(usable) or 'none', cure)


def bluetooth() -> Finding:
    """Look for an adapter and for the daemon that bleak talks to."""
    adapters = sorted(path.name for path in Path('/sys/class/bluetooth').glob('hci*'))
    if not adapters:
        cure = 'plug one in; ./sentinel demo and --robot emulated need none'
        return Finding('Bluetooth', False, 'no adapter', cure)
    if not Path('/run/dbus/system_bus_socket').exists() or not shutil.which('bluetoothctl'):
        return Finding(
            'Bluetooth', False, f'{", ".join(adapters)}, no BlueZ', 'sudo apt-get install -y bluez'
        )
    return Finding('Bluetooth', True, ', '.join(adapters))


def audio() -> Finding:
    """Look for a sound card and for a program that plays to it."""
    cards = Path('/proc/asound/cards')
    has_card = cards.exists() and 'no soundcards' not in cards.read_text()
    player = next((name for name in _PLAYERS if shutil.which(name)), '')
    if not has_card:
        cure = 'plug in a speaker; without one, sounds are rendered to files'
        return Finding('audio', False, 'no sound card', cure)
    cure = 'sudo apt-get install -y alsa-utils'
    return Finding('audio', bool(player), player or 'no player', cure)


CHECKS: tuple[Callable[[], Finding], ...] = (
    ros,
    libraries,
    interpreter,
    model,
    shared_memory,
    camera,
    bluetooth,
    audio,
)


def main() -> int:
    """Print all findings; return 1 where something is missing that everything needs."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `./sentinel doctor | head` ends quietly
    terminal.accept_any_text()
    findings = [check() for check in CHECKS]
    for finding in findings:
        print(finding, flush=True)
    return int(any(f.needed and not f.good for f in findings))


if __name__ == '__main__':
    sys.exit(main())
