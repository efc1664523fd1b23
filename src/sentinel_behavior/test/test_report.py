"""Table, page and film say what the log says, and say so too where nothing happened."""

import argparse
import html
import http.client
import io
import json
import os
import re
import shlex
import socket
import struct
import threading
import time
import urllib.parse
import urllib.request
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sentinel_behavior.incidents.model import Incident, Kind, Picture, Sound
from sentinel_behavior.incidents.store import FILE_NAME, SqliteStore, StoreError
from sentinel_behavior.report import command, film, period, statistics, wording
from sentinel_behavior.report.figures import deterrents, tiles, verdict
from sentinel_behavior.report.page import render
from sentinel_behavior.report.serve import server
from sentinel_behavior.report.summary import summarise
from sentinel_behavior.report.terminal import rows
from sentinel_behavior.report.trends import trends
from sentinel_common.errors import SentinelError

from sentinel_behavior import report

NIGHT = 1_780_000_000.0


class Night:
    """Writes a log by hand; times are seconds of the night."""

    def __init__(self, folder):
        self.folder = folder
        self.store = SqliteStore(folder)
        self.store.start_run(NIGHT, {})

    def tell(self, kind, at, visit, *, species='raccoon', deterrent='', **detail):
        incident = Incident(
            kind=kind,
            stamp=NIGHT + at,
            visit_id=visit,
            track_id='1',
            species=species,
            probability=0.9,
            deterrent=deterrent,
            detail=detail,
        )
        self.store.record(incident, NIGHT + at)

    def visit(
        self, name, at, *deterrents, species='raccoon', outcome='repelled', stay=10.0, **end_detail
    ):
        ended = {'completed': True, 'reason': 'finished', **end_detail}
        self.tell(Kind.VISIT_STARTED, at, name, species=species)
        for number, deterrent in enumerate(deterrents):
            begin = at + 1 + 2 * number
            self.tell(Kind.DECISION, begin, name, species=species, deterrent=deterrent)
            self.tell(Kind.STIMULUS_STARTED, begin, name, species=species, deterrent=deterrent)
            self.tell(
                Kind.STIMULUS_ENDED,
                begin + 1,
                name,
                species=species,
                deterrent=deterrent,
                seconds=1.0,
                **ended,
            )
        end = {'outcome': outcome, 'last_seen': NIGHT + at + stay}
        self.tell(Kind.VISIT_ENDED, at + stay + 5, name, species=species, **end)

    def picture(self, visit, at):
        (self.folder / 'snapshots').mkdir(exist_ok=True)
        path = f'snapshots/{visit}.jpg'
        Image.new('RGB', (320, 240), (40, 90, 50)).save(self.folder / path)
        box = {'x': 50, 'y': 60, 'width': 80, 'height': 60, 'track_id': '1'}
        self.store.add_picture(
            Picture(
                path=path,
                stamp=NIGHT + at,
                visit_id=visit,
                track_id='1',
                kind='frame',
                why='visit started',
                x=0,
                y=0,
                width=320,
                height=240,
                boxes=({**box, 'scores': {'raccoon': 0.9}},),
            )
        )

    def close(self, at=3600.0):
        self.store.alive(NIGHT + at)
        self.store.close()


@pytest.fixture
def night(tmp_path):
    night = Night(tmp_path)
    yield night
    night.store.close()


