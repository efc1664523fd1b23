"""Where a run keeps what it leaves, and how little space stops it."""

from collections import namedtuple

import pytest
from sentinel_behavior.incidents.store import SqliteStore

from sentinel_behavior import report
from sentinel_bringup import folders, session

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
    assert not folders.is_garden(folders.of_source('night.mp4', 'none'))
    assert not folders.is_garden(folders.of_source('0', 'emulated'))


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
    assert 'Nothing came' in out
