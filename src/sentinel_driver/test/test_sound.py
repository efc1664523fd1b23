"""What the bundled sounds are like, WAV files, and programs that play."""

import os
import shutil

import numpy as np
import pytest
from sentinel_driver.sound import library, players, synthesis, wav

RATE = synthesis.RATE


def flatness(samples):
    """Spectral flatness below 6 kHz: 1 for white noise, towards 0 for harmonics."""
    window = 1024
    blocks = [samples[i : i + window] for i in range(0, len(samples) - window, window // 2)]
    loud = [b for b in blocks if np.sqrt(np.mean(b**2)) > 0.05]
    power = np.mean([np.abs(np.fft.rfft(b * np.hanning(window))) ** 2 for b in loud], axis=0)
    power = power[: int(6000 / RATE * window)]
    return np.exp(np.mean(np.log(power))) / np.mean(power)


def voicing(samples, low, high):
    """Strongest normalised autocorrelation at a pitch in [low, high] Hz, and that pitch."""
    lags = range(int(RATE / high), int(RATE / low))
    found = [
        (
            np.dot(samples[:-k], samples[k:])
            / np.sqrt(np.dot(samples[:-k], samples[:-k]) * np.dot(samples[k:], samples[k:])),
            RATE / k,
        )
        for k in lags
    ]
    return max(found)


@pytest.mark.parametrize('seed', range(5))
def test_a_bark_is_short_harmonic_and_falls(seed):
    samples = synthesis.bark(np.random.default_rng(seed))
    assert 0.15 <= len(samples) / RATE <= 0.25
    early = samples[int(0.12 * len(samples)) : int(0.35 * len(samples))]
    late = samples[int(0.6 * len(samples)) : int(0.85 * len(samples))]
    strength, pitch = voicing(early, 350, 750)
    assert strength > 0.5
    assert voicing(late, 200, 750)[1] < 0.95 * pitch
    assert flatness(samples) < 0.15


@pytest.mark.parametrize('name', synthesis.BUNDLED)
def test_bundled_sounds_are_no_noise_and_no_two_are_alike(name):
    one, other = synthesis.make(name, 1), synthesis.make(name, 2)
    assert np.array_equal(one, synthesis.make(name, 1))
    assert not np.array_equal(one[:1000], other[:1000])
    assert 0.8 < np.abs(one).max() < 0.95 and 0.4 < len(one) / RATE < 3.5
    noise = np.random.default_rng(0).normal(size=RATE) * 0.3
    assert flatness(one) < 0.15 < 0.6 < flatness(noise)


def test_barks_come_in_series():
    samples = synthesis.make('bark', 3)
    quiet = np.abs(samples) < 1e-4
    edges = np.flatnonzero(np.diff(quiet.astype(int)))
    gaps = np.diff(edges)[np.diff(edges) > 0.1 * RATE] / RATE
    assert len(gaps) >= 2


def test_the_voice_moves_its_formants():
    samples = synthesis.make('voice', 1)
    hey = samples[: int(0.42 * RATE)]

    def second_formant(part):
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)), 4096)) ** 2
        frequency = np.fft.rfftfreq(4096, 1 / RATE)
        band = (frequency > 1300) & (frequency < 2800)
        return np.sum(power[band] * frequency[band]) / np.sum(power[band])

    start, end = hey[int(0.2 * len(hey)) :][:2048], hey[-3072:-1024]
    assert second_formant(end) > second_formant(start) + 100


def test_wav_files_survive(tmp_path):
    samples = 0.5 * np.sin(np.arange(1000) / 20)
    wav.write(tmp_path / 'a.wav', samples, 16000)
    back, rate = wav.read(tmp_path / 'a.wav')
    assert rate == 16000 and np.abs(back - samples).max() < 1e-4


def test_a_file_of_minutes_is_refused(tmp_path):
    wav.write(tmp_path / 'a.wav', np.zeros(31 * 8000), 8000)
    with pytest.raises(wav.SoundError, match='longer'):
        wav.read(tmp_path / 'a.wav')


