"""The description, world and bridge files, checked with the real tools where they are installed."""

import importlib
import importlib.util
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import xacro
import yaml
from sentinel_common.files import share
from sentinel_sim.robot.model import JOINTS

VARIANTS = {
    'plain': {},
    'fixed camera': {'camera': 'none'},
    'gazebo': {'gazebo': 'true'},
    'ros2_control': {'gazebo': 'true', 'ros2_control': 'true', 'controllers': '/c.yaml'},
}


def description(**arguments: str) -> str:
    document = xacro.process_file(str(share('urdf/mekamon.urdf.xacro')), mappings=arguments)
    return document.toprettyxml()


def bridge() -> list[dict[str, str]]:
    return yaml.safe_load(share('config/gazebo_bridge.yaml').read_text())


def sdf_check(path: Path) -> subprocess.CompletedProcess[str]:
    """Run the real sdformat library: ``gz sdf`` of Gazebo or ``ign sdf`` of Debian 12."""
    for tool in ('gz', 'ign'):
        if shutil.which(tool):
            return subprocess.run(
                [tool, 'sdf', '--check', str(path)], capture_output=True, text=True, timeout=60
            )
    pytest.skip('neither gz nor ign is installed (Debian 12: ignition-tools, libsdformat-dev)')


@pytest.mark.parametrize('arguments', VARIANTS.values(), ids=VARIANTS)
def test_description_is_valid_urdf(tmp_path, arguments):
    if not shutil.which('check_urdf'):
        pytest.skip('check_urdf is not installed (Debian: liburdfdom-tools)')
    urdf = tmp_path / 'mekamon.urdf'
    urdf.write_text(description(**arguments))
    done = subprocess.run(['check_urdf', str(urdf)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'Successfully Parsed' in done.stdout


@pytest.mark.parametrize('arguments', VARIANTS.values(), ids=VARIANTS)
def test_description_is_valid_for_sdformat(tmp_path, arguments):
    urdf = tmp_path / 'mekamon.urdf'
    urdf.write_text(description(**arguments))
    done = sdf_check(urdf)
    assert done.returncode == 0 and 'Valid' in done.stdout, done.stdout + done.stderr
    assert 'Warning' not in done.stdout + done.stderr


def test_world_is_valid_for_sdformat():
    done = sdf_check(share('urdf/garden.sdf'))
    assert done.returncode == 0 and 'Valid' in done.stdout, done.stdout + done.stderr


def test_the_check_finds_a_fault(tmp_path):
    broken = tmp_path / 'broken.sdf'
    broken.write_text(share('urdf/garden.sdf').read_text().replace('name="paint"', 'name="box"'))
    done = sdf_check(broken)
    assert 'Non-unique names' in done.stdout + done.stderr


def test_world_is_the_simulators_garden():
    path = share('urdf/make_garden.py')
    spec = importlib.util.spec_from_file_location('make_garden', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    same = share('urdf/garden.sdf').read_text() == module.world()
    assert same, 'the layout has changed: run urdf/make_garden.py'


def test_every_mesh_of_the_description_exists_and_is_used():
    used = set(re.findall(r'/([a-z_]+)\.stl', description()))
    made = {path.stem for path in share('urdf/meshes').glob('*.stl')}
    assert used == made


def test_bridge_description_and_world_name_the_same_topics():
    robot = ET.fromstring(description(gazebo='true'))
    world = ET.fromstring(share('urdf/garden.sdf').read_text())
    described = {
        element.text
        for element in (*robot.iter(), *world.iter())
        if element.tag in ('topic', 'odom_topic', 'camera_info_topic')
    }
    bridged = {entry['gz_topic_name'] for entry in bridge()} - {'/clock'}
    assert bridged == described


def test_bridge_carries_all_joints_to_gazebo():
    commands = {e['ros_topic_name'] for e in bridge() if e['direction'] == 'ROS_TO_GZ'}
    assert commands - {'raccoon/cmd_vel'} == {f'joint_command/{joint}' for joint in JOINTS}


def test_meshes_of_the_world_exist():
    world = ET.fromstring(share('urdf/garden.sdf').read_text())
    for uri in world.iter('uri'):
        assert share(f'urdf/{uri.text}').is_file()


@pytest.mark.parametrize('entry', bridge(), ids=lambda e: e['ros_topic_name'])
def test_bridge_types_exist(entry):
    package, _, name = entry['ros_type_name'].split('/')
    assert hasattr(importlib.import_module(f'{package}.msg'), name)
    assert re.fullmatch(r'gz\.msgs\.[A-Z]\w+', entry['gz_type_name'])


def test_ros2_control_has_an_interface_and_a_transmission_per_joint():
    robot = ET.fromstring(description(gazebo='true', ros2_control='true'))
    assert [j.get('name') for j in robot.findall('ros2_control/joint')] == list(JOINTS)
    assert [j.get('name') for j in robot.findall('transmission/joint')] == list(JOINTS)
    # Two masters of one joint would fight.
    assert not [p for p in robot.iter('plugin') if 'position-controller' in p.get('filename', '')]


def test_controllers_move_all_joints():
    controllers = yaml.safe_load(share('config/controllers.yaml').read_text())
    assert controllers['leg_controller']['ros__parameters']['joints'] == list(JOINTS)


def test_launch_file_puts_gazebo_in_the_place_of_camera_and_body(tmp_path):
    pytest.importorskip('launch_ros', reason='launch_ros is not installed; PyPI has none')
    spec = importlib.util.spec_from_file_location('gazebo', share('launch/gazebo.launch.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    values = {a.name: a.default_value[0].text for a in module.ARGUMENTS if a.default_value}
    entries = {e.name: e for e in module.stack({**values, 'folder': str(tmp_path)})}
    assert 'camera' not in entries and {'detector', 'driver', 'guard', 'brain'} <= entries.keys()
    assert entries['mekamon_emulator'].parameters['body'] == 'gazebo'
    assert all(entry.parameters['use_sim_time'] for entry in entries.values())
