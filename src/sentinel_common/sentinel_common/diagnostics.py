"""Once a second every node says on /diagnostics how it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from . import qos
from .timers import every


class Level(IntEnum):
    """Severity, as in diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True)
class Report:
    """How one thing is: a severity, one sentence, and figures for whoever looks closer."""

    level: Level
    message: str
    values: Mapping[str, object] = field(default_factory=dict)


class Diagnostics:
    """Collects reports from functions and publishes them at 1 Hz on ``/diagnostics``.

    A plain publisher, not a lifecycle one: an inactive node must still be heard.
    """

    def __init__(self, node: Any, hardware_id: str = '') -> None:
        from diagnostic_msgs.msg import DiagnosticArray

        self._node = node
        self._hardware_id = hardware_id
        self._sources: dict[str, Callable[[], Report]] = {}
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', qos.RELIABLE)
        every(node, 1.0, self.publish)

    def add(self, name: str, source: Callable[[], Report]) -> None:
        """Ask ``source`` once a second; ``name`` says what it reports on."""
        self._sources[name] = source

    def publish(self) -> None:
        """Send all reports now."""
        from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for name, source in self._sources.items():
            report = source()
            message.status.append(
                DiagnosticStatus(
                    level=bytes([report.level]),
                    name=f'{self._node.get_fully_qualified_name()}: {name}',
                    message=report.message,
                    hardware_id=self._hardware_id,
                    values=[KeyValue(key=k, value=str(v)) for k, v in report.values.items()],
                )
            )
        self._publisher.publish(message)