class Strict(HTMLParser):
    """Checks that every element is closed where it should be, and collects attributes."""

    VOID = frozenset({'meta', 'img', 'br', 'link'})

    def __init__(self, text):
        super().__init__()
        self.open, self.values, self.words = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.values += [(name, value) for name, value in attrs if value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def page_of(folder):
    text = report.write(folder).read_text(encoding='utf-8')
    return text, Strict(text)


def test_the_figures_are_those_of_the_log(night):
    night.visit('a', 0, 'bark', stay=5.0)
    night.visit('b', 100, 'bark', 'stomp', stay=9.0)
    night.visit('c', 200, 'bark', outcome='stayed')
    night.visit('d', 300, species='cat', outcome='left')
    night.tell(Kind.HELD_FIRE, 301, 'd', species='cat', rules=['protected'], reasons=['A cat.'])
    night.store.add_sound(Sound(started=NIGHT, seconds=2.5, name='bark', volume=1.0))
    night.close()

    summary = report.summarise(night.folder)
    assert (len(summary.targets), summary.repelled, summary.listened) == (3, 2, 3600.0)
    assert summary.times_to_stimulus == (1.0, 1.0, 1.0)
    assert summary.times_to_departure == (4.0, 8.0)
    assert summary.actions == {'bark': 3, 'stomp': 1}
    assert summary.others == {'cat': 1}
    assert summary.rules == {'protected': 1}
    assert summary.noise == 2.5
    assert summary.actions_at_household == summary.actions_at_false_alarms == ()


def test_actions_at_pets_and_at_false_alarms_are_counted_apart(night):
    night.visit('a', 0, 'bark', species='dog')
    night.visit('b', 100, 'bark')
    night.store.mark('b', True)
    night.close()
    summary = report.summarise(night.folder)
    assert len(summary.actions_at_household) == len(summary.actions_at_false_alarms) == 1
    assert ('at people or pets', '1') in rows(summary)
    assert ('false alarms (marked)', '1 (1 action)') in rows(summary)
    assert summary.targets == ()
    assert summary.times_to_stimulus == ()


def test_the_table_is_aligned_and_says_the_figures(night):
    night.visit('a', 0, 'bark_and_advance', stay=5.0)
    night.close()
    text = report.table(report.summarise(night.folder))
    assert re.search(r'repelled +1 of 1', text)
    assert re.search(r'time to departure +4\.0 s\n', text)
    assert 'bark and advance 1' in text
    rows = [line for line in text.splitlines() if line.startswith('  ')]
    assert len({re.match(r'  \S.*?(?=  )\s+', row).end() for row in rows}) == 1


def test_what_the_guard_cut_short_is_counted(night):
    night.visit('a', 0, 'bark')
    night.visit('b', 100, 'voice', completed=False, reason='guard', rules=['no_sweep'])
    night.close()
    text = report.table(report.summarise(night.folder))
    assert re.search(r'cut short by the guard +1 \(no sweep 1\)\n', text)
    assert '1 cut short by the guard' in page_of(night.folder)[0]


def test_what_a_person_or_pet_cut_short_is_counted_too(night):
    how = {'completed': False, 'reason': 'interrupted'}
    night.visit('a', 0, 'voice', **how, rules=['person_or_pet'])
    night.visit('b', 100, 'voice', **how, rules=[])  # by the end of the brain
    night.close()
    text = report.table(report.summarise(night.folder))
    assert re.search(r'cut short by the guard +1 \(person or pet 1\)\n', text)
    assert 'something else came first (person or pet)' in page_of(night.folder)[0]


@pytest.mark.parametrize('rule', ['disarmed', 'emergency_stop', 'disabled'])
def test_visits_to_a_sentinel_that_was_switched_off_do_not_count_against_it(night, rule):
    night.visit('a', 0, 'bark')
    night.visit('b', 100, outcome='left')
    night.tell(Kind.HELD_FIRE, 101, 'b', rules=[rule], reasons=['A person did that.'])
    night.close()
    summary = report.summarise(night.folder)
    assert (summary.answerable, summary.outcomes) == (1, {'repelled': 1})


def test_holds_that_follow_each_other_are_one_stretch(night):
    night.visit('a', 0)
    for at in (1.0, 1.5, 6.0, 30.0):
        night.tell(Kind.HELD_FIRE, at, 'a', rules=['person_or_pet'], reasons=[f'At {at}.'])
    night.tell(Kind.HELD_FIRE, 1.25, 'a', rules=['no_sweep', 'person_or_pet'], reasons=['No.', ''])
    night.tell(Kind.HELD_FIRE, 2.0, '', rules=['quiet_hours'], reasons=['It is night.'])
    night.close()
    first, other, late = report.summarise(night.folder).holds
    assert (first.begin, first.end) == (NIGHT + 1.0, NIGHT + 6.0)
    assert first.reasons == {'person_or_pet': 'At 1.0.', 'no_sweep': 'No.'}
    assert (other.rules, late.begin) == (('quiet_hours',), NIGHT + 30.0)
    assert report.summarise(night.folder).rules['person_or_pet'] == 2
    assert 'held fire for 5.0 s or longer: person or pet and no sweep' in page_of(night.folder)[0]


def test_what_holds_for_the_repelled_alone_is_not_said_of_all(night):
    night.visit('a', 0, 'bark', stay=5.0)
    said = verdict(report.summarise(night.folder))
    assert said.endswith('after the animal was confirmed, and it was gone 4.0 s later.')
    for n in range(9):
        night.visit(f'b{n}', 8000 * (n + 1), 'bark', outcome='stayed', stay=3600.0)
    night.close()
    summary = report.summarise(night.folder)
    assert verdict(summary).endswith('; those repelled were gone 4.0 s later (medians).')
    assert {t['label']: t['value'] for t in tiles(summary, 0.0)}[
        'to departure, if repelled'
    ] == '4.0 s'


def test_a_hold_out_does_not_count_against_the_deterrents(night):
    night.visit('a', 0, 'bark')
    night.visit('b', 100, outcome='left')
    night.tell(Kind.DECISION, 101, 'b', arm='hold_out')
    night.close()
    summary = report.summarise(night.folder)
    assert (summary.answerable, summary.outcomes) == (1, {'repelled': 1})
    text = report.table(summary)
    assert '1 of 1 (repelled 1; 1 more left alone: a hold-out, or not armed)' in text
    assert 'chose to do nothing' in page_of(night.folder)[0]


def test_a_visit_whose_end_nobody_knows_counts_for_nothing_and_against_nothing(night):
    night.visit('a', 0, 'bark')
    night.visit('b', 100, 'bark', 'stomp', outcome='lost')
    night.tell(Kind.VISIT_STARTED, 200, 'dead-0001')
    night.tell(Kind.STIMULUS_STARTED, 201, 'dead-0001', deterrent='bark')
    night.visit('new-0001', 300, 'stomp', outcome='stayed')  # so the other one was interrupted
    night.tell(Kind.VISIT_STARTED, 400, 'new-0002')
    night.tell(Kind.STIMULUS_STARTED, 401, 'new-0002', deterrent='bark')
    night.close()
    summary = report.summarise(night.folder)
    assert summary.outcomes == {'repelled': 1, 'stayed': 1}
    assert (summary.answerable, summary.unknown_ends, summary.left_alone) == (2, 3, 0)
    # The bark of the visit that was lost is known not to have worked: a stomp followed.
    tried = {row['name']: (row['worked'], row['tries']) for row in deterrents(summary)}
    assert tried == {'bark': (1, 2), 'stomp': (0, 1)}
    assert '1 of 2 (repelled 1, stayed 1; 3 with unknown end)' in report.table(summary)
    page = page_of(night.folder)[0]
    assert '; 3 with unknown end' in page and 'each visit with unknown end (3)' in page


def test_a_night_of_which_no_end_is_known_does_not_say_that_nothing_was_tried(night):
    night.tell(Kind.VISIT_STARTED, 0, 'a')
    night.tell(Kind.STIMULUS_STARTED, 1, 'a', deterrent='bark')
    night.close()
    assert '0 of 0 (1 with unknown end)' in report.table(report.summarise(night.folder))
    assert 'Nothing was tried in a visit whose end is known.' in page_of(night.folder)[0]


def test_nothing_is_said_honestly(night):
    night.close()
    text = report.table(report.summarise(night.folder))
    assert 'No visit began' in text and 'repelled' not in text
    words = ' '.join(page_of(night.folder)[1].words)
    assert 'There was no visit to keep away.' in words
    assert 'No visit began' in words and 'Nothing was tried.' in words


def test_a_period_without_the_recorder_is_not_called_quiet(night):
    night.close()
    later = report.summarise(night.folder, since=NIGHT + 5000)
    assert verdict(later) == report.table(later).strip() == wording.SILENCE


def test_a_visit_was_heard_whatever_the_clock_said_of_the_recorder(night):
    night.visit('a', -86400.0, 'bark')
    night.close()
    assert '1 repelled' in verdict(report.summarise(night.folder, until=NIGHT - 3600))


def test_a_clock_that_was_not_set_yet_is_no_time_of_the_garden(tmp_path):
    with SqliteStore(tmp_path) as store:
        store.start_run(12.0, {})
        store.alive(NIGHT, again=True)
        store.alive(NIGHT + 3600.0)
    said = report.table(report.summarise(tmp_path)).splitlines()[0]
    assert 'simulated' not in said and said.endswith('listened 60.0 min')


def test_the_page_is_whole_and_needs_no_other_file(night):
    night.visit('a', 0, 'bark', 'stomp')
    night.picture('a', 1)
    night.visit('b', 50, species='cat', outcome='left')
    night.tell(Kind.HELD_FIRE, 55, 'b', species='cat', rules=['protected'], reasons=['A cat.'])
    sample = {'capture': NIGHT, 'detection': 0.05, 'command': 0.06, 'write': 0.07}
    (night.folder / 'latency.json').write_text(json.dumps({'samples': [sample] * 5}))
    truth = {
        'beds': {'seconds': 4.5},
        'finished': True,
        'visits': [{'animal': 'raccoon-1', 'left': None}],
        'robot': {'falls': 3},
        'robots': [{'falls': 3}],
    }
    (night.folder / 'simulation.json').write_text(json.dumps(truth))
    stack = {'nodes': {'guard': {'cpu_cores_mean': 0.037, 'pss_peak_mb': 47.2, 'starts': 1}}}
    (night.folder / 'stack.json').write_text(json.dumps(stack))
    night.close()
    text, parsed = page_of(night.folder)
    assert all(
        value.startswith('data:') for name, value in parsed.values if name in ('src', 'href')
    )
    assert '<script' not in text and 'url(' not in text
    words = ' '.join(' '.join(parsed.words).split())
    for expected in (
        'held fire: protected',
        'stomp for 1.0 s',
        '70 ms',
        'beds: seconds 4.5 finished yes',
        'visits animal left raccoon-1',
        'robots falls 3',
        '47 MB',
    ):
        assert expected in words
    assert 'ended early' not in words and 'robot: falls' not in words
    assert (night.folder / 'pictures' / 'a.jpg').is_file()


def test_pictures_of_a_season_have_a_date(night):
    night.visit('a', 0, 'bark')
    night.picture('a', 86400.0)
    night.close()
    when = datetime.fromtimestamp(NIGHT + 86400.0).strftime('%-d %b, %H:%M:%S')
    assert f'<figcaption>{when} · visit started' in page_of(night.folder)[0]


def test_what_was_marked_as_a_false_alarm_is_no_success_and_no_trend(night):
    for number in range(6):
        night.visit(f'v{number}', 600 * number, 'bark')
        night.store.mark(f'v{number}', True)
    night.close()
    text, parsed = page_of(night.folder)
    assert 'Nothing was tried, but for marked false alarms.' in text
    assert 'Over time' not in parsed.words
    assert '<span class="pill">repelled</span>' in text


def test_only_a_visit_with_a_deterrent_has_a_last_one(night):
    night.visit('a', 0, 'bark')
    night.visit('b', 100, outcome='lost')
    night.close()
    assert 'each visit with unknown end' not in page_of(night.folder)[0]


def test_times_of_a_long_visit_are_hours_and_minutes(night):
    night.visit('a', 0, 'bark', outcome='stayed', stay=14400.0)
    night.visit('b', 20000, outcome='left', stay=150.0)
    night.close(30000)
    text, _ = page_of(night.folder)
    assert ['2:30 min', '4:00:00 h'] == sorted(re.findall(r'<time>([\d:]+ (?:min|h))</time>', text))
    assert re.findall(r'%">(\d) h</span>', text) == ['1', '2', '3', '4']
    assert re.findall(r'%">(\d) min</span>', text) == ['1', '2']


def test_the_command_on_the_page_can_be_pasted(tmp_path):
    night = Night(tmp_path / "Anna's garden")
    night.visit('a b', 0, 'bark')
    night.close()
    (code,) = re.findall(r'<code>(.*?--false-alarm.*?)</code>, or', page_of(night.folder)[0])
    words = shlex.split(html.unescape(code))
    assert words == ['./sentinel', 'report', str(night.folder), '--false-alarm', 'a b']


def test_what_is_drawn_is_said_in_words_too(night):
    for day in range(12):
        species = ('raccoon', 'opossum', 'striped_skunk')[day % 3]
        night.visit(f'v{day}', day * 86400.0, 'bark', species=species, stay=8.0)
    sample = {'capture': NIGHT, 'detection': 0.05, 'command': 0.06, 'write': 0.07}
    (night.folder / 'latency.json').write_text(json.dumps({'samples': [sample] * 5}))
    night.close(12 * 86400.0)
    text, parsed = page_of(night.folder)
    drawn = re.findall(r'<div class="(?:bars|lane|stages)[^>]*>', text)
    assert len(drawn) == 15
    assert all('aria-label="' in tag or 'aria-hidden' in tag for tag in drawn)
    labels = [value for name, value in parsed.values if name == 'aria-label']
    assert 'Timeline: in sight for 8.0 s, bark after 1.0 s' in labels
    assert any(label.endswith('ms: 5') for label in labels)
    low, high = statistics.wilson(12, 12)
    assert f'12 (100 %)<small>{100 * low:.0f} to {100 * high:.0f} %</small>' in text
    assert len(re.findall(r'<li>[^<]*: opossum 1</li>', text)) == 4
    key = re.findall(r'<i class="(c\d)"></i>([a-z ]+)</span>', text)[:3]
    assert len({color for color, _ in key}) == 3 and 'striped skunk' in dict(map(reversed, key))


def _contrast(one, other):
    """WCAG 2.2, of two colours as #rrggbb."""

    def luminance(color):
        digits = color[1:] * (2 if len(color) == 4 else 1)
        shares = np.array([int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)])
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_and_marks_stand_out_in_light_and_dark(night):
    night.close()
    style = ''.join(page_of(night.folder)[1].words)
    themes = re.findall(r':root \{([^}]+)\}', style)
    assert len(themes) == 2
    for theme in themes:
        colors = dict(re.findall(r'--(\w+): (#\w+)', theme))
        for name in ('ink', 'muted', 'accent'):
            assert _contrast(colors[name], colors['back']) >= 4.5
        for name in ('ink', 'muted', 'accent', 'good', 'bad', 'blue'):
            assert _contrast(colors[name], colors['card']) >= 4.5
        for name in ('edge', 'bad', *(f'c{n}' for n in range(8))):
            assert _contrast(colors[name], colors['card']) >= 3.0
        assert _contrast(colors['edge'], colors['soft']) >= 3.0
        assert _contrast(colors['bad'], colors['seen']) >= 3.0
        assert _contrast(colors['accent'], colors['seen']) >= 3.0


