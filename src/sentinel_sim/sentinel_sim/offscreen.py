"""Which renderer MuJoCo draws with where there is no screen."""

import ctypes
import os

from sentinel_common.errors import SentinelError

# Values of MUJOCO_GL, best first, and the libraries of which one must load.
_RENDERERS = {'osmesa': ('libOSMesa.so.8', 'libOSMesa.so.6'), 'egl': ('libEGL.so.1',)}


class NoRendererError(SentinelError):
    """Nothing is installed that draws without a screen."""


def choose_renderer() -> None:
    """Set MUJOCO_GL to a renderer that is installed, where it is not set.

    MuJoCo reads it once, as it is imported: call this before. Raises NoRendererError.
    """
    if os.environ.get('MUJOCO_GL'):
        return
    for name, libraries in _RENDERERS.items():
        if any(map(_loads, libraries)):
            os.environ['MUJOCO_GL'] = name
            return
    raise NoRendererError(
        'Nothing is installed that draws without a screen.',
        'Install it: sudo apt install libegl1 libgl1 libgl1-mesa-dri',
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
