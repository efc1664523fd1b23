"""What the brain sees and protects, for RViz."""

from typing import Any

from geometry_msgs.msg import Point
from sentinel_common.detections import to_stamp
from sentinel_common.geometry import Point as Place
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from .blackboard import Blackboard

_GREEN = ColorRGBA(r=0.3, g=0.8, b=0.3, a=1.0)
_BLUE = ColorRGBA(r=0.3, g=0.5, b=1.0, a=1.0)
_RED = ColorRGBA(r=1.0, g=0.3, b=0.2, a=0.9)

# How long a sight stays on the screen when nothing follows, s.
_LIFETIME = 1


def _outline(name: str, polygon: tuple[Place, ...], color: Any) -> Any:
    marker = Marker(ns=name, type=Marker.LINE_STRIP, action=Marker.ADD, color=color)
    marker.header.frame_id = 'map'
    marker.pose.orientation.w = 1.0
    marker.scale.x = 0.03
    marker.points = [Point(x=x, y=y) for x, y in (*polygon, polygon[0])]
    return marker


def markers(board: Blackboard) -> Any:
    """Geofence, zones, animals in view, and what is done about them."""
    found = [_outline('geofence', board.zones.geofence, _BLUE)]
    found += [_outline(name, polygon, _GREEN) for name, polygon in board.zones.zones.items()]
    header = Header(stamp=to_stamp(board.stamp), frame_id='base_link')
    for index, target in enumerate(board.targets.targets if board.targets else ()):
        ball = Marker(header=header, ns='animals', id=index, type=Marker.SPHERE, color=_RED)
        ball.pose.position = Point(x=target.x, y=target.y, z=target.z)
        ball.pose.orientation.w = 1.0
        ball.scale.x = ball.scale.y = ball.scale.z = 0.25
        ball.lifetime.sec = _LIFETIME
        label = Marker(header=header, ns='labels', id=index, type=Marker.TEXT_VIEW_FACING)
        species, probability = target.best
        name = f'{species} {probability:.2f}' if species else 'at rest'
        label.text = f'{name} {board.state} {board.deterrent}'.rstrip()
        label.pose.position = Point(x=target.x, y=target.y, z=target.z + 0.35)
        label.pose.orientation.w = 1.0
        label.scale.z = 0.12
        label.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
        label.lifetime.sec = _LIFETIME
        found += [ball, label]
    return MarkerArray(markers=found)