def test_paper_has_the_bars_and_the_light_colours(night):
    night.close()
    screen, paper = ''.join(page_of(night.folder)[1].words).split('@media print')
    assert '@media screen and (prefers-color-scheme: dark)' in screen
    assert screen.count('prefers-color-scheme') == 1
    assert ' print-color-adjust: exact' in paper


@pytest.mark.parametrize(
    ('end', 'words'),
    [
        ({'reason': 'guard', 'rules': ['no_sweep']}, 'the guard forbade it (no sweep)'),
        ({'reason': 'guard'}, 'the guard forbade it'),
        ({'reason': 'target_lost', 'rules': ['no_sweep']}, 'the animal was out of sight'),
        ({'reason': 'low_battery'}, 'low battery'),
    ],
)
def test_why_a_stimulus_ended_early(night, end, words):
    night.visit('a', 0, 'bark', completed=False, **end)
    night.close()
    lines = [word.strip() for word in page_of(night.folder)[1].words]
    assert f'ended early: {words}' in lines


def test_what_the_log_says_cannot_become_markup(night):
    night.visit('<img src=x>', 0, '<script>alert(1)</script>')
    night.close()
    text, _ = page_of(night.folder)
    assert '<script' not in text and '<img src=x' not in text


def test_leaving_long_after_a_deterrent_is_told_from_leaving_without_one(night):
    night.visit('a', 0, 'bark', outcome='left')
    night.visit('b', 100, outcome='left')
    night.close()
    words = page_of(night.folder)[0]
    assert words.count('too long after a deterrent') == 1
    assert words.count('it left by itself') == 1


