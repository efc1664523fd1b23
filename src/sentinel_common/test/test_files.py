import pytest
from sentinel_common.errors import ConfigurationError

from sentinel_common import files


@pytest.mark.parametrize(
    ('text', 'name'),
    [('2026-11-25_north.jpg', '2026-11-25_north.jpg'), ('a/b:c d', 'a-b-c-d'), ('', '')],
)
def test_a_safe_name_keeps_what_every_file_system_takes(text, name):
    assert files.safe_name(text) == name


def test_a_file_is_replaced_as_a_whole_and_its_folder_made(tmp_path):
    path = tmp_path / 'new' / 'port'
    for text in ('1\n', '22\n'):
        files.replace_file(path, text)
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_the_file_of_the_workspace_goes_before_its_installed_copy(tmp_path, monkeypatch):
    workspace, prefix = tmp_path / 'workspace', tmp_path / 'prefix'
    installed = prefix / 'share' / 'sentinel_bringup'
    for folder in (workspace, installed):
        (folder / 'config').mkdir(parents=True)
        (folder / 'config' / 'zones.yaml').touch()
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(prefix))
    monkeypatch.setenv('SENTINEL_ROOT', str(workspace))
    assert files.share('config/zones.yaml') == workspace / 'config' / 'zones.yaml'
    (workspace / 'config' / 'zones.yaml').unlink()
    assert files.share('config/zones.yaml') == installed / 'config' / 'zones.yaml'


def test_a_file_of_ones_own_is_found_from_here_and_at_home(tmp_path, monkeypatch):
    own = tmp_path / 'my zones.yaml'
    own.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('HOME', str(tmp_path))
    for name in ('my zones.yaml', './my zones.yaml', '~/my zones.yaml', str(own)):
        assert files.share(name).samefile(own)
    with pytest.raises(ConfigurationError, match='Name one of your own by its whole path'):
        files.share('mine.yaml')
