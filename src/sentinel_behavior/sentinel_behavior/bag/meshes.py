"""The robot's meshes go into the recording: who opens it elsewhere has no ``package://``."""

import base64
import re
from pathlib import Path

_MESH = re.compile(r'"(?:package|file)://[^"]*/([^"/]+\.stl)"')


def with_meshes(urdf: str, folder: Path) -> str:
    """Return the URDF with the STL files of ``folder`` that it names in it, as ``data:`` URIs.

    Those that are not there stay as they are: they belong to another robot.
    """

    def embed(found: re.Match[str]) -> str:
        file = folder / found[1]
        if not file.is_file():
            return found[0]
        return f'"data:model/stl;base64,{base64.b64encode(file.read_bytes()).decode()}"'

    return _MESH.sub(embed, urdf)