def test_a_picture_whose_file_is_gone_is_left_out(night):
    night.visit('a', 0, 'bark')
    night.picture('a', 1)
    (night.folder / 'snapshots' / 'a.jpg').write_bytes(b'cut short')
    night.close()
    assert '<img' not in page_of(night.folder)[0]


def test_many_visits_make_a_page_that_still_opens(night):
    for number in range(120):
        night.visit(f'v{number}', 20.0 * number, 'bark')
        night.picture(f'v{number}', 20.0 * number)
    night.close()
    text, parsed = page_of(night.folder)
    assert len(text) < 8e6
    assert '80 older visits' in ' '.join(parsed.words)


def test_a_night_is_told_by_its_visits_and_a_season_by_what_they_have_in_common(night):
    headings = ('<h2>Over time', '<h2>What was tried', '<h2>Visits')
    for number in range(4):
        night.visit(f'v{number}', 100.0 * number, 'bark')
    few, _ = page_of(night.folder)
    assert [h in few for h in headings] == [False, True, True]
    assert few.index(headings[2]) < few.index(headings[1])
    assert few.count(' open>') == 4
    for number in range(4, 30):
        night.visit(f'v{number}', 100.0 * number, 'bark')
    many, _ = page_of(night.folder)
    assert sorted(headings, key=many.index) == list(headings)
    assert many.count(' open>') == 3 and many.count('<details class="card visit"') == 30


