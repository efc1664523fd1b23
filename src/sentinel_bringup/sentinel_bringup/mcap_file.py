"""Writes ROS 2 messages to an MCAP file that Foxglove, PlotJuggler and rosbag2 open."""

import re
from pathlib import Path
from types import TracebackType

from ament_index_python.packages import get_package_share_directory
from mcap.writer import Writer

# What rosbag2's own writer calls them (mcap.dev, registry of well-known encodings).
_SCHEMA_ENCODING, _MESSAGE_ENCODING = 'ros2msg', 'cdr'
_SEPARATOR = '=' * 80
# Compressed together, bytes: what is lost at most when the process is killed.
_CHUNK_SIZE = 512 * 1024
# A field of another interface: pkg/Type or Type, perhaps bounded, perhaps an array.
_FIELD = re.compile(r'^\s*(?:([a-z]\w*)/)?([A-Z]\w*)(?:\[[^\]]*\])?\s+\w+')


def definition(type_name: str) -> str:
    """Return the text of ``pkg/msg/Type`` and, below it, of every message that it is made of."""
    package, _, name = type_name.split('/')
    texts: dict[str, str] = {}
    waiting = [(package, name)]
    while waiting:
        package, name = waiting.pop()
        if f'{package}/{name}' in texts:
            continue
        share = Path(get_package_share_directory(package))
        text = (share / 'msg' / f'{name}.msg').read_text(encoding='utf-8')
        texts[f'{package}/{name}'] = text
        for line in text.splitlines():
            if field := _FIELD.match(line):
                waiting.append((field[1] or package, field[2]))
    first, *others = texts.items()
    return '\n'.join([first[1], *(f'{_SEPARATOR}\nMSG: {n}\n{t}' for n, t in others)])


class McapFile:
    """An open file; a context manager. Times are in ns."""

    def __init__(self, path: Path) -> None:
        self._writer = Writer(str(path), chunk_size=_CHUNK_SIZE)
        self._writer.start(profile='ros2', library='garden-sentinel')
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}

    def write(self, topic: str, type_name: str, data: bytes, time: int) -> None:
        """Append a serialized message of type ``pkg/msg/Type``."""
        if topic not in self._channels:
            self._channels[topic] = self._channel(topic, type_name)
        self._writer.add_message(self._channels[topic], log_time=time, data=data, publish_time=time)

    def _channel(self, topic: str, type_name: str) -> int:
        if type_name not in self._schemas:
            self._schemas[type_name] = self._writer.register_schema(
                type_name, _SCHEMA_ENCODING, definition(type_name).encode()
            )
        return self._writer.register_channel(topic, _MESSAGE_ENCODING, self._schemas[type_name])

    def close(self) -> None:
        """Write the index; without it the file must be repaired before it can be searched."""
        self._writer.finish()  # type: ignore[no-untyped-call]

    def __enter__(self) -> 'McapFile':
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.close()
