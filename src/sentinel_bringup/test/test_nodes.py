"""The list of nodes is the same for launch files and runner, and gives each node what it needs."""

import re
from pathlib import Path

import pytest
from sentinel_bringup.checks import check
from sentinel_bringup.child import command
from sentinel_bringup.entries import PYPI, ROS, SimulationOptions, SourceOptions
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share
from sentinel_sim.robot.peripheral import ADDRESSES

from sentinel_bringup import folders, nodes

FOLDER = Path('/somewhere')


def names(entries):
    return {entry.name for entry in entries}


def source(**fields):
    return nodes.own_source(SourceOptions(folder=FOLDER, source='night.mp4', **fields))


def test_worlds_differ_in_who_describes_the_robot_only():
    entries = nodes.simulation(SimulationOptions(folder=FOLDER))
    pypi, ros = (names(nodes.of_world(entries, world)) for world in (PYPI, ROS))
    assert pypi ^ ros == {'description', 'robot_state_publisher'}


@pytest.mark.parametrize(
    ('robot', 'there'),
    [
        ('emulated', {'driver', 'localizer', 'mekamon_emulator'}),
        ('none', set()),
        ('C0:FF:EE', {'driver', 'localizer'}),
    ],
)
def test_who_drives_and_tells_its_place_is_there_only_where_there_is_a_robot(robot, there):
    assert names(source(robot=robot)) & {'driver', 'localizer', 'mekamon_emulator'} == there


@pytest.mark.parametrize(
    ('entries', 'watches'),
    [
        (source(robot='none'), True),
        (source(robot='emulated'), False),
        (source(robot=''), False),
        (nodes.simulation(SimulationOptions(folder=FOLDER)), False),
    ],
)
def test_the_detector_only_watches_where_there_is_no_robot(entries, watches):
    (detector,) = [entry for entry in entries if entry.name == 'detector']
    assert detector.parameters['watch_only'] is watches


def test_the_source_topic_leaves_our_camera_out():
    topic = nodes.own_source(SourceOptions(folder=FOLDER, source='topic'))
    assert names(topic) == names(source()) - {'camera'}


def test_driver_and_simulator_meet_on_one_port():
    entries = nodes.simulation(SimulationOptions(folder=FOLDER, hci_port=4711))
    found = {entry.name: entry.parameters for entry in entries}
    assert found['simulator']['hci_port'] == 4711
    assert found['driver']['transport'].endswith(':4711')


@pytest.mark.parametrize('simulated', [True, False])
def test_the_simulator_publishes_the_clock_that_the_others_follow(simulated):
    entries = nodes.simulation(SimulationOptions(folder=FOLDER, use_sim_time=simulated))
    follow = {entry.name: entry.parameters['use_sim_time'] for entry in entries}
    assert follow.pop('simulator') is False and set(follow.values()) == {simulated}
    assert entries[0].parameters['publish_clock'] is simulated


def two():
    return nodes.simulation(SimulationOptions(folder=FOLDER, robots=2, hci_port=4711, record=True))


def test_two_robots_have_one_garden_and_a_stack_each():
    labels = [entry.label for entry in two()]
    assert labels.count('simulator') == 1 and len(set(labels)) == len(labels)
    alone = names(nodes.simulation(SimulationOptions(folder=FOLDER, record=True))) - {'simulator'}
    for robot in ('robot1', 'robot2'):
        assert {x.split('.')[1] for x in labels if x.startswith(robot)} == alone


def test_two_drivers_look_for_the_two_robots_on_one_radio():
    drivers = [entry.parameters for entry in two() if entry.name == 'driver']
    assert [d['robot'] for d in drivers] == list(ADDRESSES)
    assert {d['transport'] for d in drivers} == {'hci:tcp-client:127.0.0.1:4711'}


def test_the_emulated_robot_is_found_whatever_a_file_says_of_a_real_one(tmp_path):
    file = tmp_path / 'driver_calibration.yaml'
    file.write_text('/**/driver: {ros__parameters: {robot: "C0:FF:EE:00:00:01", left_full: 0.4}}')
    told = check(nodes.of_world(source(files=(file,)), PYPI))
    assert told['driver']['robot'] == told['mekamon_emulator']['address']
    assert told['driver']['left_full'] == 0.4
    night = nodes.simulation(SimulationOptions(folder=FOLDER, files=(file,)))
    told = check(nodes.of_world(night, PYPI))
    assert told['driver']['robot'] == ADDRESSES[0]


def test_two_robots_keep_two_logs():
    folders = [e.parameters['folder'] for e in two() if e.name == 'recorder']
    assert folders == [str(FOLDER / 'robot1'), str(FOLDER / 'robot2')]


def test_two_robots_guard_two_places_and_never_the_same():
    from sentinel_behavior.zones import read_zones
    from sentinel_sim.layout import POSTS

    brains = [entry for entry in two() if entry.name == 'brain']
    zones = [read_zones(share(entry.parameters['zones'])) for entry in brains]
    assert [z.home for z in zones] == list(POSTS)
    left, right = ([y for _, y in z.geofence] for z in zones)
    assert min(left) > max(right) + 0.4  # a robot is 0.3 m wide


def test_a_slash_at_the_end_of_a_namespace_is_no_part_of_it():
    def told(namespace):
        night = SimulationOptions(folder=FOLDER, robots=2, namespace=namespace, record=True)
        return {(e.namespace, e.remappings) for e in nodes.simulation(night) if e.name == 'bag'}

    assert told('garden/') == told('garden')
    assert {namespace for namespace, _ in told('/garden/')} == {'/garden/robot1', '/garden/robot2'}


