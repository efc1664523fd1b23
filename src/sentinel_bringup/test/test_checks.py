"""A wrong parameter file is one clear sentence before anything starts."""

import sys
from pathlib import Path

import pytest
from sentinel_bringup.checks import check
from sentinel_bringup.entries import NodeEntry
from sentinel_common.errors import ConfigurationError

sys.path.insert(0, str(Path(__file__).parent / 'programs'))


def entry(tmp_path, text):
    file = tmp_path / 'own.yaml'
    file.write_text(text)
    return NodeEntry(
        name='detector', package='test', module='real_node', namespace='garden', files=(file,)
    )


@pytest.mark.parametrize(
    'pattern',
    ['/**', '/garden/**', '/**/detector', '/*/detector', '/garden/detector', 'garden/detector'],
)
def test_a_whole_number_and_every_way_to_name_the_node_are_taken(tmp_path, pattern):
    check([entry(tmp_path, f'{pattern}: {{ros__parameters: {{rate: 5}}}}')])
    with pytest.raises(ConfigurationError, match=r'outside 1\.0 to 50\.0'):
        check([entry(tmp_path, f'{pattern}: {{ros__parameters: {{rate: 99}}}}')])


def test_a_section_that_the_namespace_hides_is_a_fault(tmp_path):
    with pytest.raises(ConfigurationError, match=r"Call it '/\*\*/detector'"):
        check([entry(tmp_path, 'detector: {ros__parameters: {rate: 5}}')])


@pytest.mark.parametrize('pattern', ['/yard/detector', '/*/*/detector', 'brain'])
def test_a_section_for_another_node_is_left_alone(tmp_path, pattern):
    check([entry(tmp_path, f'{pattern}: {{ros__parameters: {{rate: 99}}}}')])


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('/**/detector: {ros__parameters: {rat: 5.0}}', "Did you mean 'rate'?"),
        ('/**/detector: {ros__parameters: {rate: fast}}', 'takes a number'),
        ('/**/detector: {ros__parameters: {a: {b: 1}}}', "no parameter 'a.b'"),
        ('/**/detectr: {ros__parameters: {rate: 5.0}}', "no node '/\\*\\*/detectr'"),
        ('detector: {rate: 5.0}', 'ros__parameters'),
        ('detector: [1]', 'pairs'),
        ('- 1', 'pairs'),
        ('a: b: c', 'not valid YAML at line 1'),
    ],
)
def test_a_fault_names_file_and_cure(tmp_path, text, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        check([entry(tmp_path, text)])
    assert 'own.yaml' in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r'none\.yaml cannot be read: No such file'):
        check(
            [NodeEntry(name='a', package='t', module='real_node', files=(tmp_path / 'none.yaml',))]
        )


@pytest.mark.parametrize('module', ['no_such_module', 'sentinel_bringup.no_such_module'])
def test_a_missing_node_is_named(module):
    with pytest.raises(ConfigurationError, match='The node a is missing'):
        check([NodeEntry(name='a', package='t', module=module)])


def test_a_wrong_value_on_the_command_line_is_named():
    with pytest.raises(ConfigurationError, match='Node a: Parameter rate'):
        check([NodeEntry(name='a', package='t', module='real_node', parameters={'rate': 0.0})])


def test_of_the_files_of_a_node_the_last_one_wins(tmp_path):
    """Whatever other nodes read, and in which order: a node of another one has read mine before."""
    mine, shipped = tmp_path / 'mine.yaml', tmp_path / 'shipped.yaml'
    mine.write_text('/**/b: {ros__parameters: {rate: 5}}')
    shipped.write_text('/**/b: {ros__parameters: {rate: 9}}')
    a, b = (
        NodeEntry(name=name, package='test', module='real_node', files=files)
        for name, files in (('a', (mine,)), ('b', (shipped, mine)))
    )
    assert check([a, b])['b']['rate'] == 5