def test_a_latency_file_that_was_cut_short_is_ignored(night):
    night.close()
    (night.folder / 'latency.json').write_text('{"samples": [')
    assert report.summarise(night.folder).latency == ()


def _film(folder, count, start=NIGHT):
    chance = np.random.default_rng(1)
    (folder / 'film').mkdir()
    for number in range(count):
        noise = chance.integers(0, 255, (68, 160, 3), np.uint8)
        stamp = round((start + number / 4) * 1000)
        Image.fromarray(noise).save(folder / 'film' / f'{stamp:014d}.jpg', quality=80)


def test_a_page_of_a_part_of_the_time_has_no_film_and_no_figures_of_another(night):
    _film(night.folder, 10)
    whole = film.make(night.folder)
    before = whole.read_bytes()
    (night.folder / 'simulation.json').write_text('{"raccoon_seconds_in_beds": 99.0}')
    stack = '{"nodes": {"guard": {"cpu_cores_mean": 0.03, "pss_peak_mb": 47}}}'
    (night.folder / 'stack.json').write_text(stack)
    night.close()
    later = report.summarise(night.folder, since=NIGHT + 100)
    page, shown = report.make(later)
    text = page.read_text(encoding='utf-8')
    assert shown is None and 'image/webp' not in text and '47 MB' not in text
    assert 'beds' not in report.table(later) + text
    with Image.open(film.make(night.folder, NIGHT + 1.0, NIGHT + 2.0)) as picture:
        assert picture.n_frames == 4
    assert whole.read_bytes() == before


