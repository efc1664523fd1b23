"""A wrong parameter file is one clear sentence before anything starts."""

import sys
from pathlib import Path

import pytest
import rclpy
from sentinel_bringup.checks import check, module, preflight
from sentinel_bringup.child import command
from sentinel_bringup.entries import PYPI, NodeEntry, SimulationOptions, SourceOptions
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share
from sentinel_common.parameters import Parameters

from sentinel_bringup import nodes

sys.path.insert(0, str(Path(__file__).parent / 'programs'))


def entry(tmp_path, text):
    file = tmp_path / 'own.yaml'
    file.write_text(text)
    return NodeEntry(
        name='detector', package='test', module='real_node', namespace='garden', files=(file,)
    )


@pytest.mark.parametrize(
    'pattern',
    [
        '/**',
        '/garden/**',
        '/**/detector',
        '/*/detector',
        '/*/**',
        '/garden/detector',
        'garden/detector',
        'garden: {detector',
        '/**: {ros__parameters: {rate: 5}, detector',
    ],
)
def test_a_whole_number_and_every_way_to_name_the_node_are_taken(tmp_path, pattern):
    close = '}' * pattern.count(': {detector') or '}' * pattern.count(', detector')
    check([entry(tmp_path, f'{pattern}: {{ros__parameters: {{rate: 5}}}}{close}')])
    with pytest.raises(ConfigurationError, match=r'outside 1\.0 to 50\.0'):
        check([entry(tmp_path, f'{pattern}: {{ros__parameters: {{rate: 99}}}}{close}')])


@pytest.mark.parametrize('number', ['1e1', '1.e+1', '.1E2', '100e-1', '+10.0', '10'])
def test_a_number_is_written_as_for_ros(tmp_path, number):
    own = entry(tmp_path, f'/**/detector: {{ros__parameters: {{rate: {number}}}}}')
    assert check([own])[own.label]['rate'] == 10.0


def test_a_section_that_the_namespace_hides_is_a_fault(tmp_path):
    with pytest.raises(ConfigurationError, match=r"Call it '/\*\*/detector'"):
        check([entry(tmp_path, 'detector: {ros__parameters: {rate: 5}}')])


@pytest.mark.parametrize('pattern', ['/yard/detector', '/*/*/detector', '/gard*/detector', 'brain'])
def test_a_section_for_another_node_is_left_alone(tmp_path, pattern):
    check([entry(tmp_path, f'{pattern}: {{ros__parameters: {{rate: 99}}}}')])


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('/**/detector: {ros__parameters: {rat: 5.0}}', "Did you mean 'rate'?"),
        ('/**/detector: {ros__parameters: {rate: fast}}', 'takes a number'),
        ('/**/detector: {ros__parameters: {a: {b: 1}}}', "no parameter 'a.b'"),
        ('/**/detectr: {ros__parameters: {rate: 5.0}}', "no node '/\\*\\*/detectr'"),
        ('detector: {rate: 5.0}', "pairs under 'detector/rate', found 5.0"),
        ('detector: [1]', 'pairs'),
        ('/**: {ros__parameters: {rate: 5.0, rate: 6.0}}', "line 1: 'rate' stands there twice"),
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


def parameter_file(path, sections):
    """Write a parameter file of ROS 2 in the order of its sections; return its path."""
    path.write_text(''.join(f'{node}: {{ros__parameters: {v}}}\n' for node, v in sections.items()))
    return path


def taken(arguments, entry):
    """Return the parameters that a node takes which is started with these arguments."""
    context = rclpy.Context()
    rclpy.init(args=arguments, context=context)
    node = rclpy.create_node(
        entry.name, context=context, enable_rosout=False, start_parameter_services=False
    )
    parameters = Parameters(node, module(entry).PARAMETERS)
    found = {p.name: parameters[p.name] for p in module(entry).PARAMETERS}
    found['use_sim_time'] = node.get_parameter('use_sim_time').value
    assert node.get_namespace().strip('/') == entry.namespace
    node.destroy_node()
    rclpy.shutdown(context=context)
    return found


