"""What tune writes: a video, the tracks, hard negatives, and parameters without losing comments."""

import argparse
import json
import resource

import cv2
import pytest
import yaml
from color_detector import scene
from sentinel_common.errors import ConfigurationError, SentinelError
from sentinel_common.files import share
from sentinel_common.parameters import check
from sentinel_perception.commands import tune
from sentinel_perception.configuration import read_camera, read_detector, write_detector

CONFIG = """# Mine.
/**/camera:
  ros__parameters:
    width: 640
    hold: 1.0

/**/detector:
  ros__parameters:
    # The threshold.
    threshold: 0.4
    camera_z: 0.03

# Another one.
/**/guard:
  ros__parameters:
    threshold: 9.0
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'perception.yaml'
    path.write_text(CONFIG, encoding='utf-8')
    return path


def run(*arguments):
    parser = argparse.ArgumentParser()
    tune.add_arguments(parser)
    return tune.main(parser.parse_args([str(a) for a in arguments]))


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    picture = scene(size=(96, 96), grey=60)
    picture[32:64, 32:64] = (0, 0, 255)
    cv2.imwrite(str(folder / 'a.png'), picture)
    cv2.imwrite(str(folder / 'b.png'), scene(size=(80, 120), grey=60))
    return folder


def frames(video):
    capture = cv2.VideoCapture(str(video))
    try:
        return sum(1 for _ in iter(lambda: capture.read()[0], False))
    finally:
        capture.release()


def test_without_an_encoder_that_browsers_know_the_video_is_mpeg_4(
    source, model, config, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(tune, '_VIDEOS', (('tune.webm', 'AV01'), tune._VIDEOS[1]))
    out = tmp_path / 'out'
    assert run('--source', source, '--out', out, '--model', model, '--config', config) == 0
    assert frames(out / 'tune.mp4') == 20 and not (out / 'tune.webm').exists()
    assert 'tune.mp4' in capsys.readouterr().out


def test_it_shows_tracks_and_exports_false_alarms(source, model, config, tmp_path, capfd):
    out = tmp_path / 'out'
    options = ('--config', config, '--finest-grid', 1, '--false-alarm', 4)
    assert run('--source', source, '--out', out, '--model', model, *options) == 0
    tracks = json.loads((out / 'tracks.json').read_text())
    assert 'raccoon' in {t['species'] for t in tracks}
    negatives = json.loads((out / 'negatives.json').read_text())
    assert (out / negatives['images'][0]['file_name']).exists()
    assert frames(out / 'tune.webm') == 20
    printed = capfd.readouterr()
    assert '20 pictures' in printed.out and 'tune.webm' in printed.out
    assert 'codec' not in printed.err
    assert config.read_text() == CONFIG


def test_it_sees_what_the_nodes_of_its_parameter_file_see(
    source, model, config, tmp_path, monkeypatch
):
    files = {'model': model, 'labels': tmp_path / 'labels.txt', 'classifier': tmp_path / 'c.tflite'}
    (tmp_path / 'blobs_labels.txt').rename(files['labels'])
    lines = ''.join(f'    {name}: {path}\n' for name, path in files.items())
    text = CONFIG.replace('    width: 640\n', '    longest_side: 64\n')
    config.write_text(text.replace('    threshold: 0.4\n', f'{lines}    threshold: 0.4\n'))
    asked = []
    monkeypatch.setattr(tune, 'load_or_shipped', asked.append)
    out, options = tmp_path / 'out', ('--config', config, '--false-alarm', 4, 14)
    assert run('--source', source, '--out', out, *options) == 0
    assert asked == [str(files['classifier'])]
    assert json.loads((out / 'tracks.json').read_text())
    sizes = [
        (i['width'], i['height'])
        for i in json.loads((out / 'negatives.json').read_text())['images']
    ]
    assert sizes == [(64, 64), (43, 64)]
    with pytest.raises(SentinelError, match='labels'):  # those of the file are of its model
        run('--source', source, '--out', out, '--model', model, *options)


def test_without_a_word_of_it_pictures_are_shrunk_and_held_as_by_the_camera(config):
    assert read_camera(config) == {'longest_side': 1280, 'hold': 1.0}
    config.write_text('/**/detector: {ros__parameters: {}}')
    assert read_camera(config) == {'longest_side': 1280, 'hold': 1.5}


def test_a_camera_that_is_not_there_leaves_no_folder(config, model, tmp_path):
    out = tmp_path / 'out'
    with pytest.raises(SentinelError):
        run('--source', '/dev/video99', '--out', out, '--model', model, '--config', config)
    assert not out.exists()


@pytest.mark.parametrize('name', ['0', 'rtsp://camera/stream'])
def test_a_false_alarm_of_a_live_source_is_refused(config, tmp_path, name):
    out = tmp_path / 'out'
    with pytest.raises(SentinelError, match='other pictures each time'):
        run('--source', name, '--out', out, '--config', config, '--false-alarm', 4)
    assert not out.exists()


def test_negatives_of_an_earlier_run_do_not_stay(source, model, config, tmp_path):
    out = tmp_path / 'out'
    options = ('--source', source, '--out', out, '--config', config, '--model', model)
    run(*options, '--false-alarm', 4)
    assert (out / 'negatives.json').exists()
    run(*options)
    assert not (out / 'negatives.json').exists()


@pytest.mark.parametrize('number', [20, 99, -1])
def test_a_false_alarm_that_is_no_picture_is_refused(source, model, config, tmp_path, number):
    options = ('--config', config, '--out', tmp_path / 'out', '--model', model, '--write')
    with pytest.raises(SentinelError, match=rf'no picture {number}\. .* 0 to 19\.'):
        run('--source', source, *options, '--false-alarm', 4, number)
    assert config.read_text() == CONFIG


def test_zones_and_thresholds_are_written_back_and_nothing_else(source, model, config, tmp_path):
    zone = '0,0 1,0 1,0.3 0,0.3'
    options = ('--config', config, '--threshold', 0.55, '--exclude', zone, '--write')
    run('--source', source, '--out', tmp_path / 'out', '--model', model, *options)
    text = config.read_text()
    assert read_detector(config)['threshold'] == 0.55
    assert read_detector(config)['exclude_zones'] == [zone]
    assert yaml.safe_load(text)['/**/guard']['ros__parameters'] == {'threshold': 9.0}
    for line in ('# Mine.', '    # The threshold.', '# Another one.', '    camera_z: 0.03'):
        assert line in text.splitlines()


def test_what_nobody_touched_keeps_its_form_and_its_comments(source, model, config, tmp_path):
    text = CONFIG.replace(
        '    camera_z: 0.03\n',
        """    min_score: 0.10  # measured
    include_zones:
      # the lawn
      - '0,0.5 1,0.5 1,1 0,1'   # without the street
    exclude_zones:
      - "0,0 0.2,0 0.2,1"   # the lamp
