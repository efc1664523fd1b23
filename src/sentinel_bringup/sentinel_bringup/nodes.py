"""The one list of nodes: the launch files and the plain-process runner are both made from it.

A node is called like its executable. Where the world matters: ``pypi`` is the runner (ROS 2 from
PyPI, one process per node), ``ros`` is ``ros2 launch`` on a machine with a ROS distribution.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share
from sentinel_common.parameters import Value

from sentinel_sim import scenarios

from .entries import (
    EMULATED,
    NO_ROBOT,
    PYPI,
    ROS,
    TOPIC,
    NodeEntry,
    Options,
    SimulationOptions,
    SourceOptions,
)

# Addresses of emulated robots, alone or two in one garden: those of
# ``sentinel_sim.robot.peripheral``.
_ADDRESSES = {
    '': 'F0:F0:F0:4D:4D:01',
    'robot1': 'F0:F0:F0:4D:4D:01',
    'robot2': 'F0:F0:F0:4D:4D:02',
}
# Topics of a garden with several robots that are not a robot's own, and who listens to them.
_SHARED = ('spectator/image_raw', 'ground_truth/animals')
_LISTENING = frozenset({'recorder', 'bag'})
# A clip waits for the detector; on a busy computer that takes its time to load, s.
_DETECTOR_STARTS = 60.0
# Who must know zones and geofence.
_GUARDING = frozenset({'guard', 'brain'})
# Pictures per second and robot that a machine with two processors has the time for; shared by two.
_CAMERA_RATE = 10.0


def simulation(options: SimulationOptions) -> list[NodeEntry]:
    """Return the nodes of a simulated night: the real stack around garden, animals and robots."""
    names = robot_names(options.robots)
    several: dict[str, Value] = {}
    if options.robots > 1:
        several = {
            'robots': names,
            'camera_rate': _CAMERA_RATE / options.robots,
            'wait_for': [f'{name}/detections' for name in names],
        }
    simulator = NodeEntry(
        name='simulator',
        package='sentinel_sim',
        module='sentinel_sim.simulator_node',
        parameters={
            'scenario': options.scenario,
            'seed': options.seed,
            **several,
            'hci_port': options.hci_port,
            'publish_clock': options.use_sim_time,
            'result_file': str(options.folder / 'simulation.json'),
        },
        images=True,
        respawn=False,
        ends_run=True,
        stops_last=True,
    )
    # Who publishes /clock must not wait for it.
    alone = replace(options, use_sim_time=False, record=False, started=0.0)
    entries = _finish([simulator], alone)
    above = options.namespace.rstrip('/')
    for name, folder in zip(names, folders(options.folder, options.robots), strict=True):
        own = replace(options, namespace='/'.join(filter(None, (above, name))), folder=folder)
        stack = [_detector(own), *_behavior(own), *_robot(own, EMULATED, name)]
        # Onlooker and animals are one for all robots.
        base = f'/{above}/'.replace('//', '/')
        shared = tuple((topic, base + topic) for topic in _SHARED) if name else ()
        entries += [
            replace(entry, remappings=entry.remappings + shared)
            if entry.name in _LISTENING
            else entry
            for entry in _finish(stack, own, name)
        ]
    return entries


def robot_names(robots: int) -> list[str]:
    """Return the namespaces of so many robots in one garden, relative to that of the run."""
    if robots not in (1, 2):
        raise ConfigurationError(f'{robots} robots: the garden has room for one or two.')
    return [''] if robots == 1 else [f'robot{n}' for n in range(1, robots + 1)]


def folders(folder: Path, robots: int) -> list[Path]:
    """Return the folder of each robot's log: the run's own, or one below it for each of several."""
    return [folder / name for name in robot_names(robots)]


def own_source(options: SourceOptions) -> list[NodeEntry]:
    """Return the nodes that watch a source of pictures and drive a robot, if there is one."""
    entries = [] if options.source == TOPIC else [_camera(options)]
    entries += [_detector(options), *_behavior(options)]
    if options.robot == EMULATED:
        entries.append(
            NodeEntry(
                name='mekamon_emulator',
                package='sentinel_sim',
                module='sentinel_sim.robot.emulator_node',
                parameters={'hci_port': options.hci_port, 'address': _ADDRESSES['']},
                stops_last=True,
            )
        )
    return _finish([*entries, *_robot(options, options.robot)], options)


def _camera(options: SourceOptions) -> NodeEntry:
    return NodeEntry(
        name='camera',
        package='sentinel_perception',
        module='sentinel_perception.camera_node',
        parameters={
            'source': options.source,
            'autostart': options.autostart,
            'wait_for_detector': _DETECTOR_STARTS,
        },
        images=True,
        ends_run=True,
    )


def known_names() -> frozenset[str]:
    """Return the names of all nodes of ours: a parameter file may speak of those not started."""
    folder, started = Path(), 1.0
    night = SimulationOptions(folder=folder, record=True, started=started)
    watch = SourceOptions(folder=folder, record=True, started=started, source='')
    return frozenset(e.name for e in [*simulation(night), *own_source(watch)] if e.module)


def _detector(options: Options) -> NodeEntry:
    return NodeEntry(
        name='detector',
        package='sentinel_perception',
        module='sentinel_perception.detector_node',
        parameters={
            'autostart': options.autostart,
            'watch_only': isinstance(options, SourceOptions) and options.robot == NO_ROBOT,
        },
        images=True,
    )


def _behavior(options: Options) -> list[NodeEntry]:
    def entry(name: str, parameters: Mapping[str, Value], stops_last: bool = False) -> NodeEntry:
        return NodeEntry(
            name=name,
            package='sentinel_behavior',
            module=f'sentinel_behavior.{name}_node',
            parameters=parameters,
            stops_last=stops_last,
        )

    guard: dict[str, Value] = {
        'armed': options.armed,
        'state_file': str(options.folder / 'guard.json'),
        'run': options.run,
    }
    brain: dict[str, Value] = {}
    recorder: dict[str, Value] = {'folder': str(options.folder), 'film': options.film}
    if isinstance(options, SimulationOptions):
        # It is as late as the scene looks, whenever somebody plays it.
        guard['hour'] = hour = scenarios.load(options.scenario).hour
        recorder['film_withhold'] = False  # nobody in it is real
        # One short night shows the whole chain: the rule-based choice begins with bark and advance.
        brain = {'policy': 'first', 'first_step': 2, 'seed': options.seed, 'hour': hour}
    elif isinstance(options, SourceOptions) and options.is_real:
        brain = {'state_file': str(options.folder / 'policy.json')}
    return [
        entry('guard', guard),
        entry('brain', brain),
        entry('recorder', recorder, stops_last=True),
    ]


def _robot(options: Options, robot: str, name: str = '') -> list[NodeEntry]:
    """Return driver, speaker and localizer where there is a robot, and who tells its shape.

    ``name`` is that of one of several emulated robots, which differ in their address.
    """
    entries = []
    if robot != NO_ROBOT:
        driver: dict[str, Value] = {'autostart': options.autostart}
        if robot == EMULATED:
            driver['transport'] = f'hci:tcp-client:127.0.0.1:{options.hci_port}'
            # A parameter file may name a real robot.
            driver['robot'] = _ADDRESSES[name]
        elif robot:
            driver['robot'] = robot
        entries.append(
            NodeEntry(
                name='driver',
                package='sentinel_driver',
                module='sentinel_driver.driver_node',
                parameters=driver,
            )
        )
        entries.append(
            NodeEntry(
                name='speaker',
                package='sentinel_driver',
                module='sentinel_driver.speaker_node',
                parameters={'render_folder': str(options.folder)} if robot == EMULATED else {},
            )
        )
        entries.append(
            NodeEntry(
                name='localizer',
                package='sentinel_bringup',
                module='sentinel_bringup.localizer_node',
            )
        )
    return [*entries, *_description()]


def description(options: Options) -> list[NodeEntry]:
    """Return who alone publishes the robot's shape and transforms."""
    return _finish(_description(), options)


