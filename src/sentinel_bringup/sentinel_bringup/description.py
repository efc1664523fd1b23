"""The robot's shape as URDF, and the transform that each of its joints makes."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sentinel_common.errors import ConfigurationError

from .transforms import Quaternion, Transform, Vector, about, from_rpy, multiply, rotate


def load(path: Path, arguments: Mapping[str, str]) -> str:
    """Return the URDF text of a xacro file; ``arguments`` are its xacro arguments."""
    import xacro

    try:
        document = xacro.process_file(str(path), mappings=dict(arguments))
    except xacro.XacroException as error:
        raise ConfigurationError(f'{path} is no valid xacro file: {error}.') from error
    return str(document.toxml())


@dataclass(frozen=True)
class Joint:
    """A joint of the URDF: ``origin`` (m) and ``rotation`` place it in the parent link."""

    name: str
    kind: str
    parent: str
    child: str
    origin: Vector
    rotation: Quaternion
    axis: Vector

    @property
    def fixed(self) -> bool:
        """Whether its transform never changes."""
        return self.kind == 'fixed'

    def transform(self, position: float = 0.0) -> Transform:
        """Transform from parent to child at a joint position in rad or m."""
        if self.fixed:
            return Transform(self.origin, self.rotation)
        if self.kind == 'prismatic':
            x, y, z = self.axis
            sx, sy, sz = rotate(self.rotation, (x * position, y * position, z * position))
            ox, oy, oz = self.origin
            return Transform((ox + sx, oy + sy, oz + sz), self.rotation)
        return Transform(self.origin, multiply(self.rotation, about(self.axis, position)))


def joints(urdf: str) -> list[Joint]:
    """Return the joints of a URDF; raise ConfigurationError where it is none."""
    try:
        root = ET.fromstring(urdf)
        return [_joint(element) for element in root.findall('joint')]
    except (ET.ParseError, KeyError, ValueError, AttributeError) as error:
        raise ConfigurationError(f'The robot description is no valid URDF: {error}.') from error


def _joint(element: ET.Element) -> Joint:
    def vector(tag: str, key: str, default: Vector) -> Vector:
        found = element.find(tag)
        text = found.get(key) if found is not None else None
        if text is None:
            return default
        x, y, z = (float(word) for word in text.split())
        return x, y, z

    axis = vector('axis', 'xyz', (1.0, 0.0, 0.0))
    length = math.hypot(*axis)
    return Joint(
        name=element.attrib['name'],
        kind=element.attrib['type'],
        parent=element.find('parent').attrib['link'],  # type: ignore[union-attr]
        child=element.find('child').attrib['link'],  # type: ignore[union-attr]
        origin=vector('origin', 'xyz', (0.0, 0.0, 0.0)),
        rotation=from_rpy(*vector('origin', 'rpy', (0.0, 0.0, 0.0))),
        axis=(axis[0] / length, axis[1] / length, axis[2] / length) if length else axis,
    )
