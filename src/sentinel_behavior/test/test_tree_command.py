"""``./sentinel tree``: what it prints, and what it says where there is nothing to print."""

import argparse

import pytest
from sentinel_behavior.commands import tree
from sentinel_common.errors import SentinelError


def run(*words):
    parser = argparse.ArgumentParser()
    tree.add_arguments(parser)
    return tree.main(parser.parse_args(words))


def test_the_shipped_tree_is_drawn(capsys):
    assert run() == 0
    drawn = capsys.readouterr().out
    assert drawn.splitlines()[0].endswith('sentinel')
    assert 'target_sure' in drawn and 'watch' in drawn


def test_it_is_drawn_for_graphviz(capsys):
    assert run('--dot') == 0
    assert capsys.readouterr().out.startswith('digraph')


def test_a_file_that_is_no_tree_is_one_sentence(tmp_path):
    file = tmp_path / 'tree.yaml'
    file.write_text('leaf: dance')
    with pytest.raises(SentinelError, match=r'tree\.yaml'):
        run(str(file))


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    for path, words in ((tmp_path / 'none.yaml', 'No such file'), (tmp_path, 'Is a directory')):
        with pytest.raises(SentinelError, match=words):
            run(str(path))


def test_an_empty_file_is_called_so(tmp_path):
    file = tmp_path / 'tree.yaml'
    file.touch()
    with pytest.raises(SentinelError, match=r'tree\.yaml: the file is empty\.$'):
        run(str(file))


@pytest.mark.parametrize(('mark', 'color'), [('*', 33), ('✓', 32), ('✕', 31), ('-', 2)])
def test_every_status_has_its_colour(mark, color):
    assert tree.colored(f'    --> leaf [{mark}]').startswith(f'\033[{color}m')


def test_a_wrong_namespace_is_one_sentence():
    with pytest.raises(SentinelError, match='is no namespace'):
        run('--live', '--namespace', 'a b')
