"""The launch files with the real ``launch`` packages; skipped where those cannot be imported."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import rclpy

pytest.importorskip('launch_ros', reason='launch_ros is not installed; PyPI has none')

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_context import LaunchContext
from launch.logging import launch_config
from launch.utilities import perform_substitutions
from launch_ros.actions import Node
from sentinel_bringup.entries import ROS, TOPIC, SimulationOptions, SourceOptions
from sentinel_bringup.launching import common_options
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share

from sentinel_bringup import nodes

FILES = sorted(path.name for path in share('launch').glob('*.launch.py'))

# What ``ros2 launch FILE ARGUMENT...`` does, without the command line around it.
ROS2_LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
source = PythonLaunchDescriptionSource(sys.argv[1])
arguments = [a.split(':=', 1) for a in sys.argv[2:]]
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=arguments)]))
sys.exit(service.run())
"""


@pytest.fixture(autouse=True)
def log(tmp_path, monkeypatch):
    """Let the log of the launch be here, and not in the home of whoever tests."""
    monkeypatch.setattr(launch_config, '_log_dir', str(tmp_path))


def description(name):
    spec = importlib.util.spec_from_file_location('launch_file', share(f'launch/{name}'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description()


def actions(name, kind=Node, **arguments):
    """Actions of a kind that a launch file makes with these arguments."""
    context = LaunchContext()
    context.launch_configurations.update(arguments)
    found = []
    for entity in description(name).entities:
        if isinstance(entity, DeclareLaunchArgument):
            entity.visit(context)
        elif isinstance(entity, OpaqueFunction):
            found += entity.execute(context)
    return [e for e in found if isinstance(e, kind)]


def started(name, **arguments):
    """Nodes that a launch file starts with these arguments, by executable."""
    return {node.node_executable: node for node in actions(name, **arguments)}


@pytest.mark.parametrize('name', FILES)
def test_every_argument_is_described(name):
    arguments = description(name).get_launch_arguments()
    assert arguments and all(len(a.description) > 5 for a in arguments)


def test_simulation_starts_the_nodes_of_the_list(tmp_path):
    options = SimulationOptions(folder=tmp_path)
    wanted = {e.name for e in nodes.of_world(nodes.simulation(options), ROS)}
    assert set(started('simulation.launch.py', folder=str(tmp_path))) == wanted


def test_a_slash_at_the_end_of_a_namespace_is_no_part_of_it(tmp_path):
    values = {'namespace': 'north/', 'folder': str(tmp_path), 'params_file': ''}
    values |= dict.fromkeys(('use_sim_time', 'autostart', 'film', 'record'), 'false')
    assert common_options(values)['namespace'] == 'north'


def test_two_robots_are_one_argument(tmp_path):
    found = [
        n.node_executable for n in actions('simulation.launch.py', folder=str(tmp_path), robots='2')
    ]
    assert found.count('simulator') == 1
    assert found.count('driver') == found.count('brain') == found.count('guard') == 2


@pytest.mark.parametrize('robot', ['emulated', 'none', 'F0:0D'])
def test_sentinel_starts_the_nodes_of_the_list(tmp_path, robot):
    options = SourceOptions(folder=tmp_path, source='0', robot=robot)
    wanted = {e.name for e in nodes.of_world(nodes.own_source(options), ROS)}
    assert set(started('sentinel.launch.py', folder=str(tmp_path), robot=robot)) == wanted


def test_another_driver_takes_the_place_of_the_camera(tmp_path):
    ours = set(started('sentinel.launch.py', folder=str(tmp_path)))
    assert set(started('sentinel.launch.py', folder=str(tmp_path), source='topic')) == ours - {
        'camera'
    }


@pytest.fixture
def gazebo(tmp_path, monkeypatch):
    """Let the packages of Gazebo be there."""
    index = tmp_path / 'prefix' / 'share/ament_index/resource_index/packages'
    index.mkdir(parents=True)
    for name in ('ros_gz_sim', 'ros_gz_bridge'):
        (index / name).touch()
    places = [str(tmp_path / 'prefix'), os.environ.get('AMENT_PREFIX_PATH', '')]
    monkeypatch.setenv('AMENT_PREFIX_PATH', os.pathsep.join(places))


@pytest.mark.parametrize(
    ('name', 'package'), [('rviz.launch.py', 'rviz2'), ('gazebo.launch.py', 'ros-gz-sim')]
)
def test_a_missing_package_is_one_sentence(tmp_path, monkeypatch, name, package):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    arguments = {} if name.startswith('rviz') else {'folder': str(tmp_path)}
    with pytest.raises(ConfigurationError, match=f'sudo apt install ros-jazzy-{package}$'):
        actions(name, **arguments)


@pytest.mark.usefixtures('gazebo')
def test_gazebo_takes_the_place_of_camera_and_body(tmp_path):
    found = started('gazebo.launch.py', folder=str(tmp_path))
    options = SourceOptions(folder=tmp_path, source=TOPIC)
    wanted = {e.name for e in nodes.of_world(nodes.own_source(options), ROS)}
    assert set(found) == wanted | {'create', 'parameter_bridge'}


@pytest.mark.usefixtures('gazebo')
@pytest.mark.parametrize(
    ('gui', 'options'), [('true', '-r '), ('false', '-r -s --headless-rendering ')]
)
def test_gazebo_draws_without_a_screen_and_its_end_is_the_end(tmp_path, gui, options):
    words = {'folder': str(tmp_path), 'gui': gui, 'world': '/my garden.sdf'}
    [include] = actions('gazebo.launch.py', IncludeLaunchDescription, **words)
    told = dict(include.launch_arguments)
    assert told == {'gz_args': f"{options}'/my garden.sdf'", 'on_exit_shutdown': 'true'}


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (
            '/**: {ros__parameters: {use_sim_time: false}}\n'
            '/my/own: {ros__parameters: {speed: 3}}\n'
            '/**/brain: {ros__parameters: {quiet_start: 20.0}}',
            'Brain and guard of north do not agree: quiet_start is 20.0 for the brain',
        ),
        (
            '/**/detector: {ros__parameters: {veto_level: 0.3}}',
            "The detector's veto_level of north is 0.3, above the guard's veto_level of 0.2",
        ),
        ('/**/guard:\n  ros__parameters: {armed: 1}\n x: 1', 'is not valid YAML at line 3'),
        ('/**/guard: {armed: false}', 'expected "name: value" pairs'),
    ],
)
@pytest.mark.parametrize('name', ['sentinel.launch.py', 'simulation.launch.py'])
def test_what_no_node_can_tell_alone_stops_the_launch_before_it_starts(tmp_path, name, text, words):
    own = tmp_path / 'own.yaml'
    own.write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        started(name, folder=str(tmp_path), namespace='north', params_file=str(own))


