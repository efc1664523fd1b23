"""``./sentinel X`` finds commands, and says in one sentence what is wrong."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import Image
from sentinel_behavior.commands import guard as guard_command
from sentinel_behavior.incidents.store import SqliteStore
from sentinel_bringup.runner import Outcome
from sentinel_common.errors import SentinelError
from sentinel_common.images import image_from_array
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from sentinel_bringup import cli, session
from sentinel_common import qos
from sentinel_msgs.msg import SafetyState


def sentinel(*arguments, **options):
    return subprocess.run(
        [sys.executable, '-m', 'sentinel_bringup', *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        **options,
    )


def test_help_lists_only_commands_that_are_there():
    text = sentinel('--help').stdout
    for name in cli.COMMANDS:
        assert (f'./sentinel {name} ' in text) == (cli.find(name) is not None)
    assert './sentinel demo ' in text


def test_a_benchmark_still_has_the_choice_of_a_renderer_when_it_begins():
    """MuJoCo reads MUJOCO_GL as it is imported, and a list of benchmarks must not do that."""
    program = (
        'import argparse, sys; from sentinel_bringup import bench; '
        'bench.add_arguments(argparse.ArgumentParser()); sys.exit("mujoco" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', program], timeout=100).returncode == 0


def test_an_unknown_command_is_one_sentence():
    result = sentinel('dmeo')
    assert result.returncode == 2
    assert "There is no command 'dmeo'." in result.stderr and 'Traceback' not in result.stderr
    assert "Did you mean 'demo'?" in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize('source', ['nothing.mp4', '.', 'rtspp://x/y', 'none'])
def test_a_wrong_source_is_one_sentence_before_anything_starts(tmp_path, source):
    result = sentinel('run', '--source', source, cwd=tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1 and 'Traceback' not in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_wrong_source_learns_of_the_source_topic(tmp_path):
    assert 'also take the word topic' in sentinel('run', '--source', 'none', cwd=tmp_path).stderr


def test_the_pictures_of_another_node_are_watched_in_its_domain(tmp_path):
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=97)
    driver = rclpy.create_node('driver_of_somebody', context=context)
    pictures = driver.create_publisher(Image, 'camera/image_raw', qos.IMAGE_WRITER)
    command = 'run --source topic --robot none --folder'.split()
    with subprocess.Popen(
        [sys.executable, '-m', 'sentinel_bringup', *command, str(tmp_path)],
        env={**os.environ, 'ROS_DOMAIN_ID': '97'},
        stdout=subprocess.PIPE,
        text=True,
    ) as run:

        def publish():
            while run.poll() is None:
                header = Header(stamp=driver.get_clock().now().to_msg())
                grey = np.full((240, 320, 3), 90, np.uint8)
                pictures.publish(image_from_array(grey, 'bgr8', header))
                time.sleep(0.1)

        thread = threading.Thread(target=publish)
        thread.start()
        said = []
        for line in run.stdout:
            said.append(line)
            if 'sees the first picture' in line:
                break
        run.send_signal(signal.SIGINT)
        said += run.stdout
    thread.join()
    driver.destroy_node()
    rclpy.shutdown(context=context)
    assert 'sees the first picture' in ''.join(said)
    assert said[0] == 'Watching camera/image_raw, robot: none.\n'


@pytest.mark.parametrize(
    ('words', 'what'),
    [
        (['run', '--source', ''], '--source'),
        (['run', '--source='], '--source'),
        (['run', '--source', '0', '--folder', ''], '--folder'),
        (['tune', '--source', 'a.png', '--out', ''], '--out'),
        (['report', ''], 'An argument'),
    ],
)
def test_an_empty_name_is_not_this_folder(tmp_path, words, what):
    result = sentinel(*words, cwd=tmp_path)
    assert (result.returncode, result.stderr) == (2, f'{what} is empty. Is a variable not set?\n')
    assert not list(tmp_path.iterdir())


def test_a_run_shows_no_password_of_an_address(tmp_path, monkeypatch):
    titles = []
    monkeypatch.setattr(session, 'play', lambda *words, **_: titles.append(words[3]) or Outcome())
    monkeypatch.setattr(session, 'end', lambda *_, **__: 0)
    address = 'rtsp://me:secret@host/s'
    cli.run(['run', '--source', address, '--robot', 'none', '--folder', str(tmp_path)])
    assert titles == ['Watching rtsp://host, robot: none.']


def test_an_empty_namespace_is_none():
    cli._refuse_empty(['--namespace', '', '--namespace=', '--off'])


def test_a_folder_in_use_is_one_sentence_and_stays_as_it_is(tmp_path):
    picture = tmp_path / 'picture.ppm'
    picture.write_bytes(b'P6 8 6 255\n' + bytes(3 * 8 * 6))
    garden = tmp_path / 'garden'
    (garden / 'snapshots').mkdir(parents=True)
    with SqliteStore(garden) as store:
        store.start_run(0.0, {})
        result = sentinel('run', '--source', str(picture), '--folder', str(garden))
    assert result.returncode == 2
    assert 'already records into' in result.stderr and 'Traceback' not in result.stderr
    assert (garden / 'snapshots').is_dir() and (garden / 'incidents.sqlite3').is_file()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / 'file').touch()
    result = sentinel('demo', '--folder', str(tmp_path / 'file' / 'run'))
    assert result.returncode == 2 and 'cannot be made' in result.stderr


@pytest.mark.parametrize('command', [name for name in cli.COMMANDS if cli.find(name)])
def test_every_command_explains_itself(command):
    text = cli.make_parser(command, cli.find(command)).format_help()
    assert ' '.join(cli.find(command).SUMMARY.split()) in ' '.join(text.split())
    for line in text.splitlines():
        assert not line.strip().startswith('--') or len(line.split()) > 1, f'no help: {line}'


def test_the_version_is_that_of_the_package():
    assert sentinel('--version').stdout == 'Garden Sentinel 0.1.0\n'


def test_a_closed_pipe_is_no_error():
    command = f'{sys.executable} -m sentinel_bringup --help | head -0'
    result = subprocess.run(
        ['bash', '-c', command], capture_output=True, text=True, env=dict(os.environ), timeout=100
    )
    assert 'Traceback' not in result.stderr


def test_commands_for_running_nodes_join_the_only_run(monkeypatch):
    monkeypatch.delenv('ROS_DOMAIN_ID', raising=False)
    assert cli._join_running([7], asks=False) == [7]
    assert os.environ.pop('ROS_DOMAIN_ID') == '7'


def test_commands_for_running_nodes_ask_where_there_are_several(monkeypatch):
    monkeypatch.delenv('ROS_DOMAIN_ID', raising=False)
    with pytest.raises(SentinelError, match='domains 7, 9'):
        cli._join_running([7, 9], asks=True)
    monkeypatch.setenv('ROS_DOMAIN_ID', '9')
    assert cli._join_running([7, 9], asks=True) == [9]


def test_arm_and_estop_reach_the_guard_that_runs(tmp_path):
    file = tmp_path / 'guard.json'
    env = {**os.environ, 'ROS_DOMAIN_ID': '99', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    env['TMPDIR'] = str(tmp_path)  # there other runs of this machine are not found
    words = ['--ros-args', '-r', '__ns:=/north', '-p', f'state_file:={file}']
    with subprocess.Popen(
        [sys.executable, '-m', 'sentinel_behavior.guard_node', *words], env=env
    ) as guard:
        told = []
        for command in ('arm', 'estop', 'arm --off', 'estop --release'):
            result = sentinel(*command.split(), '--namespace', 'north', env=env)
            kept = json.loads(file.read_text())
            assert not file.stat().st_mode & 0o077, 'other users can read it'
            told.append((result.stdout.strip(), kept['armed'], kept['emergency_stop']))
        guard.terminate()
    assert told == [
        ('armed', True, False),
        ('stopped', True, True),
        ('disarmed', False, True),
        ('released', False, False),
    ]


@pytest.fixture
def two_runs(tmp_path, monkeypatch):
    """Two guards, one in a domain that was named; their state files by domain."""
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    monkeypatch.setenv('TMPDIR', str(tmp_path))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    monkeypatch.delenv('ROS_DOMAIN_ID', raising=False)
    with ExitStack() as stack:
        stack.enter_context(cli.domains.named_domain(95))
        other = stack.enter_context(cli.domains.free_domain(96))
        files = {domain: tmp_path / f'{domain}.json' for domain in (95, other)}
        for (domain, file), name in zip(files.items(), ('/', '/north'), strict=True):
            words = ['--ros-args', '-r', f'__ns:={name}', '-p', f'state_file:={file}']
            guard = subprocess.Popen(
                [sys.executable, '-m', 'sentinel_behavior.guard_node', *words],
                env={**os.environ, 'ROS_DOMAIN_ID': str(domain)},
            )
            stack.enter_context(guard)
            stack.callback(guard.terminate)
        yield files


def test_an_emergency_stop_without_a_name_stops_every_run_and_says_which(two_runs):
    def stopped():
        return {d: json.loads(file.read_text())['emergency_stop'] for d, file in two_runs.items()}

    named, other = two_runs
    result = sentinel('estop')
    assert result.returncode == 0, result.stderr
    assert sorted(result.stdout.splitlines()) == [
        f'ROS domain {named}: stopped',
        f'ROS domain {other}, north: stopped',
    ]
    assert stopped() == {named: True, other: True}
    result = sentinel('estop', '--release')
    assert result.returncode == 2 and '--domain N' in result.stderr
    result = sentinel('estop', '--release', '--domain', str(other))
    assert result.stdout == 'released\n'
    assert stopped() == {named: True, other: False}


def test_arm_asks_where_there_are_two_robots_and_leaves_other_services_alone(two_runs):
    named, other = two_runs
    env = {**os.environ, 'ROS_DOMAIN_ID': str(other)}
    words = (
        'import rclpy; from std_srvs.srv import SetBool; rclpy.init(); '
        'node = rclpy.create_node("drone", namespace="drone"); '
        'node.create_service(SetBool, "arm", lambda *_: print("FLIES", flush=True)); '
        'print("up", flush=True); rclpy.spin(node)'
    )
    state_file = two_runs[named].parent / 'south.json'
    south = ['--ros-args', '-r', '__ns:=/south', '-p', f'state_file:={state_file}']
    with subprocess.Popen(
        [sys.executable, '-c', words], env=env, stdout=subprocess.PIPE, text=True
    ) as drone:
        drone.stdout.readline()
        assert sentinel('arm', '--domain', str(other)).stdout == 'armed\n'
        with subprocess.Popen(
            [sys.executable, '-m', 'sentinel_behavior.guard_node', *south], env=env
        ) as guard:
            while not state_file.exists():
                time.sleep(0.1)
            result = sentinel('arm', '--off', '--domain', str(other))
            guard.terminate()
        drone.kill()
        assert drone.stdout.read() == ''
    assert result.returncode == 2
    assert 'north, south. Name one, as in --namespace north.' in result.stderr
    assert json.loads(two_runs[other].read_text())['armed']


def test_who_has_set_another_domain_reaches_the_only_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    monkeypatch.setenv('TMPDIR', str(tmp_path))
    env = {**os.environ, 'ROS_DOMAIN_ID': '95', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}

    def guard(domain):
        words = ['--ros-args', '-p', f'state_file:={tmp_path / f"{domain}.json"}']
        return subprocess.Popen(
            [sys.executable, '-m', 'sentinel_behavior.guard_node', *words],
            env={**env, 'ROS_DOMAIN_ID': str(domain)},
        )

    with ExitStack() as stack:
        stack.enter_context(cli.domains.named_domain(94))
        for process in (guard(94), guard(95)):
            stack.enter_context(process)
            stack.callback(process.terminate)
        both = sentinel('arm', env=env)
        process.terminate()  # that in the domain that is set, and holds no run
        process.wait()
        told = [sentinel(*words.split(), env=env) for words in ('arm', 'arm --off')]
    assert both.returncode == 2 and 'several ROS domains: 94, 95.' in both.stderr
    assert [result.stdout for result in told] == [
        'ROS domain 94: armed\n',
        'ROS domain 94: disarmed\n',
    ]
    monkeypatch.setenv('ROS_DOMAIN_ID', '95')
    assert cli._join_running([94], asks=False) == [94, 95]
    assert os.environ['ROS_DOMAIN_ID'] == '94'
    assert 'joins your run in ROS domain 94' in capsys.readouterr().err


def test_a_guard_that_is_found_late_is_told(two_runs, monkeypatch):
    named, _ = two_runs
    monkeypatch.setenv('ROS_DOMAIN_ID', str(named))
    # Whenever it is found, patience is over before it is sure that no other one is there.
    monkeypatch.setattr(guard_command, 'PATIENCE', 6.0)
    monkeypatch.setattr(guard_command, '_SETTLED', 6.5)
    assert guard_command.tell_one('arm', True, '') == 'armed'


def test_a_guard_without_a_namespace_can_be_named_beside_one_that_has_one(two_runs):
    named, _ = two_runs
    state_file = two_runs[named].parent / 'south.json'
    south = ['--ros-args', '-r', '__ns:=/south', '-p', f'state_file:={state_file}']
    with subprocess.Popen(
        [sys.executable, '-m', 'sentinel_behavior.guard_node', *south],
        env={**os.environ, 'ROS_DOMAIN_ID': str(named)},
    ) as guard:
        while not state_file.exists():
            time.sleep(0.1)
        unnamed = sentinel('arm', '--domain', str(named))
        result = sentinel('arm', '--domain', str(named), '--namespace', '/')
        guard.terminate()
    assert '/, south. Name one, as in --namespace /.' in unnamed.stderr
    assert result.stdout == 'armed\n', result.stderr
    assert json.loads(two_runs[named].read_text())['armed']
    assert not json.loads(state_file.read_text())['armed']


def test_a_run_that_no_stop_reaches_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    env = {**os.environ, 'TMPDIR': str(tmp_path), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    words = ['--ros-args', '-p', f'state_file:={tmp_path / "guard.json"}']
    with cli.domains.named_domain(92), cli.domains.named_domain(93):
        with subprocess.Popen(
            [sys.executable, '-m', 'sentinel_behavior.guard_node', *words],
            env={**env, 'ROS_DOMAIN_ID': '93'},
        ) as guard:
            result = sentinel('estop', env=env)
            guard.terminate()
    assert result.returncode == 1
    assert result.stdout == 'ROS domain 93: stopped\n'
    assert 'ROS domain 92: not stopped' in result.stderr


def test_a_guard_that_is_there_and_does_not_answer_is_no_success(two_runs):
    named, _ = two_runs
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=named)
    hung = rclpy.create_node('guard', namespace='robot2', context=context)  # never spun
    hung.create_publisher(SafetyState, 'safety_state', qos.RELIABLE)
    hung.create_service(SetBool, 'emergency_stop', lambda _, response: response)
    result = sentinel('estop', '--domain', str(named))
    hung.destroy_node()
    rclpy.shutdown(context=context)
    assert (result.returncode, result.stdout) == (1, 'stopped\n')
    assert result.stderr == 'robot2: the guard does not answer, not stopped.\n'


@pytest.mark.parametrize(
    ('words', 'says'),
    [
        (['arm', '--domain', '9999'], 'numbered 0 to 232'),
        (['demo', '--domain', '-1'], 'domain'),
        (['demo', '--domain', '233'], 'numbered 0 to 232'),
        (['demo', '--namespace', '9bad!'], 'is no namespace'),
        (['estop', '--namespace', 'a//b'], 'is no namespace'),
    ],
)
def test_a_wrong_domain_or_namespace_is_refused_before_the_start(tmp_path, words, says):
    result = sentinel(*words, cwd=tmp_path)
    assert result.returncode == 2 and says in result.stderr
    assert not list(tmp_path.iterdir()) and 'Traceback' not in result.stderr


def test_a_recording_tells_its_file_and_that_nobody_talks_and_writes_no_log(tmp_path):
    env = {**os.environ, 'TMPDIR': str(tmp_path), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'}
    folder = tmp_path / "it's here"
    with subprocess.Popen(
        [sys.executable, '-m', 'sentinel_bringup', 'record', '--domain', '91', '--to', folder],
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr.readline().startswith('No ./sentinel run of yours is going on')
        said = process.stderr.readline() + process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said += process.stderr.read()
    (file,) = folder.glob('*.mcap')
    nobody = 'No node is heard. Start one, or name it: --domain, --namespace.'
    assert process.returncode == 0
    assert said == f'recording into {file}\n{nobody}\n{file} is finished\n'
    assert not (folder.stat().st_mode | file.stat().st_mode) & 0o077, 'other users can read it'


def test_arming_nobody_is_one_sentence(tmp_path):
    env = {**os.environ, 'ROS_DOMAIN_ID': '98', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'}
    result = sentinel('arm', env=env)
    assert result.returncode == 2
    assert 'No guard is heard' in result.stderr and 'Traceback' not in result.stderr
    assert result.stderr.startswith('No ./sentinel run of yours is going on in ROS domain 98')