def test_the_film_moves_at_the_pace_of_the_garden(tmp_path):
    _film(tmp_path, 5)
    with Image.open(film.make(tmp_path)) as picture:
        assert picture.n_frames == 5
        picture.seek(1)
        picture.load()
        assert picture.info['duration'] == 250


def test_a_film_too_large_is_made_smaller(tmp_path, monkeypatch):
    _film(tmp_path, 30)
    whole = film.make(tmp_path).stat().st_size
    limit = int(whole * 0.7)
    monkeypatch.setattr(film, '_LIMIT', limit)
    data = film.make(tmp_path).read_bytes()
    assert len(data) <= limit
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.n_frames == 30


def test_a_long_film_is_cut_down_to_the_visits(night, monkeypatch):
    monkeypatch.setattr(film, '_MOST', 20)
    _film(night.folder, 100)
    night.visit('a', 10, 'bark', stay=1.0)  # 10 to 16 s of 25
    night.close()
    with Image.open(film.make(night.folder)) as picture:
        assert 12 <= picture.n_frames <= 20


def test_a_picture_that_a_power_cut_left_empty_is_left_out_of_the_film(tmp_path):
    _film(tmp_path, 5)
    empty = tmp_path / 'film' / '00000000000001.jpg'
    empty.write_bytes(b'')
    with Image.open(film.make(tmp_path)) as picture:
        assert picture.n_frames == 5
    for path in (tmp_path / 'film').iterdir():
        path.write_bytes(path.read_bytes()[:200])
    assert film.make(tmp_path) is None


def test_no_film_is_no_error(tmp_path):
    assert film.make(tmp_path) is None