@pytest.mark.parametrize('seed', ['abc', '1.5', '-1', ''])
def test_a_seed_that_is_none_is_named(tmp_path, seed):
    with pytest.raises(ConfigurationError, match=f'seed:={seed} is no whole number'):
        started('simulation.launch.py', folder=str(tmp_path), seed=seed)


def test_a_missing_parameter_file_is_named(tmp_path):
    with pytest.raises(Exception, match=r'none\.yaml does not exist'):
        started('sentinel.launch.py', folder=str(tmp_path), params_file='none.yaml')


def taken(action):
    """Return the parameters that ROS reads from the command line of a launched node."""
    launch_context, context = LaunchContext(), rclpy.Context()
    action._perform_substitutions(launch_context)
    namespace, _, name = action.node_name.rpartition('/')
    own = {'name': f'__node:={name}', 'ns': f'__ns:={namespace or "/"}'}
    launch_context.extend_locals({'ros_specific_arguments': own})
    words = [perform_substitutions(launch_context, word) for word in action.cmd[1:]]
    rclpy.init(args=['node', *words], context=context)
    node = rclpy.create_node('any', context=context, enable_rosout=False)
    assert node.get_fully_qualified_name() == action.node_name
    found = {name: p.value for name, p in node._parameter_overrides.items()}
    node.destroy_node()
    rclpy.shutdown(context=context)
    return found


@pytest.mark.usefixtures('installed')
@pytest.mark.parametrize('namespace', ['', 'north', 'farm/north'])
def test_a_later_file_wins_over_a_former_and_the_launch_argument_over_both(tmp_path, namespace):
    guard = f'/{namespace}/guard'.replace('//', '/')
    files = [tmp_path / 'mine.yaml', tmp_path / 'later.yaml']
    files[0].write_text(
        '/**: {ros__parameters: {use_sim_time: true}}\n'
        f'{guard}: {{ros__parameters: {{armed: true, veto_level: 0.1, also_protected: []}}}}\n'
        '/**/detector: {ros__parameters: {model: "1e3"}}\n'
        '/my/own: {ros__parameters: {speed: 3}}\n'
    )
    files[1].write_text('/**/guard: {ros__parameters: {veto_level: 0.35}}\n')
    found = started(
        'sentinel.launch.py',
        source='topic',
        robot='0',
        namespace=namespace,
        folder=str(tmp_path),
        params_file=':'.join(map(str, files)),
    )
    told = taken(found['guard'])
    assert told['armed'] is told['use_sim_time'] is False
    assert told['veto_level'] == 0.35 and told['also_protected'] is None
    assert told['quiet_start'] == 22.0  # as config/guard.yaml says
    assert taken(found['detector'])['model'] == '1e3'
    assert taken(found['driver'])['robot'] == '0'
    assert '<robot' in taken(found['robot_state_publisher'])['robot_description']