""",
    )
    config.write_text(text)
    options = ('--config', config, '--threshold', 0.6, '--min-score', 0.1, '--write')
    run('--source', source, '--out', tmp_path / 'out', '--model', model, *options)
    assert config.read_text() == text.replace('threshold: 0.4', 'threshold: 0.6')


def test_a_value_out_of_range_is_refused_before_anything_is_written(
    source, model, config, tmp_path
):
    with pytest.raises(ConfigurationError, match='outside'):
        run('--source', source, '--out', tmp_path / 'out', '--config', config, '--threshold', 2.0)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    'content', ['', '[1, 2]', '/**/camera: {}', '{{', '/**/detector: {ros__parameters: }']
)
def test_a_strange_parameter_file_is_one_sentence(tmp_path, content):
    path = tmp_path / 'x.yaml'
    path.write_text(content, encoding='utf-8')
    with pytest.raises(ConfigurationError, match='has no section'):
        read_detector(path)


def test_a_value_that_is_there_is_replaced_not_doubled(config):
    write_detector(config, {'threshold': 0.3})
    write_detector(config, {'threshold': 0.5})
    assert config.read_text().count('threshold: 0.') == 1


def test_a_disk_without_room_leaves_the_parameter_file_as_it_was(config):
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(CONFIG) // 2, hard))
    try:
        with pytest.raises(ConfigurationError, match=r'cannot be written: File too large\.'):
            write_detector(config, {'threshold': 0.3})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert config.read_text() == CONFIG


def test_a_parameter_file_stays_a_link_and_secret(config, tmp_path):
    config.chmod(0o600)
    link = tmp_path / 'link.yaml'
    link.symlink_to(config)
    write_detector(link, {'threshold': 0.3})
    assert link.is_symlink() and read_detector(config)['threshold'] == 0.3
    assert config.stat().st_mode & 0o777 == 0o600


HEAD = '/**/detector:\n  ros__parameters:\n'


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        (  # indented by four
            '/**/detector:\n    ros__parameters:\n        min_score: 0.2\n',
            '/**/detector:\n    ros__parameters:\n        min_score: 0.2\n        threshold: 0.7\n'
            "        exclude_zones: ['0,0 1,0 1,1']\n",
        ),
        (  # lists below their name, one of them not indented, with remarks
            HEAD + "    exclude_zones: # porch\n    - '0,0 1,0 1,0.5'\n    - '0,0 0,1 1,0.5'\n\n"
            '    # Mine.\n    threshold: 0.6\n',
            HEAD
            + "    exclude_zones: ['0,0 1,0 1,1'] # porch\n\n    # Mine.\n    threshold: 0.7\n",
        ),
        (  # braces, and quoted names
            "'/**/detector':\n  \"ros__parameters\": {'threshold': 0.6, min_score: 0.2} # so\n",
            "'/**/detector':\n  \"ros__parameters\": {exclude_zones: ['0,0 1,0 1,1'], "
            "'threshold': 0.7, min_score: 0.2} # so\n",
        ),
        (  # a remark behind the value, a list over two lines, another section, line ends of Windows
            HEAD.replace('\n', '\r\n') + '    threshold: 0.6  # measured\r\n    exclude_zones: ['
            "'0,0 1,0 1,0.5',\r\n      '0,0 0,1 1,0.5']\r\n# Next.\r\n/**/guard: {a: 1}",
            HEAD.replace('\n', '\r\n') + '    threshold: 0.7  # measured\r\n    exclude_zones: ['
            "'0,0 1,0 1,1']\r\n# Next.\r\n/**/guard: {a: 1}",
        ),
        (  # a list below its name at the end, and no line end
            HEAD
            + "    threshold: 0.6\n    exclude_zones:\n      - '0,0 1,0 1,0.5'  # gone with it",
            HEAD + "    threshold: 0.7\n    exclude_zones: ['0,0 1,0 1,1']  # gone with it",
        ),
        ('/**/detector: {ros__parameters: {}}\n', None),
    ],
)
def test_every_form_of_a_parameter_file_is_changed_where_it_must_be(tmp_path, before, after):
    path = tmp_path / 'x.yaml'
    path.write_bytes(before.encode())
    values = {'threshold': 0.7, 'exclude_zones': ['0,0 1,0 1,1']}
    write_detector(path, values)
    assert after is None or path.read_bytes().decode() == after
    assert read_detector(path).items() >= values.items()


@pytest.mark.parametrize(
    'content',
    [
        '/**/guard:\n  ros__parameters: &all\n    threshold: 0.6\n/**/detector:\n'
        '  ros__parameters: *all\n',
        '/**/guard: &a 0.6\n' + HEAD + '    threshold: *a\n',
    ],
)
def test_a_parameter_file_that_cannot_be_changed_safely_is_left_alone(tmp_path, content):
    path = tmp_path / 'x.yaml'
    path.write_text(content, 'utf-8')
    with pytest.raises(ConfigurationError, match=r'by hand: threshold: 0\.7\.'):
        write_detector(path, {'threshold': 0.7})
    assert path.read_text('utf-8') == content


def test_ctrl_c_on_a_live_source_ends_as_the_end_does(model, config, tmp_path, monkeypatch, capsys):
    class Camera:
        live, rate, unreadable, reads = True, 0.0, 0, 0

        def read(self):
            self.reads += 1
            if self.reads > 3:
                raise KeyboardInterrupt
            return scene(size=(96, 96), grey=60, seed=self.reads)

        def close(self):
            pass

    monkeypatch.setattr(tune, 'open_source', lambda name: Camera())
    out = tmp_path / 'out'
    options = ('--config', config, '--threshold', 0.55, '--write')
    assert run('--source', '0', '--out', out, '--model', model, *options) == 0
    assert json.loads((out / 'tracks.json').read_text()) == []
    assert read_detector(config)['threshold'] == 0.55
    assert '3 pictures' in capsys.readouterr().out


def test_pictures_that_cannot_be_read_are_told(source, model, config, tmp_path, capsys):
    (source / 'c.png').write_bytes(b'damaged')
    run('--source', source, '--out', tmp_path / 'out', '--model', model, '--config', config)
    assert '1 more could not be read' in capsys.readouterr().out


def test_the_shipped_parameter_file_fits_what_the_nodes_declare():
    from sentinel_perception import camera_node, detector_node

    content = yaml.safe_load(share('config/perception.yaml').read_text('utf-8'))
    for name, module in (('camera', camera_node), ('detector', detector_node)):
        section = content[f'/**/{name}']['ros__parameters']
        assert check(section, module.PARAMETERS, name).keys() == section.keys()
