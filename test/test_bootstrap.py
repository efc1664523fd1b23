"""./sentinel sets up, counts and refuses as it says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bootstrap import distribution, environment, host, main, tests  # noqa: E402
from bootstrap.console import SetupError, run_logged  # noqa: E402
from sentinel_bringup import usage  # noqa: E402


def sentinel(*arguments, **env):
    return subprocess.run(
        [sys.executable, ROOT / 'sentinel', *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize(
    ('installed', 'words'),
    [
        (['ros-kilted-rclpy==9.1.2', 'ros-jazzy-rclpy==7.1.6'], 'jazzy and kilted are mixed'),
        (['numpy==2.4.6', 'tflite-runtime==2.14.0'], 'built for NumPy 1'),
        (['setuptools==80.1.0', 'colcon-core==0.21.3'], 'setuptools 80 has removed'),
    ],
)
def test_versions_that_must_not_be_mixed_are_refused(installed, words):
    with pytest.raises(SetupError, match=words):
        environment.check_versions(installed)


@pytest.mark.parametrize(
    'lock', sorted((ROOT / 'bootstrap' / 'locks').glob('py3.*.txt')), ids=lambda p: p.stem
)
def test_every_lock_is_exact_hashed_and_consistent(lock):
    text = lock.read_text()
    pins = [line.split(' ')[0] for line in text.splitlines() if line and line[0].isalpha()]
    assert len(pins) > 100 and all('==' in pin for pin in pins)
    assert text.count('--hash=sha256:') >= len(pins)
    assert '://' not in text
    environment.check_versions(pins)


def test_there_is_a_lock_for_every_python_that_is_let_in():
    assert {p.stem for p in (ROOT / 'bootstrap' / 'locks').iterdir()} == {
        f'py3.{n}' for n in range(11, 15)
    }


@pytest.fixture
def fresh(tmp_path):
    """Call ./sentinel of a clone in which nothing was set up; whether it begins to is a failure."""
    clone = tmp_path / 'clone'
    shutil.copytree(ROOT / 'bootstrap', clone / 'bootstrap')
    shutil.copy(ROOT / 'sentinel', clone)
    (clone / 'src').symlink_to(ROOT / 'src')

    def call(*arguments, **env):
        done = subprocess.run(
            [sys.executable, clone / 'sentinel', *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **env},
        )
        assert not (clone / '.sentinel').exists()
        assert 'Traceback' not in done.stderr
        return done

    return call


@pytest.mark.parametrize('words', [(), ('--help',), ('-h',), ('help',)])
def test_all_commands_are_listed_before_any_set_up(fresh, words):
    done = fresh(*words)
    assert done.returncode == 0
    for name in (*usage.COMMANDS, *usage.SETUP):
        assert f'  ./sentinel {name} ' in done.stdout
    assert 'a night in the simulated garden' in done.stdout


def test_a_mistyped_command_sets_nothing_up(fresh):
    done = fresh('dmeo')
    assert done.returncode == 2
    assert done.stderr == (
        "There is no command 'dmeo'. Did you mean 'demo'? ./sentinel --help lists them.\n"
    )


def test_the_version_is_told_before_any_set_up(fresh):
    assert fresh('--version').stdout == 'Garden Sentinel 0.1.0\n'


@pytest.mark.parametrize('words', [('demo', '--help'), ('help', 'demo'), ('bench', 'night', '-h')])
def test_help_of_a_command_sets_nothing_up(fresh, words):
    done = fresh(*words)
    assert done.returncode == 0 and './sentinel setup' in done.stdout


@pytest.mark.parametrize(
    ('command', 'words'),
    [('setup', '--ros'), ('test', 'packages of src/'), ('doctor', 'what is missing')],
)
def test_commands_of_the_set_up_explain_themselves_and_refuse_what_they_do_not_know(
    fresh, command, words
):
    done = fresh(command, '--help')
    assert done.returncode == 0 and words in done.stdout
    done = fresh(command, '--bogus')
    assert done.returncode == 2 and 'unrecognized arguments: --bogus' in done.stderr


def test_the_doctor_speaks_on_a_terminal_that_knows_ascii_only(fresh):
    done = fresh('doctor', PYTHONIOENCODING='ascii')
    assert '  + Python' in done.stdout and '->  ./sentinel setup' in done.stdout


def test_a_second_set_up_does_nothing():
    sentinel('setup')  # sources may have been edited since this environment was built
    before = (environment.HOME / 'build.stamp').stat().st_mtime_ns
    done = sentinel('setup')
    assert done.returncode == 0 and done.stdout == 'Ready. Try ./sentinel demo\n'
    assert (environment.HOME / 'build.stamp').stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ('command', 'there', 'builds'),
    [('estop', True, 0), ('arm', True, 0), ('demo', True, 1), ('estop', False, 1)],
)
def test_who_stops_a_robot_waits_for_no_build(monkeypatch, tmp_path, command, there, builds):
    monkeypatch.setattr(environment, 'HOME', tmp_path)
    monkeypatch.setattr(environment, 'INSTALL', tmp_path / 'install')
    if there:
        (tmp_path / 'install').mkdir()
        for made in ('packages.stamp', 'install/setup.sh'):
            (tmp_path / made).touch()
    calls = []
    monkeypatch.setattr(environment, 'set_up', lambda: calls.append('set_up'))
    monkeypatch.setattr(main.os, 'execve', lambda *_: calls.append('runs'))
    main._run(command, [], '')
    assert calls == ['set_up'] * builds + ['runs']


@pytest.mark.parametrize('step', ['_make_venv', '_build'])
def test_after_an_update_that_failed_the_old_version_is_set_up_again(monkeypatch, tmp_path, step):
    lock, calls = tmp_path / 'lock.txt', []
    monkeypatch.setattr(environment, 'HOME', tmp_path / 'home')
    monkeypatch.setattr(environment, 'LOCK', lock)
    monkeypatch.setattr(environment, '_hash_of_sources', str)
    for name in ('check_machine', 'install_missing'):
        monkeypatch.setattr(host, name, lambda *_: None)

    def run(name):
        calls.append((name, lock.read_text()))
        if calls[-1] == (step, 'new'):
            raise SetupError('The package index cannot be reached')

    for name in ('_make_venv', '_build'):
        monkeypatch.setattr(environment, name, lambda name=name: run(name))
    lock.write_text('old')
    environment.set_up()
    lock.write_text('new')
    with pytest.raises(SetupError):
        environment.set_up()
    lock.write_text('old')
    environment.set_up()
    assert calls[-2:] == [('_make_venv', 'old'), ('_build', 'old')]
    environment.set_up()
    assert len(calls) == 5 + (step == '_build')


def test_a_space_in_the_path_is_refused_where_colcon_breaks(monkeypatch, tmp_path):
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    monkeypatch.setenv('AMENT_PREFIX_PATH', '/opt/ros/jazzy')
    monkeypatch.setattr(distribution, 'ROOT', tmp_path / 'my garden')
    with pytest.raises(SetupError, match='There is a space in the path'):
        distribution.set_up()
    assert not list(tmp_path.iterdir())


@pytest.fixture
def ros(monkeypatch, tmp_path):
    """Where ./sentinel setup --ros works, with nothing to be loaded; its virtual environment."""
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    monkeypatch.setenv('AMENT_PREFIX_PATH', '/opt/ros/jazzy')
    monkeypatch.delenv('PYTHONPATH', raising=False)
    monkeypatch.setattr(distribution, 'ROOT', tmp_path)
    nothing = tmp_path / 'requirements.txt'
    nothing.touch()
    monkeypatch.setattr(distribution, '_REQUIREMENTS', nothing)
    return tmp_path / '.sentinel' / 'ros-jazzy' / 'venv'


def test_an_environment_without_pip_beside_a_distribution_is_made_anew(ros, capsys):
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', ros], check=True)
    distribution.set_up()
    assert 'Ready for ROS 2 jazzy' in capsys.readouterr().out
    assert 'include-system-site-packages = true' in (ros / 'pyvenv.cfg').read_text()


def test_a_python_that_can_make_no_environment_is_refused_with_the_package(ros, monkeypatch):
    monkeypatch.setitem(sys.modules, 'ensurepip', None)
    with pytest.raises(SetupError, match=r'sudo apt-get install -y python3\.\d+-venv'):
        distribution.set_up()
    assert not ros.exists()


def test_a_pip_that_cannot_list_is_one_sentence(ros):
    python = ros / 'bin' / 'python'
    python.parent.mkdir(parents=True)
    python.write_text(
        '#!/bin/sh\n[ "$4" = --version ] || { echo "broken metadata" >&2; exit 1; }\n'
    )
    python.chmod(0o755)
    with pytest.raises(SetupError, match=r'broken metadata. Delete .sentinel/ros-jazzy/venv'):
        distribution.set_up()


def test_a_python_that_does_not_exist_is_one_sentence():
    done = sentinel('demo', SENTINEL_PYTHON='python3.999')
    assert done.returncode == 1
    assert (
        done.stderr == 'SENTINEL_PYTHON names python3.999, which is no Python that starts here.\n'
    )


def test_a_python_that_is_too_old_is_one_sentence():
    # The entry script must parse and refuse under any Python 3; here it is told that it runs one.
    code = (
        'import sys; sys.version_info = (3, 9, 2); exec(compile(open({0!r}).read(), {0!r}, "exec"))'
    )
    done = subprocess.run(
        [sys.executable, '-c', code.format(str(ROOT / 'sentinel'))],
        capture_output=True,
        text=True,
        env={**os.environ, 'PATH': '/nonexistent'},
    )
    assert done.returncode == 1
    assert done.stderr.startswith('Garden Sentinel needs Python 3.11 to 3.14, and this is')


def test_too_little_disk_space_is_refused_before_anything_is_loaded(monkeypatch, tmp_path):
    monkeypatch.setattr(host, '_DISK_NEEDED', 1e18)
    with pytest.raises(SetupError, match='Make room first'):
        host.check_machine(tmp_path / 'not' / 'yet')


# The entry script on a machine for whose processor there are no wheels, as a Raspberry Pi is.
_ON_A_PI = """
import os, runpy, sys
known = os.uname()
os.uname = lambda: os.uname_result((*known[:4], 'aarch64'))
sys.argv = {!r}
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.mark.parametrize(
    ('command', 'file', 'words'),
    [(['arm', '--off'], '__main__.py', 'built: arm --off'), (['doctor'], 'doctor.py', 'built:')],
)
def test_where_there_are_no_wheels_commands_are_those_of_the_workspace_that_is_sourced(
    tmp_path, command, file, words
):
    mark = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages' / 'sentinel_bringup'
    module = tmp_path / 'lib' / 'sentinel_bringup' / file
    for path, text in ((mark, ''), (module, 'import sys; print("built:", *sys.argv[1:])')):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    done = subprocess.run(
        [sys.executable, '-c', _ON_A_PI.format([str(ROOT / 'sentinel'), *command])],
        capture_output=True,
        text=True,
        timeout=100,
        env={
            **os.environ,
            'ROS_DISTRO': 'jazzy',
            'AMENT_PREFIX_PATH': f'{tmp_path}:/opt/ros/jazzy',
            'PYTHONPATH': str(module.parents[1]),
        },
    )
    assert done.stdout == f'{words}\n', done.stderr


