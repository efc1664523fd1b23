"""Test helpers lie beside the tests, and whoever draws finds a renderer."""

import contextlib
import sys
from pathlib import Path

from sentinel_sim.offscreen import NoRendererError, choose_renderer

sys.path.insert(0, str(Path(__file__).parent))

with contextlib.suppress(NoRendererError):  # most tests draw nothing
    choose_renderer()
