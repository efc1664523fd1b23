"""What the code imports is what package.xml names, so that rosdep installs it."""

import ast
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.parent for path in SOURCES.glob('sentinel_*/setup.py'))

# rosdep keys of Python modules; the module of a ROS package is called like its key.
KEYS = {
    'PIL': 'python3-pil',
    'cv2': 'python3-opencv',
    'flatbuffers': 'python3-flatbuffers',
    'hypothesis': 'python3-hypothesis',
    'jinja2': 'python3-jinja2',
    'jsonschema': 'python3-jsonschema',
    'markupsafe': 'python3-jinja2',
    'numpy': 'python3-numpy',
    'psutil': 'python3-psutil',
    'pytest': 'python3-pytest',
    'scipy': 'python3-scipy',
    'skimage': 'python3-skimage',
    'yaml': 'python3-yaml',
}
# No key, or one for a version that is too old: ./sentinel setup --ros installs these projects.
FROM_SETUP = {
    'OpenGL': 'pyopengl',
    'ai_edge_litert': 'ai-edge-litert',
    'bleak': 'bleak',
    'bumble': 'bumble',
    'cobs': 'cobs',
    'dbus_fast': 'bleak',
    'gymnasium': 'gymnasium',
    'mcap': 'mcap-ros2-support',
    'mcap_ros2': 'mcap-ros2-support',
    'mujoco': 'mujoco-core',
    'pycocotools': 'pycocotools',
    'usb1': 'bumble',
}
NEVER_IMPORTED = {'backports-strenum'}  # what ai-edge-litert needs, in a version that it can use


BRINGUP = SOURCES / 'sentinel_bringup'
LAUNCH_FILES = sorted((BRINGUP / 'launch').glob('*.launch.py'))
# Debian packages of what rosdep does not install, because a robot needs neither RViz nor Gazebo.
DEBIAN = {'rviz2': 'rviz2', 'ros_gz_sim': 'ros-gz', 'ros_gz_bridge': 'ros-gz'}


def imported(place):
    """Names of the top-level modules that a Python file, or those below a folder, import."""
    found = set()
    for path in [place] if place.is_file() else place.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                found |= {name.name.split('.')[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.split('.')[0])
    return {name for name in found if name not in sys.stdlib_module_names and name[0] != '_'}


def local(folder):
    """Names of the modules that lie in a folder of tests."""
    return {path.stem for path in folder.rglob('*.py')}


@pytest.mark.parametrize('package', PACKAGES, ids=lambda path: path.name)
def test_every_import_has_its_dependency(package):
    root = ET.parse(package / 'package.xml').getroot()
    runs = {e.text for e in root if e.tag in ('depend', 'exec_depend')} | {package.name}
    tests = runs | {e.text for e in root if e.tag == 'test_depend'}
    for folder, keys in ((package / package.name, runs), (package / 'test', tests)):
        modules = imported(folder) - FROM_SETUP.keys() - local(package / 'test')
        missing = {KEYS.get(name, name) for name in modules} - keys
        assert not missing, f'{folder} imports what package.xml does not name'


def test_setup_installs_beside_ros_what_has_no_key():
    lines = (SOURCES.parent / 'bootstrap' / 'requirements-ros.txt').read_text().splitlines()
    installed = {line.partition('==')[0] for line in lines if '==' in line}
    assert {*FROM_SETUP.values()} == installed - NEVER_IMPORTED


def texts_told(tree, function):
    """Texts that calls of ``function`` get as arguments."""
    return {
        argument.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, 'id', '') == function
        for argument in [*call.args, *(k.value for k in call.keywords if k.arg == 'package')]
        if isinstance(argument, ast.Constant)
    }


@pytest.mark.parametrize('file', LAUNCH_FILES, ids=lambda path: path.name)
def test_what_a_launch_file_needs_is_a_dependency_or_has_a_line_in_the_readme(file):
    root = ET.parse(BRINGUP / 'package.xml').getroot()
    runs = {e.text for e in root if e.tag == 'exec_depend'} | {BRINGUP.name}
    tree = ast.parse(file.read_text(encoding='utf-8'))
    assert imported(file) <= runs
    optional = (texts_told(tree, 'Node') | texts_told(tree, 'FindPackageShare')) - runs
    assert optional == texts_told(tree, 'require')
    readme = (SOURCES.parent / 'README.md').read_text(encoding='utf-8')
    assert all(f'ros-$ROS_DISTRO-{DEBIAN[name]} ' in readme for name in optional)


@pytest.mark.parametrize('package', PACKAGES, ids=lambda path: path.name)
def test_package_xml_agrees_with_setup_py(package):
    root = ET.parse(package / 'package.xml').getroot()
    setup = (package / 'setup.py').read_text(encoding='utf-8')
    assert root.attrib['format'] == '3'
    for tag in ('version', 'license', 'description'):
        assert f"'{root.findtext(tag)}'" in setup, tag
    assert root.find('maintainer').attrib['email'] in setup
    assert 'tests_require' not in setup  # colcon test would run nothing and succeed
