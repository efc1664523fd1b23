"""Which renderer MuJoCo draws with where there is no screen.

Standard library only: ``./sentinel`` asks this before it sets anything up.
"""

import ctypes
import os

from sentinel_common.errors import SentinelError

# Value of MUJOCO_GL, best first; libraries of which one must load; Debian packages that bring them.
RENDERERS = (
    ('osmesa', ('libOSMesa.so.8', 'libOSMesa.so.6'), ('libosmesa6',)),
    ('egl', ('libEGL.so.1',), ('libegl1', 'libgl1', 'libgl1-mesa-dri')),
)


class NoRendererError(SentinelError):
    """Nothing is installed that draws without a screen."""


def renderer() -> str:
    """Value for MUJOCO_GL: what it is set to, else what is installed; '' where nothing is."""
    if os.environ.get('MUJOCO_GL'):
        return os.environ['MUJOCO_GL']
    return next((name for name, libraries, _ in RENDERERS if any(map(_loads, libraries))), '')


def choose_renderer() -> None:
    """Set MUJOCO_GL to a renderer that is installed, where it is not set.

    MuJoCo reads it once, as it is imported: call this before. Raises NoRendererError.
    """
    name = renderer()
    if not name:
        # Debian 13 has dropped OSMesa.
        raise NoRendererError(
            'Nothing is installed that draws without a screen.',
            f'Install it: sudo apt install {" ".join(RENDERERS[-1][2])}',
        )
    os.environ['MUJOCO_GL'] = name


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