@pytest.mark.usefixtures('installed')
@pytest.mark.parametrize('name', ['description.launch.py', 'sentinel.launch.py'])
@pytest.mark.parametrize('camera', ['onboard', 'none'])
def test_a_camera_that_stands_elsewhere_is_no_part_of_the_robot(tmp_path, name, camera):
    own = tmp_path / 'own.yaml'
    own.write_text(f'/**/description: {{ros__parameters: {{camera: {camera}}}}}')
    found = started(name, params_file=str(own), namespace='north', folder=str(tmp_path))
    urdf = taken(found['robot_state_publisher'])['robot_description']
    assert ('camera_link' in urdf) == (camera == 'onboard')


@pytest.fixture
def programs(tmp_path):
    """Environment with a package of two scripts: one ends with the statuses in turn, one waits."""
    folder = tmp_path / 'lib' / 'programs'
    folder.mkdir(parents=True)
    index = tmp_path / 'share/ament_index/resource_index/packages'
    index.mkdir(parents=True)
    (index / 'programs').touch()
    starts = tmp_path / 'starts'
    nth = f'echo >> {starts}; shift $(($(wc -l < {starts}) - 1))'
    scripts = {
        'mortal': f'set -- $STATUSES; {nth}; exit $1',
        'quiet': 'exec sleep 1000',
    }
    for name, script in scripts.items():
        (folder / name).write_text(f'#!/bin/sh\n{script}\n')
        (folder / name).chmod(0o755)
    prefixes = os.pathsep.join([str(tmp_path), os.environ.get('AMENT_PREFIX_PATH', '')])
    return {**os.environ, 'AMENT_PREFIX_PATH': prefixes, 'ROS_LOG_DIR': str(tmp_path / 'log')}


def run_programs(programs, statuses, *, argument='true', **fields):
    """Run a program that ends so often, beside one that does not; return status and output."""
    entries = [{'name': 'mortal', **fields}, {'name': 'quiet'}]
    words = [json.dumps({'package': 'programs', **entry}) for entry in entries]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name('launch_nodes.py')), argument, *words],
        env={**programs, 'STATUSES': ' '.join(map(str, statuses))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    out = done.stdout + done.stderr
    assert out.count('[mortal-1]: process started') == len(statuses), out
    assert '[quiet-2]: sending signal' in out
    return done.returncode, out


def test_a_camera_that_crashes_starts_again_and_ends_the_run_when_its_film_is_over(programs):
    status, _ = run_programs(programs, [139, 0], ends_run=True)
    assert status == 0


@pytest.mark.parametrize(('respawn', 'argument'), [(False, 'true'), (True, 'false')])
def test_a_needed_node_that_crashes_for_good_is_no_success(programs, respawn, argument):
    fields = {'ends_run': True, 'respawn': respawn}
    status, out = run_programs(programs, [3], argument=argument, **fields)
    assert status == 1 and 'The node mortal ended with status 3.' in out


def test_a_node_that_was_told_something_wrong_ends_the_launch_without_success(programs):
    status, out = run_programs(programs, [2])
    assert status == 1 and 'The node mortal ended with status 2.' in out


@pytest.fixture
def installed():
    for package in ('sentinel_sim', 'sentinel_bringup', 'robot_state_publisher'):
        try:
            get_package_prefix(package)
        except PackageNotFoundError:
            pytest.skip(f'{package} is not installed here')


@pytest.mark.usefixtures('installed')
def test_simulation_comes_up_and_ctrl_c_leaves_nothing(tmp_path):
    file = str(share('launch/simulation.launch.py'))
    launch = subprocess.Popen(
        [sys.executable, '-c', ROS2_LAUNCH, file, f'folder:={tmp_path}', 'namespace:=north'],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    said = []
    for line in launch.stdout:
        said.append(line)
        if 'rules in force' in line:  # the guard judges: pictures or not, it is up
            break
    children = psutil.Process(launch.pid).children(recursive=True)
    assert len(children) >= 8, ''.join(said)
    launch.send_signal(signal.SIGINT)
    out, _ = launch.communicate(timeout=60)
    said.append(out)
    deadline = time.monotonic() + 30
    while any(child.is_running() for child in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [child for child in children if child.is_running()]
    assert 'Traceback' not in ''.join(said)
