"""The runner ends all it started, however it is asked to, and however badly a node behaves."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sentinel_bringup import child

HERE = Path(__file__).parent
# A loaded machine with two processors may take so long for anything, s.
PATIENCE = 60.0


class Run:
    """``run_nodes.py`` as a process; every line that it prints is kept."""

    def __init__(self, folder, *entries, duration=0.0, ignored=None):
        self.folder, self.lines = folder, []

        def prepare():
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            if ignored:
                signal.signal(ignored, signal.SIG_IGN)

        env = {**os.environ}
        env['PYTHONPATH'] = f'{HERE / "programs"}{os.pathsep}{env.get("PYTHONPATH", "")}'
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / 'run_nodes.py'), str(folder), str(duration)]
            + [json.dumps(entry) for entry in entries],
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=prepare,
        )

    def wait_for(self, words):
        """Read on until a line contains ``words``; return that line."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if words in line:
                return self.lines[-1]
        raise AssertionError(f'{words!r} never came: {self.lines}')

    def pid_of(self, name):
        """Process id that a program printed after 'up'."""
        return int(self.wait_for(f'{name}||up').split()[-1])

    def pids_of(self, *names):
        """Process ids of several programs, in whichever order they come up."""
        found = {}
        while len(found) < len(names):
            line = self.wait_for('||up')
            found[line.split('|')[0]] = int(line.split()[-1])
        return [found[name] for name in names]

    def end(self):
        """Wait for the end; return exit status and the whole output."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        self.lines += out.splitlines()
        return self.process.returncode, '\n'.join(self.lines)


def gone(pid):
    """Whether a process ends within the patience."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


QUIET = {'name': 'quiet', 'module': 'quiet_program'}
DEAF = {'name': 'deaf', 'module': 'deaf_program'}


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_all_nodes_with_one_sigint(tmp_path, number):
    run = Run(tmp_path, QUIET)
    pid = run.pid_of('quiet')
    run.process.send_signal(number)
    status, out = run.end()
    assert status == 0 and f'signal={int(number)}' in out
    assert 'quiet||bye 2' in out.splitlines()
    assert gone(pid)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_makes_it_urgent_and_leaves_nothing(tmp_path, number):
    run = Run(tmp_path, QUIET, DEAF)
    pids = run.pids_of('quiet', 'deaf')
    run.process.send_signal(number)
    time.sleep(0.2)
    run.process.send_signal(number)
    status, _ = run.end()
    assert status == 0
    assert all(gone(pid) for pid in pids)


def test_a_node_that_hangs_is_killed(tmp_path):
    run = Run(tmp_path, DEAF)
    pid = run.pid_of('deaf')
    run.process.send_signal(signal.SIGINT)
    status, out = run.end()
    assert status == 0 and 'deaf did not end by SIGTERM' in out
    assert gone(pid)


def test_nodes_are_asked_to_end_although_the_shell_made_us_ignore_sigint(tmp_path):
    run = Run(tmp_path, QUIET, ignored=signal.SIGINT)
    run.pid_of('quiet')
    run.process.send_signal(signal.SIGTERM)
    assert 'quiet||bye 2' in run.end()[1]


def test_a_closed_terminal_does_not_end_what_nohup_started(tmp_path):
    run = Run(tmp_path, QUIET, duration=3.0, ignored=signal.SIGHUP)
    run.pid_of('quiet')
    run.process.send_signal(signal.SIGHUP)
    status, out = run.end()
    assert status == 0 and 'signal=0' in out


def test_killing_the_runner_ends_the_nodes(tmp_path):
    run = Run(tmp_path, QUIET)
    pid = run.pid_of('quiet')
    run.process.kill()
    assert gone(pid)
    run.end()


def test_what_a_node_left_behind_is_ended(tmp_path):
    run = Run(tmp_path, {'name': 'parent', 'module': 'parent_program'})
    helper = run.pid_of('parent')
    run.process.send_signal(signal.SIGINT)
    run.end()
    assert gone(helper)


def test_an_orphan_that_ends_during_the_run_leaves_no_zombie(tmp_path):
    run = Run(tmp_path, {'name': 'leaving', 'module': 'leaving_program'})
    orphan = run.pid_of('leaving')
    deadline = time.monotonic() + PATIENCE
    while psutil.pid_exists(orphan) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(orphan)
    run.process.send_signal(signal.SIGINT)
    assert run.end()[0] == 0


def test_a_node_that_dies_starts_again(tmp_path):
    mortal = {'name': 'mortal', 'module': 'mortal_program', 'parameters': {'status': -9}}
    run = Run(tmp_path, mortal)
    first = run.pid_of('mortal')
    assert 'was killed by SIGKILL and starts again in 1 s' in run.wait_for('WARN')
    assert run.pid_of('mortal') != first
    run.process.send_signal(signal.SIGINT)
    run.end()
    assert json.loads((tmp_path / 'stack.json').read_text())['nodes']['mortal']['starts'] >= 2