# As ROS users write them: first what all nodes share. One file uses other patterns than the next.
EVERYBODY = {'/**': '{use_sim_time: true}'}
REAL = {
    '{}driver': "{transport: system, robot: 'C0:FF:EE'}",
    '{}guard': '{armed: true, veto_level: 0.1, target_species: []}',
    '{}recorder': '{folder: elsewhere}',
}
LATER = {'/**/guard': '{veto_level: 0.35}', '/**/driver': '{forward_full: 0.22}'}


@pytest.mark.parametrize('namespace', ['', 'north', 'farm/north'])
@pytest.mark.parametrize('robot', ['emulated', 'C0:01'])
def test_a_node_takes_what_was_checked_and_what_it_is_told_wins_over_every_file(
    tmp_path, namespace, robot
):
    prefix = f'/{namespace}/' if namespace else ''
    mine = parameter_file(
        tmp_path / 'mine.yaml', EVERYBODY | {k.format(prefix): v for k, v in REAL.items()}
    )
    later = parameter_file(tmp_path / 'later.yaml', LATER)
    options = SourceOptions(
        folder=tmp_path, source='topic', robot=robot, namespace=namespace, files=(mine, later)
    )
    entries = nodes.of_world(nodes.own_source(options), PYPI)
    told = check(entries)
    started = [entry for entry in entries if entry.name in ('guard', 'driver', 'recorder')]
    for entry, before in zip(preflight(started), started, strict=True):
        values = taken(command(entry)[3:], entry)
        assert values == {name: told[entry.label][name] for name in values}
        assert values.items() >= dict(before.parameters).items()
        if entry.name == 'guard':
            assert values['veto_level'] == 0.35 and values['target_species'] == []
        if entry.name == 'driver':
            assert values['forward_full'] == 0.22


DECIDING = frozenset({'detector', 'guard', 'brain', 'speaker'})


def told(tmp_path, text):
    """Check the deciding nodes of a run with a parameter file of the owner."""
    own = tmp_path / 'own.yaml'
    own.write_text(text)
    options = SourceOptions(folder=tmp_path, source='topic', files=(own,))
    preflight(entry for entry in nodes.own_source(options) if entry.name in DECIDING)


def section(node, **values):
    return f'/**/{node}: {{ros__parameters: {values}}}\n'


def copy(tmp_path, name, *change):
    """Return the path of a shipped file of config/ with a change."""
    path = tmp_path / name
    path.write_text(share(f'config/{name}').read_text().replace(*change))
    return str(path)


def test_the_shipped_files_agree_and_so_do_those_of_several_robots_and_a_simulated_night(tmp_path):
    told(tmp_path, '')
    for robots in (1, 2):
        night = nodes.simulation(SimulationOptions(folder=tmp_path, robots=robots))
        preflight(entry for entry in night if entry.name in DECIDING)


@pytest.mark.parametrize(
    'values',
    [
        {'quiet_start': 20.0, 'quiet_end': 9.0},
        {'sure_posterior': 0.9},
        {'sure_hits': 4},
        {'hour': 12.0},
    ],
)
@pytest.mark.parametrize('one', ['brain', 'guard'])
def test_what_brain_and_guard_share_is_told_to_both(tmp_path, one, values):
    name = next(iter(values))
    with pytest.raises(ConfigurationError, match=f'Brain and guard do not agree: {name} is'):
        told(tmp_path, section(one, **values))
    told(tmp_path, section('brain', **values) + section('guard', **values))


def test_of_several_robots_the_one_that_is_meant_is_named(tmp_path):
    own = tmp_path / 'own.yaml'
    own.write_text('/robot2/brain: {ros__parameters: {quiet_end: 9.0}}')
    options = SimulationOptions(folder=tmp_path, robots=2, files=(own,))
    with pytest.raises(ConfigurationError, match='Brain and guard of robot2 do not agree'):
        preflight(entry for entry in nodes.simulation(options) if entry.name in DECIDING)


