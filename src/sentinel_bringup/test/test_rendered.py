"""Encounters in rendered gardens: the real detector, pipeline, brain and guard."""

import argparse
import json
from dataclasses import asdict

import pytest
from sentinel_bringup.night import command, rendered_figures, worlds
from sentinel_bringup.night.journal import Journal
from sentinel_bringup.night.rendered import GARDENS, Met, Rendered, can_be_seen, scenario
from sentinel_bringup.night.rendered_figures import figures, lines
from sentinel_sim.render import Label


def test_a_raccoon_in_a_garden_that_nobody_was_trained_on_is_surely_found():
    met = Rendered().play('raccoon', 2)
    assert met.raccoon_clear > 1.0
    assert 0.0 < met.sure <= met.raccoon_clear
    assert met.clear == met.signs == 0.0


def test_an_empty_garden_is_left_alone():
    met = Rendered().play('nobody', 1)
    assert not met.answered
    assert met.raccoon_clear == met.clear == 0.0


def test_a_seed_has_its_own_garden_and_others_come_later():
    first, second = scenario('raccoon+cat', 1), scenario('raccoon+cat', 2)
    assert (first.garden, second.garden) == (GARDENS + 1, GARDENS + 2)
    assert [a.kind for a in first.animals] == ['raccoon', 'cat']
    assert first.animals[0].enters[1] < first.animals[1].enters[0]


@pytest.mark.parametrize(
    ('box', 'visible', 'expected'),
    [
        ((0, 0, 40, 20), 0.6, True),
        ((0, 0, 39, 39), 1.0, False),
        ((0, 0, 80, 80), 0.5, False),
        ((628, 100, 12, 130), 1.0, False),
    ],
)
def test_who_can_be_seen(box, visible, expected):
    assert can_be_seen(Label('x', 'cat', box, 100, visible)) is expected


def test_figures_count_whom_one_could_see():
    found = figures(
        [
            Met('raccoon', 'ir', 0, raccoon_clear=5.0, sure=4.0, answered=True, first=0.5),
            Met('raccoon', 'ir', 1, raccoon_clear=5.0, doubted=5.0, vetoed=True, doubts={'cat': 3}),
            Met('raccoon', 'ir', 2, raccoon_clear=0.5),
            Met('cat', 'ir', 0, clear=2.0, signs=1.0, first_sign=0.25),
            Met('raccoon+cat', 'ir', 0, clear=2.0, action='starts: never a sign', engaged=True),
            Met('fox', 'ir', 0, answered=True),
        ]
    )
    assert found['raccoons']['answered'] == {
        'of': 2,
        'share': pytest.approx((0.5, 0.013, 0.987), abs=1e-3),
    }
    assert found['raccoons']['share_of_seconds_vetoed'] == 0.5
    cats = found['household']['cat']
    assert cats['actions']['share'][0] == cats['never_a_sign']['share'][0] == 0.5
    assert found['household']['during_engagement']['actions']['of'] == 1
    assert found['household']['dog']['actions'] is None
    assert found['others']['fox']['share'][0] == 1.0
    assert any('vetoed by mistake: 50.0%' in line for line in lines(found))


def test_rendered_encounters_go_on_from_a_journal(tmp_path, monkeypatch):
    played = []
    monkeypatch.setattr(
        rendered_figures,
        '_block',
        lambda jobs: [played.append(j) or Met(j[0], 'ir', j[1]) for j in jobs],
    )
    monkeypatch.setattr(rendered_figures, 'KINDS', {'raccoon': 1.0, 'fox': 0.5})
    journal = tmp_path / 'journal'
    kept = Journal(rendered_figures.code(), journal)
    kept.add(asdict(Met('raccoon', 'ir', 0, raccoon_clear=5.0, answered=True)))
    kept.add(asdict(Met('raccoon', 'ir', 9)))  # not asked for
    found = rendered_figures.measure(2, journal=journal, say=str)
    assert played == [('fox', 0), ('raccoon', 1)]
    assert [(m['kind'], m['seed']) for m in found['encounters']] == [('raccoon', 0), *played]
    assert found['raccoons']['answered']['of'] == 1
    assert rendered_figures.measure(2, journal=journal, say=str) == found
    assert len(played) == 2


def test_ctrl_c_leaves_figures_of_what_was_played_and_ends_the_benchmark(tmp_path, monkeypatch):
    def block(jobs):
        if ('raccoon', 7) in jobs:
            raise KeyboardInterrupt
        return [Met(kind, 'ir', seed) for kind, seed in jobs]

    monkeypatch.setattr(rendered_figures, '_block', block)
    monkeypatch.setattr(rendered_figures, 'KINDS', {'raccoon': 1.0, 'fox': 0.1})
    monkeypatch.setattr(worlds, 'measure', lambda *_, **__: pytest.fail('it goes on'))
    parser, file = argparse.ArgumentParser(), tmp_path / 'night.json'
    command.add_arguments(parser)
    words = ['--part', 'rendered', '--part', 'invariants', '--rendered', '9', '--json', str(file)]
    assert command.main(parser.parse_args(words)) == 130
    assert len(json.loads(file.read_text())['rendered']['encounters']) == 5


def test_ctrl_c_in_the_last_part_is_told_too(monkeypatch):
    def play(random):
        raise KeyboardInterrupt

    monkeypatch.setattr(worlds, 'WORLDS', {'one': play})
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.main(parser.parse_args(['--part', 'invariants', '--worlds', '10'])) == 130
    monkeypatch.setattr(worlds, 'WORLDS', {'one': lambda random: False})
    assert command.main(parser.parse_args(['--part', 'invariants', '--worlds', '10'])) == 0