def test_the_film_of_each_of_two_robots_shows_the_one_onlooker():
    for entry in two():
        wanted = ('spectator/image_raw', '/spectator/image_raw') in entry.remappings
        assert wanted == (entry.name in ('recorder', 'bag'))


@pytest.mark.parametrize('robots', [0, 3])
def test_the_garden_has_no_room_for(robots):
    with pytest.raises(ConfigurationError, match='one or two'):
        nodes.simulation(SimulationOptions(folder=FOLDER, robots=robots))


def test_all_parameters_of_two_robots_are_known():
    check(nodes.of_world(two(), PYPI))


def test_a_real_robot_is_disarmed_unless_somebody_asks():
    found = {entry.name: entry.parameters for entry in source(robot='C0:FF:EE')}
    assert found['guard']['armed'] is False


@pytest.mark.parametrize(
    ('scenario', 'hour'), [('raccoon_night', 1.0), ('raccoon_dusk', 21.0), ('raccoon_day', 12.0)]
)
def test_it_is_as_late_as_the_simulated_scene_looks(scenario, hour):
    entries = nodes.simulation(SimulationOptions(folder=FOLDER, scenario=scenario, robots=2))
    told = [e.parameters['hour'] for e in entries if e.name in ('guard', 'brain')]
    assert told == [hour] * 4


def test_in_a_real_garden_the_clock_tells_the_hour():
    told = check(nodes.of_world(source(robot='none'), PYPI))
    assert told['guard']['hour'] == told['brain']['hour'] == -1.0


def test_two_robots_have_two_trees_of_transforms():
    for entry in source(namespace='north'):
        assert entry.namespace == 'north' and ('/tf', 'tf') in entry.remappings
    assert not any(entry.remappings for entry in source())


def test_whoever_publishes_pictures_gets_the_profile():
    entries = [*source(), *nodes.simulation(SimulationOptions(folder=FOLDER))]
    assert {e.name for e in entries if e.images} == {'camera', 'detector', 'simulator'}


def test_texts_that_look_like_numbers_stay_texts():
    [camera] = [
        e
        for e in nodes.own_source(SourceOptions(folder=FOLDER, source="it's 0"))
        if e.name == 'camera'
    ]
    assert 'source:="it\'s 0"' in command(camera)


def test_nodes_read_the_file_of_their_package_and_their_own():
    found = {e.name: [file.name for file in e.files] for e in source()}
    assert found['camera'] == found['detector'] == ['perception.yaml']
    assert found['driver'] == ['driver.yaml'] and found['guard'] == ['guard.yaml']


def test_every_file_in_config_named_after_a_node_is_valid_in_every_namespace():
    for name in sorted(nodes.known_names()):
        for namespace in ('', 'north'):
            options = SourceOptions(folder=FOLDER, source='0', namespace=namespace, started=1.0)
            both = [
                *nodes.own_source(options),
                *nodes.simulation(SimulationOptions(folder=FOLDER, namespace=namespace)),
            ]
            check([e for e in both if e.name == name and e.module])


@pytest.mark.parametrize(
    ('robot', 'file'), [('C0:FF:EE', '/somewhere/policy.json'), ('emulated', None), ('none', None)]
)
def test_only_a_real_robot_teaches_what_is_kept(robot, file):
    (brain,) = (entry for entry in source(robot=robot) if entry.name == 'brain')
    assert brain.parameters.get('state_file') == file


@pytest.mark.parametrize(
    ('source', 'robot', 'namespace', 'name'),
    [
        ('0', 'MekaMon', '', 'garden'),
        ('rtsp://camera/1', 'none', '/north/', 'garden-north'),
        ('0', 'emulated', '', None),
        ('night.mp4', 'MekaMon', '', None),
        ('/dev/video2', 'none', '', 'garden'),
        ('topic', 'none', '', 'garden'),
    ],
)
def test_the_nights_of_a_garden_share_one_folder(source, robot, namespace, name):
    found = folders.of_source(source, robot, namespace)
    assert found == name if name else re.fullmatch(r'\d{8}-\d{6}-\d{6}-run', found)


def test_runs_of_one_second_do_not_share_a_folder():
    assert folders.stamped('demo') != folders.stamped('demo')


def test_a_guard_that_starts_again_knows_its_run_and_the_next_run_is_another():
    def told(options):
        (guard,) = (entry for entry in nodes.own_source(options) if entry.name == 'guard')
        return guard.parameters['run'], guard.parameters['state_file']

    options = SourceOptions(folder=FOLDER, source='0')
    assert told(options) == told(options) == (options.run, '/somewhere/guard.json')
    assert SourceOptions(folder=FOLDER, source='0').run != options.run


@pytest.mark.parametrize(('robot', 'told'), [('AA:BB:CC:DD:EE:FF', {'robot'}), ('', set())])
def test_what_a_file_says_of_a_real_robot_stays(robot, told):
    """Transport and address may stand in driver.yaml, or in what ./sentinel calibrate wrote."""
    entries = nodes.own_source(SourceOptions(folder=FOLDER, source='0', robot=robot))
    (driver,) = (entry for entry in entries if entry.name == 'driver')
    assert {'robot', 'transport'} & driver.parameters.keys() == told