def run(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.main(parser.parse_args([str(word) for word in words]))


def test_the_command_marks_writes_and_prints(night, capsys):
    night.visit('a', 0, 'bark')
    night.close()
    assert run(night.folder, '--false-alarm', 'a') == 0
    printed = capsys.readouterr().out
    assert re.search(r'false alarms \(marked\) +1', printed)
    assert str(night.folder / 'report.html') in printed
    run(night.folder, '--no-false-alarm', 'a')
    assert 'false alarms' not in capsys.readouterr().out


def test_a_page_of_a_part_of_the_time_leaves_the_whole_one_as_it_is(night, capsys):
    night.visit('a', 0, 'bark')
    night.close()
    run(night.folder)
    whole = (night.folder / 'report.html').read_text()
    for part in ('--since', '--until'):
        run(night.folder, part, '2035-01-01')
        assert str(night.folder / 'report_period.html') in capsys.readouterr().out
    assert (night.folder / 'report.html').read_text() == whole


@pytest.fixture
def served(night):
    night.visit('a', 10, 'bark')
    night.close()
    made = server(night.folder, lambda: render(summarise(night.folder), None, marking=True))
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f'{made.server_address[0]}:{made.server_address[1]}'
    made.shutdown()
    thread.join()
    made.server_close()


def post(address, fields, **headers):
    connection = http.client.HTTPConnection(address)
    headers = {'Origin': f'http://{address}', **headers}
    connection.request('POST', '/mark', urllib.parse.urlencode(fields), headers)
    return connection.getresponse()


def get(address):
    return urllib.request.urlopen(f'http://{address}/').read().decode()


def test_a_button_on_the_served_page_marks_and_takes_back(served, night):
    assert 'Mark as false alarm' in get(served)
    answer = post(served, {'visit': 'a', 'false_alarm': '1'})
    assert (answer.status, answer.headers['Location']) == (303, '/#a')
    assert 'It was no false alarm' in get(served)
    assert summarise(night.folder).targets == ()
    post(served, {'visit': 'a', 'false_alarm': '0'})
    assert len(summarise(night.folder).targets) == 1


@pytest.mark.parametrize(
    'headers', [{'Origin': 'http://elsewhere'}, {'Host': 'elsewhere', 'Origin': 'http://elsewhere'}]
)
def test_another_page_cannot_mark(served, night, headers):
    assert post(served, {'visit': 'a', 'false_alarm': '1'}, **headers).status == 403
    assert len(summarise(night.folder).targets) == 1


def test_a_site_whose_name_leads_to_this_computer_sees_no_picture(served):
    connection = http.client.HTTPConnection(served)
    connection.request('GET', '/', headers={'Host': 'elsewhere:' + served.partition(':')[2]})
    assert connection.getresponse().status == 403


@pytest.mark.parametrize('length', ['abc', '-5', '99999999'])
def test_a_mark_of_no_length_is_refused(served, length):
    assert post(served, {'visit': 'a'}, **{'Content-Length': length}).status == 403


def test_a_browser_that_leaves_prints_no_traceback(served, capfd):
    host, port = served.split(':')
    for _ in range(3):
        gone = socket.create_connection((host, int(port)))
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))  # a reset
        gone.sendall(f'GET / HTTP/1.1\r\nHost: {served}\r\n'.encode())
        time.sleep(0.1)
        gone.close()
    get(served)
    assert capfd.readouterr().err == ''


def test_a_mark_of_an_unknown_visit_is_refused(served):
    assert post(served, {'visit': 'z', 'false_alarm': '1'}).status == 409


def test_the_page_says_how_to_mark(night):
    night.visit('a', 10, 'bark')
    night.close()
    text, _ = page_of(night.folder)
    assert f'./sentinel report {night.folder} --false-alarm a' in text


def test_the_command_takes_a_period(night, capsys):
    night.visit('a', 0, 'bark')
    night.close()
    run(night.folder, '--since', '2100-01-01')
    assert wording.SILENCE in capsys.readouterr().out
    with pytest.raises(SentinelError, match='--until 2h is no later than --since 1h'):
        run(night.folder, '--since', '1h', '--until', '2h')


def test_without_a_folder_it_is_the_newest_run_with_a_log(tmp_path, monkeypatch):
    for age, name in enumerate(('runs/newer', 'runs/older', '.ros/sentinel/garden', 'runs/empty')):
        (tmp_path / name).mkdir(parents=True)
        if name != 'runs/empty':
            log = tmp_path / name / FILE_NAME
            log.touch()
            os.utime(log, (1000 - age, 1000 - age))
    monkeypatch.setenv('SENTINEL_ROOT', str(tmp_path))
    monkeypatch.setenv('HOME', str(tmp_path))
    words = argparse.ArgumentParser()
    period.add_arguments(words)
    assert period.of(words.parse_args([]))[0] == tmp_path / 'runs' / 'newer'
    assert period.of(words.parse_args(['here']))[0] == Path('here')
    launched = tmp_path / '.ros' / 'sentinel' / 'garden'  # by `ros2 launch`
    os.utime(launched / FILE_NAME)
    assert period.of(words.parse_args([]))[0] == launched


def test_the_newest_run_may_be_one_with_several_robots(tmp_path):
    for age, name in enumerate(('demo/robot2', 'demo/robot1', 'older')):
        (tmp_path / name).mkdir(parents=True)
        log = tmp_path / name / FILE_NAME
        log.touch()
        os.utime(log, (1000 - age, 1000 - age))
    assert period.newest(tmp_path) == tmp_path / 'demo' / 'robot2'


