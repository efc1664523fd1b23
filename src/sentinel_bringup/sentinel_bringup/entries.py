"""What one node of a run is, and what a run can be told: data, no list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from sentinel_common.parameters import Value

PYPI = 'pypi'
ROS = 'ros'

# Robot that lives in this computer: a Bluetooth peripheral on emulated air.
EMULATED = 'emulated'
# No robot at all: look, decide and log only.
NO_ROBOT = 'none'

# Source that is no business of ours: another node publishes camera/image_raw and camera_info.
TOPIC = 'topic'

# Exit status of a node that was told something wrong: trying again cannot help.
EXIT_USAGE = 2


@dataclass(frozen=True, kw_only=True)
class NodeEntry:
    """One node of a run.

    ``files`` are parameter files, later ones win; ``parameters`` win over all of them. No node
    reads a file: ``checks`` merges them into the parameters. ``images``: it publishes pictures and
    so needs the Fast DDS profile. ``ends_run``: when it ends, the run has ended. ``stops_last``:
    others still need it while they stop (the radio of a simulated robot, the log of the last
    words).
    """

    name: str
    package: str
    module: str = ''
    namespace: str = ''
    parameters: Mapping[str, Value] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    remappings: tuple[tuple[str, str], ...] = ()
    worlds: frozenset[str] = frozenset({PYPI, ROS})
    images: bool = False
    respawn: bool = True
    ends_run: bool = False
    stops_last: bool = False

    @property
    def label(self) -> str:
        """What it is called where several robots are: name of the log, prefix of its lines."""
        return f'{self.namespace.strip("/").replace("/", ".")}.{self.name}'.lstrip('.')

    @property
    def full_name(self) -> str:
        """Name with its namespace, as ROS 2 writes it."""
        return f'/{self.namespace.strip("/")}/{self.name}'.replace('//', '/')


@dataclass(frozen=True, kw_only=True)
class Options:
    """What every kind of run can be told."""

    folder: Path
    """Run folder: incidents, pictures, sounds, logs."""
    files: tuple[Path, ...] = ()
    """Parameter files of ROS 2 for any of the nodes; they win over config/<node>.yaml."""
    namespace: str = ''
    """One per robot."""
    use_sim_time: bool = False
    """Time comes from /clock."""
    autostart: bool = True
    """Camera, detector and driver configure and activate themselves."""
    armed: bool = False
    """Nobody has to call the service ``arm`` first."""
    hci_port: int = 0
    """TCP port of the emulated radio; needed where the robot is emulated."""
    film: bool = False
    """Keep an annotated film and samples of the latency."""
    record: bool = False
    """Record every topic to an MCAP file in the run folder."""
    run: str = field(default_factory=lambda: uuid4().hex)
    """Tells one run from the next, and not a node from the one that starts again in its place."""
    started: float = 0.0
    """When the command was given, s since 1970; 0: nobody follows the progress on a terminal."""


@dataclass(frozen=True, kw_only=True)
class SimulationOptions(Options):
    """A night in the simulated garden."""

    scenario: str = 'raccoon_night'
    seed: int = 1
    robots: int = 1
    """One or two; of two each has its own namespace, folder, post and half of the garden."""


@dataclass(frozen=True, kw_only=True)
class SourceOptions(Options):
    """The stack on a person's own pictures and, perhaps, robot."""

    source: str
    """Video file, folder of pictures, camera index, URL, or ``topic``."""
    robot: str = EMULATED
    """``emulated``, ``none``, or a Bluetooth address or name; '' for what the driver is told."""

    @property
    def is_real(self) -> bool:
        """Whether animals meet a robot, so that something can be learned from them."""
        return self.robot not in (EMULATED, NO_ROBOT)