def test_zones_and_quiet_hours_are_compared_by_what_they_mean(tmp_path):
    same = copy(tmp_path, 'zones.yaml', 'x', 'x')
    told(tmp_path, section('brain', zones=same))
    other = copy(tmp_path, 'zones.yaml', 'home: [0.0, 0.0, 0.0]', 'home: [1.0, 0.0, 0.0]')
    with pytest.raises(ConfigurationError, match=r'zones is .*/zones.yaml for the brain'):
        told(tmp_path, section('brain', zones=other))
    never = [{'quiet_start': hour, 'quiet_end': hour} for hour in (0.0, 5.0)]
    told(tmp_path, section('brain', **never[0]) + section('guard', **never[1]))


@pytest.mark.parametrize(
    ('ours', 'guards', 'highest'),
    [('veto_level', 'veto_level', 0.2), ('household_threshold', 'person_alarm_level', 0.5)],
)
def test_the_guard_hears_of_everybody_whom_it_counts(tmp_path, ours, guards, highest):
    told(tmp_path, section('detector', **{ours: highest}))
    with pytest.raises(ConfigurationError, match=f"The detector's {ours} is .* {guards} of"):
        told(tmp_path, section('detector', **{ours: round(highest + 0.01, 2)}))
    with pytest.raises(ConfigurationError, match=f'Set {ours} to at most 0.05 in'):
        told(tmp_path, section('guard', **{guards: 0.05}))


def targets(tmp_path, names):
    change = 'target_species: [raccoon]', f'target_species: [{names}]'
    return section('brain', deterrents=copy(tmp_path, 'deterrents.yaml', *change))


def test_a_target_is_one_for_the_guard_too(tmp_path):
    brain = targets(tmp_path, 'raccoon, fox')
    with pytest.raises(ConfigurationError, match='fox is a target, but not for the guard'):
        told(tmp_path, brain)
    with pytest.raises(ConfigurationError, match='raccoon is a target, but not for the guard'):
        told(tmp_path, section('guard', target_species=['fox']))
    told(tmp_path, section('guard', target_species=['raccoon', 'fox']))  # it only takes away


def test_a_target_is_not_protected(tmp_path):
    with pytest.raises(ConfigurationError, match='also_protected holds raccoon, which is a target'):
        told(tmp_path, section('guard', also_protected=['raccoon']))


@pytest.mark.parametrize('species', ['hedgehog', 'Other_animal'])
def test_who_is_protected_is_one_that_the_detector_can_tell(tmp_path, species):
    with pytest.raises(ConfigurationError, match=f"holds '{species}', which the detector does not"):
        told(tmp_path, section('guard', also_protected=['other_animal', species]))


@pytest.mark.parametrize('one', ['guard', 'detector'])
def test_who_is_protected_is_told_to_guard_and_detector(tmp_path, one):
    other = {'also_protected': ['other_animal']}
    with pytest.raises(ConfigurationError, match='Guard and detector do not agree: also_protected'):
        told(tmp_path, section(one, **other))
    told(tmp_path, section('guard', **other) + section('detector', **other))


def test_a_target_is_one_that_the_detector_can_tell(tmp_path):
    text = targets(tmp_path, 'racoon') + section('guard', target_species=['racoon'])
    with pytest.raises(ConfigurationError, match=r"no target 'racoon'\. It tells apart: raccoon,"):
        told(tmp_path, text)


@pytest.mark.parametrize(
    ('sound', 'words'), [('brak', 'Bundled are bark'), ('gone.wav', 'no sound file gone.wav')]
)
def test_a_sound_is_one_that_the_speaker_can_make(tmp_path, sound, words):
    file = copy(tmp_path, 'deterrents.yaml', 'name: growl', f'name: {sound}')
    with pytest.raises(ConfigurationError, match=rf'deterrents\.growl_lunge: .*{words}'):
        told(tmp_path, section('brain', deterrents=file))