def _description() -> list[NodeEntry]:
    """Return our small node for the world that has no robot_state_publisher, and that one."""
    ours, theirs = 'description', 'robot_state_publisher'
    return [
        NodeEntry(
            name=ours,
            package='sentinel_bringup',
            module='sentinel_bringup.description_node',
            worlds=frozenset({PYPI}),
        ),
        NodeEntry(name=theirs, package=theirs, worlds=frozenset({ROS})),
    ]


def _finish(entries: list[NodeEntry], options: Options, name: str = '') -> list[NodeEntry]:
    """Give every node what all have in common; ``name`` is that of one of several robots."""
    if options.record:
        entries.append(
            NodeEntry(
                name='bag',
                package='sentinel_behavior',
                module='sentinel_behavior.bag_node',
                parameters={
                    'folder': str(options.folder),
                    # Nobody in a simulation is real.
                    'withhold': not isinstance(options, SimulationOptions),
                },
                stops_last=True,
            )
        )
    if options.started:
        entries.append(
            NodeEntry(
                name='progress',
                package='sentinel_bringup',
                module='sentinel_bringup.progress_node',
                parameters={'started': options.started},
                respawn=False,
            )
        )
    # One tree of transforms per robot: /tf is absolute by convention and would mix them.
    transforms = (('/tf', 'tf'), ('/tf_static', 'tf_static')) if options.namespace else ()
    return [
        replace(
            entry,
            namespace=options.namespace,
            files=_own_files(entry) + options.files,
            remappings=entry.remappings + transforms,
            parameters={
                **entry.parameters,
                **_of_one_among_several(entry, name),
                'use_sim_time': options.use_sim_time,
            },
        )
        for entry in entries
    ]


def _of_one_among_several(entry: NodeEntry, name: str) -> dict[str, Value]:
    """Return where the robot stands guard: the halves of the garden do not overlap."""
    return {'zones': f'config/zones_{name}.yaml'} if name and entry.name in _GUARDING else {}


def _own_files(entry: NodeEntry) -> tuple[Path, ...]:
    """Return ``config/<package without sentinel_>.yaml``, ``config/<node>.yaml``, if they exist."""
    found = {}
    for name in (entry.package.removeprefix('sentinel_'), entry.name):
        with contextlib.suppress(ConfigurationError):
            found[name] = share(f'config/{name}.yaml')
    return tuple(found.values())


def of_world(entries: list[NodeEntry], world: str) -> list[NodeEntry]:
    """Return the entries that exist in ``world``."""
    return [entry for entry in entries if world in entry.worlds]