@pytest.mark.parametrize('prefixes', ['', '/opt/ros/jazzy'])
def test_where_there_are_no_wheels_and_nothing_is_built_it_says_how_to(
    monkeypatch, tmp_path, prefixes
):
    machine = os.uname_result((*os.uname()[:4], 'aarch64'))
    monkeypatch.setattr(os, 'uname', lambda: machine)
    monkeypatch.setenv('AMENT_PREFIX_PATH', prefixes)
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    assert not distribution.has_workspace()
    with pytest.raises(SetupError, match=r'on aarch64.*build and source the workspace'):
        host.check_machine(tmp_path)


def test_a_failed_step_shows_its_last_lines_and_the_cure(tmp_path):
    with pytest.raises(SetupError) as caught:
        run_logged(
            [sys.executable, '-c', 'print("No space left on device"); raise SystemExit(3)'],
            tmp_path / 'step.log',
            what='Step',
            explain=environment._explain_pip,
        )
    assert 'Step failed (status 3). The disk is full: make room.' in str(caught.value)
    assert 'No space left' in (tmp_path / 'step.log').read_text()


def test_nothing_that_ran_is_a_failure():
    total, wrong = tests.verdict({'a': tests.Count(passed=3)}, ['a', 'b'])
    assert wrong == ['b: no test ran'] and total.passed == 3


def test_a_failure_is_counted_from_the_file(tmp_path):
    path = tmp_path / 'pytest.xml'
    path.write_text(
        '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="2"/></testsuites>'
    )
    assert tests.read(path) == tests.Count(passed=1, failed=2, skipped=2)
    assert tests.verdict({'a': tests.read(path)}, ['a'])[1] == ['a: 2 failed']


def test_a_result_that_cannot_be_read_is_a_failure(tmp_path):
    (tmp_path / 'cut.xml').write_text('<testsuite tests="5"')
    assert tests.read(tmp_path / 'cut.xml').failed == 1
    assert tests.read(tmp_path / 'absent.xml').failed == 1