@pytest.mark.parametrize(
    'name',
    [
        pytest.param('x' * 300 + '.wav', id='long'),
        '~nosuchuser/x.wav',
        'a\0b.wav',
        'fifo.wav',
    ],
)
def test_a_name_that_is_no_file_is_an_unknown_sound(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    os.mkfifo('fifo.wav')  # whoever opens it would wait for ever
    with pytest.raises(wav.SoundError, match='There is no sound file'):
        library.load(name, 1)


@pytest.mark.parametrize('rate', [0, 8000])
def test_a_file_without_sound_is_refused(tmp_path, rate):
    path = tmp_path / 'a.wav'
    wav.write(path, np.zeros(0), 8000)
    data = path.read_bytes()
    path.write_bytes(data[:24] + rate.to_bytes(4, 'little') + data[28:])
    with pytest.raises(wav.SoundError, match='no sound'):
        wav.read(path)


def test_of_a_file_that_was_cut_short_whole_samples_are_played(tmp_path):
    path = tmp_path / 'a.wav'
    wav.write(path, np.full(1000, 0.5), 8000)
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    assert len(wav.read(path)[0]) == 998
    path.write_bytes(whole[:45])
    with pytest.raises(wav.SoundError, match='no sound'):
        wav.read(path)


def script(folder, name, text):
    program = folder / name
    program.write_text(f'#!/bin/sh\n{text}\n')
    program.chmod(0o755)
    return program


def wait(playing):
    import time

    end = time.monotonic() + 10
    while playing.advance():
        assert time.monotonic() < end
        time.sleep(0.01)
    return playing.error


def test_a_rendering_may_be_stopped_although_its_folder_is_gone(tmp_path):
    folder = tmp_path / 'sounds'
    playing = players.choose(str(folder), tmp_path)[0].start('bark', np.zeros(80000), 8000)
    shutil.rmtree(folder)
    playing.stop()
    playing.stop()


def test_only_files_that_somebody_asked_for_grow_in_number(tmp_path, monkeypatch):
    monkeypatch.setattr(players, 'PROGRAMS', ())
    asked, fallback = tmp_path / 'asked', tmp_path / 'none'
    for told in (str(asked), ''):
        player, _ = players.choose(told, fallback)
        for name in ('bark', 'bark', 'human'):
            player.start(name, np.zeros(80), 8000)
    assert {p.name for p in asked.iterdir()} == {'001-bark.wav', '002-bark.wav', '003-human.wav'}
    assert {p.name for p in fallback.iterdir()} == {'bark.wav', 'human.wav'}


def test_the_systems_audio_is_found_and_used(tmp_path, monkeypatch):
    script(tmp_path, 'paplay', f'echo "$@" >> {tmp_path}/told; cat > {tmp_path}/played')
    monkeypatch.setenv('PATH', f'{tmp_path}:/usr/bin:/bin')
    monkeypatch.setattr(players, 'PROGRAMS', players.PROGRAMS[1:])
    player, where = players.choose('', tmp_path / 'none')
    assert 'paplay' in where
    samples = np.linspace(-1, 1, 40000)
    playing = player.start('bark', samples, 8000)
    assert wait(playing) == ''
    playing.stop()
    assert (tmp_path / 'played').read_bytes() == wav.pcm(samples)
    assert '--rate=8000' in (tmp_path / 'told').read_text()


@pytest.mark.parametrize('knows', [True, False])
def test_raw_is_asked_for_where_the_program_knows_that(tmp_path, monkeypatch, knows):
    options = '-a, --raw' if knows else '--rate'
    script(tmp_path, 'pw-play', f'echo "$@" >> {tmp_path}/told; echo "{options}"; cat > /dev/null')
    monkeypatch.setenv('PATH', f'{tmp_path}:/usr/bin:/bin')
    playing = players.choose('', tmp_path / 'none')[0].start('bark', np.zeros(10), 8000)
    assert wait(playing) == ''
    playing.stop()
    *_, told = (tmp_path / 'told').read_text().splitlines()
    assert ('--raw' in told) is knows and told.endswith(' -')


def test_an_audio_program_that_fails_says_why(tmp_path):
    program = script(tmp_path, 'pw-play', 'echo no sound server >&2; exit 3')
    playing = players.SystemPlayer((str(program),)).start('bark', np.zeros(10), 8000)
    failure = wait(playing)
    playing.stop()
    assert '3' in failure and 'no sound server' in failure


def test_a_stop_kills_the_audio_program(tmp_path):
    program = script(tmp_path, 'aplay', 'exec sleep 60')
    playing = players.SystemPlayer((str(program),)).start('bark', np.zeros(10), 8000)
    playing.stop()
    assert playing._process.returncode == -9