@pytest.mark.parametrize(
    ('fields', 'status', 'words'),
    [
        ({'ends_run': True}, 0, "outcome Outcome(node='mortal'"),
        ({'ends_run': True, 'respawn': False}, 3, 'error The node mortal ended with status 3'),
        ({}, 2, 'error The node mortal ended with status 2'),
    ],
)
def test_a_node_that_ends_the_run_takes_the_others_along(tmp_path, fields, status, words):
    mortal = {'name': 'mortal', 'module': 'mortal_program', 'parameters': {'status': status}}
    run = Run(tmp_path, QUIET, {**mortal, **fields})
    _, out = run.end()
    assert words in out and 'quiet||' in out
    assert not psutil.Process().children(recursive=True)


def test_a_node_that_may_end_is_not_missed(tmp_path):
    mortal = {'name': 'mortal', 'module': 'mortal_program', 'parameters': {'status': 0}}
    run = Run(tmp_path, {**mortal, 'respawn': False}, QUIET, duration=3.0)
    _, out = run.end()
    assert out.count('mortal||up') == 1 and 'outcome Outcome(node=' in out


def test_a_real_node_gets_its_parameters_and_is_measured(tmp_path):
    real = {'name': 'real_node', 'module': 'real_node', 'namespace': 'garden'}
    real['parameters'] = {'rate': 20}
    run = Run(tmp_path, real)
    run.wait_for('real_node|WARN|rate 20.0')
    time.sleep(1.5)
    run.process.send_signal(signal.SIGINT)
    status, out = run.end()
    assert status == 0 and 'real_node|WARN|stopped' in out
    figures = json.loads((tmp_path / 'stack.json').read_text())
    assert figures['nodes']['garden.real_node']['pss_peak_mb'] > 10
    assert figures['total']['cpu_seconds'] > 0.1
    assert 'stopped' in (tmp_path / 'logs' / 'garden.real_node.log').read_text()


def test_what_a_node_says_is_written_once(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'ros'))
    run = Run(tmp_path, {'name': 'real_node', 'module': 'real_node'})
    run.wait_for('rate 10.0')
    run.process.send_signal(signal.SIGINT)
    run.end()
    kept = [file for file in tmp_path.rglob('*.log') if 'rate 10.0' in file.read_text()]
    assert kept == [tmp_path / 'logs' / 'real_node.log']


def test_shared_memory_of_a_killed_node_is_removed_and_that_of_others_is_not(tmp_path):
    real = {'name': 'real_node', 'module': 'real_node', 'respawn': False}
    with subprocess.Popen(
        [sys.executable, str(HERE / 'programs' / 'real_node.py')], stderr=subprocess.PIPE, text=True
    ) as other:
        other.stderr.readline()
        theirs = _memory(other.pid)
        run = Run(tmp_path, real)
        run.wait_for('rate 10.0')
        [child] = psutil.Process(run.process.pid).children()
        ours = _memory(child.pid) - theirs
        time.sleep(1.5)  # the runner has looked at it
        child.kill()
        run.wait_for('was killed by SIGKILL')
        during = {path.name for path in Path('/dev/shm').iterdir() if '_port' not in path.name}
        run.process.send_signal(signal.SIGINT)
        run.end()
        left = {path.name for path in Path('/dev/shm').iterdir()}
        other.terminate()
        other.communicate()
    assert ours and theirs
    assert not ours & during and not ours & left and theirs <= left


def _memory(pid):
    names = Path(f'/proc/{pid}/maps').read_text().split()
    return {Path(name).name for name in names if name.startswith('/dev/shm/fast')}


def test_a_full_disk_costs_the_text_and_no_node_its_orderly_end(tmp_path):
    (tmp_path / 'logs').mkdir()
    for name in ('logs/quiet.log', 'stack.json'):
        (tmp_path / name).symlink_to('/dev/full')
    run = Run(tmp_path, QUIET)
    run.pid_of('quiet')
    run.process.send_signal(signal.SIGINT)
    status, out = run.end()
    assert status == 0 and 'outcome Outcome' in out
    assert 'quiet||bye 2' in out.splitlines()
    assert 'No space left on device' in out


def test_a_node_runs_although_its_log_cannot_be_made(tmp_path):
    log = tmp_path / 'missing' / 'words.log'
    words = child.Child([sys.executable, '-c', 'print("words")'], os.environ, log)
    words.process.wait()
    assert words.read()[0] == ['words']
    words.close()


def test_a_log_that_grows_keeps_its_newer_part(tmp_path, monkeypatch):
    monkeypatch.setattr(child, '_LONGEST_LOG', 10_000)
    log = tmp_path / 'babbler.log'
    line = 'print(f"line {n:04d}", flush=True); time.sleep(1e-4)'
    words = f'import time\nfor n in range(3000): {line}'
    babbler = child.Child([sys.executable, '-c', words], os.environ, log)
    lines, ended = [], False
    while not ended:
        new, ended = babbler.read()
        lines += new
        time.sleep(0.001)
    babbler.process.wait()
    babbler.close()
    kept = (tmp_path / 'babbler.old.log').read_text() + log.read_text()
    assert lines == [f'line {n:04d}' for n in range(3000)]
    assert ''.join(f'{line}\n' for line in lines).endswith(kept)
    assert 10_000 <= len(kept) < 29_000
