"""The list of nodes is the same for launch files and runner, and gives each node what it needs."""

from pathlib import Path

import pytest
from sentinel_bringup.checks import KNOWN_NODES, check
from sentinel_bringup.child import command
from sentinel_bringup.nodes import SimulationOptions, SourceOptions

from sentinel_bringup import nodes

FOLDER = Path('/somewhere')


def names(entries):
    return {entry.name for entry in entries}


def source(**fields):
    return nodes.own_source(SourceOptions(folder=FOLDER, source='night.mp4', **fields))


def test_worlds_differ_in_who_describes_the_robot_only():
    entries = nodes.simulation(SimulationOptions(folder=FOLDER))
    pypi, ros = (names(nodes.of_world(entries, world)) for world in (nodes.PYPI, nodes.ROS))
    assert pypi ^ ros == {'description', 'robot_state_publisher'}


@pytest.mark.parametrize(
    ('robot', 'there'),
    [('emulated', {'driver', 'mekamon_emulator'}), ('none', set()), ('C0:FF:EE', {'driver'})],
)
def test_there_is_a_driver_only_where_there_is_a_robot(robot, there):
    assert names(source(robot=robot)) & {'driver', 'mekamon_emulator'} == there


def test_driver_and_simulator_meet_on_one_port():
    entries = nodes.simulation(SimulationOptions(folder=FOLDER, hci_port=4711))
    found = {entry.name: entry.parameters for entry in entries}
    assert found['simulator']['hci_port'] == 4711
    assert found['driver']['transport'].endswith(':4711')


def test_a_real_robot_is_disarmed_unless_somebody_asks():
    found = {entry.name: entry.parameters for entry in source(robot='C0:FF:EE')}
    assert found['guard']['armed'] is False


def test_two_robots_have_two_trees_of_transforms():
    for entry in source(namespace='north'):
        assert entry.namespace == 'north' and ('/tf', 'tf') in entry.remappings
    assert not any(entry.remappings for entry in source())


def test_whoever_publishes_pictures_gets_the_profile():
    entries = [*source(), *nodes.simulation(SimulationOptions(folder=FOLDER))]
    assert {e.name for e in entries if e.images} == {'camera', 'detector', 'simulator'}


def test_parameter_files_may_speak_of_every_node():
    entries = [
        *source(started=1.0, record=True),
        *nodes.simulation(SimulationOptions(folder=FOLDER)),
    ]
    ours = {e.name for e in entries if e.module}
    assert ours == KNOWN_NODES


def test_texts_that_look_like_numbers_stay_texts():
    [camera] = [
        e
        for e in nodes.own_source(SourceOptions(folder=FOLDER, source="it's 0"))
        if e.name == 'camera'
    ]
    assert "source:='it''s 0'" in command(camera)


def test_nodes_read_the_file_of_their_package_and_their_own():
    found = {e.name: [file.name for file in e.files] for e in source()}
    assert found['camera'] == found['detector'] == ['perception.yaml']
    assert found['driver'] == ['driver.yaml'] and found['guard'] == ['guard.yaml']


def test_every_file_in_config_named_after_a_node_is_valid_in_every_namespace():
    for name in sorted(KNOWN_NODES):
        for namespace in ('', 'north'):
            options = SourceOptions(folder=FOLDER, source='0', namespace=namespace, started=1.0)
            both = [
                *nodes.own_source(options),
                *nodes.simulation(SimulationOptions(folder=FOLDER, namespace=namespace)),
            ]
            check([e for e in both if e.name == name and e.module])
