"""Bad input gets one clear sentence and a non-zero status, before anything starts."""

import socket
import subprocess
import sys

import cv2
import numpy as np
import pytest
from running import left_over, sentinel


def refused(call):
    """The one sentence of a call that was refused."""
    assert call.status == 2, (call.out, call.err)
    assert 'Traceback' not in call.out + call.err
    assert left_over(call.folder) == []
    lines = call.err.strip().splitlines()
    assert len(lines) == 1, call.err
    return lines[0]


@pytest.fixture
def run(tmp_path):
    def call(*arguments):
        return sentinel('run', '--folder', tmp_path / 'run', *arguments, folder=tmp_path)

    return call


def test_no_such_source(run):
    assert 'nowhere.mp4' in refused(run('--source', 'nowhere.mp4'))


def test_a_file_that_is_no_video(run, tmp_path):
    video = tmp_path / 'broken.mp4'
    video.write_bytes(b'not a video' * 100)
    assert 'broken.mp4' in refused(run('--source', video))


def test_a_folder_without_pictures(run, tmp_path):
    (tmp_path / 'empty').mkdir()
    assert 'empty' in refused(run('--source', tmp_path / 'empty'))


def test_no_such_camera(run):
    assert '63' in refused(run('--source', '63'))


@pytest.fixture
def picture(tmp_path):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    cv2.imwrite(str(folder / 'a.png'), np.zeros((48, 64, 3), np.uint8))
    return folder


@pytest.mark.parametrize(
    ('section', 'words'),
    [
        ('camera: {ros__parameters: {rate_hz: 5.0}}', 'rate_hz'),
        ('camera: {ros__parameters: {rate: fast}}', 'rate'),
        ('camera: {ros__parameters: {rate: -1.0}}', 'rate'),
        ('camera: [', 'params.yaml'),
    ],
    ids=['unknown', 'wrong type', 'out of range', 'no YAML'],
)
def test_a_parameter_file_that_does_not_fit(run, picture, tmp_path, section, words):
    (tmp_path / 'params.yaml').write_text(section)
    assert words in refused(run('--source', picture, '--params', tmp_path / 'params.yaml'))


@pytest.mark.parametrize(
    ('node', 'name'),
    [('guard', 'zones'), ('brain', 'zones'), ('brain', 'tree'), ('brain', 'deterrents')],
)
def test_an_empty_file_of_ones_own_is_named_before_anything_starts(
    run, picture, tmp_path, node, name
):
    (tmp_path / 'mine.yaml').touch()
    section = f'{node}: {{ros__parameters: {{{name}: "{tmp_path / "mine.yaml"}"}}}}'
    (tmp_path / 'params.yaml').write_text(section)
    sentence = refused(run('--source', picture, '--params', tmp_path / 'params.yaml'))
    assert sentence == f'{tmp_path / "mine.yaml"}: the file is empty.'
    assert not (tmp_path / 'run').exists()


def test_no_such_parameter_file(run, picture):
    assert 'absent.yaml' in refused(run('--source', picture, '--params', 'absent.yaml'))


@pytest.mark.parametrize(
    ('content', 'words'),
    [(None, 'cannot be read'), (b'TFL3' + bytes(100), 'no TFLite model')],
    ids=['missing', 'damaged'],
)
def test_a_model_that_is_not_one(run, picture, tmp_path, content, words):
    model = tmp_path / 'model.tflite'
    if content is not None:
        model.write_bytes(content)
    (tmp_path / 'params.yaml').write_text(f'detector: {{ros__parameters: {{model: "{model}"}}}}')
    sentence = refused(run('--source', picture, '--params', tmp_path / 'params.yaml'))
    assert str(model) in sentence and words in sentence


def test_no_such_scenario(tmp_path):
    call = sentinel('demo', '--scenario', 'bears', '--folder', tmp_path / 'run', folder=tmp_path)
    assert 'bears' in refused(call)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    call = sentinel('demo', '--folder', tmp_path / 'file' / 'run', folder=tmp_path)
    assert 'cannot be made' in refused(call)


def test_a_port_that_is_in_use():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        module = 'sentinel_sim.robot.emulator_node'
        done = subprocess.run(
            [sys.executable, '-m', module, '--ros-args', '-p', f'hci_port:={port}'],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 2
    assert str(port) in done.stderr and 'Traceback' not in done.stderr


def test_an_unknown_command(tmp_path):
    assert 'fly' in sentinel('fly', folder=tmp_path).err