def test_the_page_of_a_folder_that_is_read_only_is_laid_where_one_is(
    night, tmp_path, monkeypatch, capsys
):
    night.visit('a', 10, 'bark')
    night.picture('a', 10)
    _film(night.folder, 3)
    night.close()
    before = sorted(night.folder.iterdir())
    here = tmp_path / 'here'
    here.mkdir()
    monkeypatch.chdir(here)
    access = os.access
    monkeypatch.setattr(os, 'access', lambda path, how: Path(path) == here and access(path, how))
    run(night.folder)
    assert f'report-{night.folder.name}/report.html' in capsys.readouterr().out
    made = here / f'report-{night.folder.name}'
    names = sorted(path.name for path in made.iterdir())
    assert names == ['film.webp', 'pictures', 'report.html']
    assert sorted(path for path in night.folder.iterdir() if path != here) == before


def test_without_any_run_it_is_the_folder_of_the_recorder(tmp_path, monkeypatch):
    monkeypatch.setenv('SENTINEL_ROOT', str(tmp_path))
    monkeypatch.setenv('HOME', str(tmp_path))
    words = argparse.ArgumentParser()
    period.add_arguments(words)
    assert period.of(words.parse_args([]))[0] == Path(period.DEFAULT_FOLDER).expanduser()


def test_a_folder_without_a_log_is_one_sentence(tmp_path):
    with pytest.raises(StoreError, match='There is no incident log'):
        run(tmp_path)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('2026-05-30', datetime(2026, 5, 30)),
        ('2026-05-30T20:15', datetime(2026, 5, 30, 20, 15)),
        ('12h', datetime(2026, 5, 30, 12)),
        ('1.5d', datetime(2026, 5, 29, 12)),
    ],
)
def test_dates_and_ages(text, expected):
    assert period.when(text, datetime(2026, 5, 31), 0.0) == expected.timestamp()


@pytest.mark.parametrize(
    ('text', 'now', 'expected'),
    [
        ('12h', datetime(2026, 3, 29, 8), datetime(2026, 3, 28, 19)),  # the night lacked an hour
        ('12h', datetime(2026, 10, 25, 8), datetime(2026, 10, 24, 21)),
        ('90m', datetime(2026, 3, 29, 4), datetime(2026, 3, 29, 1, 30)),
        ('1d', datetime(2026, 3, 29, 8), datetime(2026, 3, 28, 8)),
    ],
)
def test_hours_are_hours_also_when_the_clock_is_put_forward(monkeypatch, text, now, expected):
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    try:
        assert period.when(text, now, 0.0) == expected.timestamp()
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize('text', ['9999999w', '99999999999999999999d'])
def test_an_age_before_all_time_is_one_sentence(text):
    with pytest.raises(SentinelError, match='is no date and no age'):
        period.when(text, datetime(2026, 5, 31), 0.0)


def test_a_night_of_a_season_is_told_as_a_night(night):
    for day in range(90):
        night.visit(f'v{day}', day * 86400, 'bark')
    night.close(90 * 86400)
    week = summarise(night.folder, since=NIGHT + 83 * 86400)
    assert 'listened 7.0 days' in report.table(week)
    assert (trends(week).unit, len(trends(week).bars)) == ('night', 8)


def test_a_wrong_date_is_one_sentence():
    with pytest.raises(SentinelError, match="'yesterday' is no date"):
        period.when('yesterday', datetime(2026, 5, 31), 0.0)


def test_wilson_against_published_values():
    # R. G. Newcombe, Statistics in Medicine 17:857-872, 1998, table I, method 3.
    assert statistics.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert statistics.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert statistics.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert statistics.wilson(0, 0) == (0.0, 1.0)


def test_bins_hold_every_value():
    values = [3.0, 17.0, 99.9, 100.0]
    found = statistics.bins(values, 10)
    assert sum(count for _, _, count in found) == len(values)
    assert found[0][0] == 0.0 and found[-1][1] >= 100.0


@pytest.mark.parametrize('length', [0.5, 7.0, 12.0, 333.0])
def test_ticks_are_few_and_round(length):
    marks = statistics.ticks(length)
    assert 2 <= len(marks) <= 8 and marks[-1] <= length


@pytest.mark.parametrize(
    ('seconds', 'said'),
    [
        (0.0, '0 s'),
        (0.25, '250 ms'),
        (3.21, '3.2 s'),
        (120.0, '2.0 min'),
        (7200.0, '2.0 h'),
        (3e5, '3.5 days'),
    ],
)
def test_durations_are_said_in_the_unit_that_fits(seconds, said):
    assert wording.duration(seconds) == said


def test_simulated_time_is_no_date():
    assert wording.moment(12.34) == '12.3 s'
    assert 'simulated' in wording.period(0.0, 100.0)
