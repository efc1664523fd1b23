"""Where a run keeps what it leaves, and how little space stops it."""

import argparse
import json
from collections import namedtuple
from types import SimpleNamespace

import pytest
from sentinel_behavior.incidents.store import SqliteStore
from sentinel_bringup.runner import Outcome
from sentinel_perception.commands import tune
from sentinel_sim.commands import render

from sentinel_behavior import report
from sentinel_bringup import bench, demo, domains, folders, latency, session

Usage = namedtuple('Usage', 'total used free')


@pytest.fixture
def little_space(monkeypatch):
    monkeypatch.setattr(session.shutil, 'disk_usage', lambda _: Usage(1, 1, 199_000_000))


def test_a_demo_does_not_begin_with_little_space(little_space, tmp_path):
    with pytest.raises(session.FolderError, match='only 199 MB free'):
        session.check_folder(tmp_path / 'x-demo')


def test_a_garden_is_watched_with_little_space_too(little_space, tmp_path, capsys):
    session.check_folder(tmp_path / 'garden', watches=True)
    assert 'only 199 MB free' in (said := capsys.readouterr().err)
    assert 'No pictures are kept, the log goes on.' in said


def test_which_folder_is_a_garden():
    assert folders.is_garden(folders.of_source('0', 'none', 'north'))
    assert folders.is_garden(folders.of_source('rtsp://eye/1', 'MekaMon'))
    assert folders.is_garden(folders.of_source('/dev/v4l/by-id/usb-eye-index0', 'none'))
    assert not folders.is_garden(folders.of_source('night.mp4', 'none'))
    assert not folders.is_garden(folders.of_source('0', 'emulated'))


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Play no nodes at all; ``run`` is called instead of running them."""
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')

    def call(folder, run, domain=None):
        def runner(entries, **_):
            return SimpleNamespace(run=lambda duration: run())

        monkeypatch.setattr(session, 'Runner', runner)
        arguments = argparse.Namespace(domain=domain, verbose=False, duration=None)
        return session.play([], folder, arguments, 'title')

    return call


def test_a_run_that_was_told_its_domain_is_found_by_other_commands(play, tmp_path):
    found = []

    def run():
        found.append(domains.of_running())
        return Outcome()

    play(tmp_path / 'run', run, domain=90)
    assert found == [[90]]


def test_an_early_end_leaves_no_empty_folder_and_removes_none_of_others(play, tmp_path):
    def run():
        raise KeyboardInterrupt

    (tmp_path / 'mine').mkdir()
    for name in ('mine', 'new'):
        with pytest.raises(KeyboardInterrupt):
            play(tmp_path / name, run)
    assert (tmp_path / 'mine').is_dir() and not (tmp_path / 'new').exists()


@pytest.mark.parametrize(
    ('outcome', 'endless', 'status'),
    [
        (Outcome(node='camera'), False, 0),
        (Outcome(seconds=30.0), False, 0),
        (Outcome(signal=2), False, 130),
        (Outcome(signal=15), False, 143),
        (Outcome(signal=2), True, 0),
        (Outcome(signal=2, looked=False), True, 1),
        (Outcome(node='camera', looked=False), False, 1),
    ],
)
def test_the_status_says_whether_a_run_was_whole(tmp_path, outcome, endless, status):
    assert session.end(outcome, tmp_path, endless=endless) == status


@pytest.fixture
def nights(monkeypatch):
    """Let ``./sentinel bench latency`` play these outcomes; return its exit status and report."""

    def call(outcomes, *words):
        left = iter(outcomes)

        def play(arguments, folder):
            (folder / 'stack.json').write_text('{"total": {}}')
            samples = [{'capture': 1.0, 'detection': 0.1 * arguments.seed}]
            (folder / 'latency.json').write_text(json.dumps({'samples': samples}))
            SqliteStore(folder).close()
            return next(left)

        monkeypatch.setattr(demo, 'play', play)
        parser = argparse.ArgumentParser()
        latency.add_arguments(parser)
        return latency.main(parser.parse_args(words))

    return call


def test_a_signal_ends_the_nights_of_the_latency_and_drops_the_one_that_it_cut(nights, tmp_path):
    file = tmp_path / 'latency.json'
    whole, cut = Outcome(node='simulator'), Outcome(signal=2)
    assert nights([whole, cut], '--nights', '5', '--json', str(file)) == 130
    found = json.loads(file.read_text())
    assert (found['seeds'], found['samples'], len(found['stack'])) == ([1], 1, 1)
    assert nights([Outcome(signal=15)]) == 143


@pytest.mark.parametrize('word', ['--robots=2', '--folder=x', '--record'])
def test_the_latency_offers_nothing_that_it_does_not_heed(nights, word):
    with pytest.raises(SystemExit):
        nights([], word)


@pytest.mark.parametrize(
    ('module', 'words', 'says'),
    [
        (demo, ['--duration', 'abc'], "'abc' is no number of seconds"),
        (demo, ['--duration', '0'], '0 is not above 0'),
        (bench, ['night', '--workers', '0'], "'0' is no whole number from 1 on"),
        (bench, ['walking', '--walks', '0'], "'0' is no whole number from 1 on"),
        (bench, ['walking', '--seed', '-1'], "'-1' is no whole number from 0 on"),
        (bench, ['simulator', '--seed', '-1'], "'-1' is no whole number from 0 on"),
        (bench, ['simulator', '--seconds', '0'], '0 is not above 0'),
        (bench, ['gym', '--seed', '-1'], "'-1' is no whole number from 0 on"),
        (bench, ['gym', '--generations', '-1'], "'-1' is no whole number from 0 on"),
        (bench, ['latency', '--nights', '0'], "'0' is no whole number from 1 on"),
        (bench, ['pipeline', '--threads', '0'], "'0' is no whole number from 1 on"),
        (render, ['--count', '0'], "'0' is no whole number from 1 on"),
        (render, ['--seed', '-1'], "'-1' is no whole number from 0 on"),
        (render, ['--variants', '5-2'], "'5-2' is no range such as 0-7"),
        (tune, ['--threads', '17'], "'17' is no whole number from 1 to 16"),
        (tune, ['--seconds', '-1'], '-1 is not above 0'),
    ],
)
def test_a_wrong_number_is_named(capsys, module, words, says):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(words)
    assert says in capsys.readouterr().err


def test_the_end_of_a_run_tells_its_figures_although_the_page_cannot_be_written(
    tmp_path, capsys, monkeypatch
):
    SqliteStore(tmp_path).close()

    def write(folder):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(report, 'write', write)
    session.report(tmp_path)
    out, error = capsys.readouterr()
    assert 'No space left on device' in error
    assert 'did not listen' in out
