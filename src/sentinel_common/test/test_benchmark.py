import argparse
import json

import pytest

from sentinel_common import benchmark


def parse(*arguments):
    parser = argparse.ArgumentParser()
    benchmark.add_json_option(parser)
    return parser.parse_args(list(map(str, arguments)))


def test_figures_that_do_not_exist_become_null(tmp_path):
    path = tmp_path / 'new' / 'report.json'
    benchmark.write(path, {'ap': float('nan'), 'interval': (0.1, float('inf')), 'seeds': [{1: 2}]})
    assert json.loads(path.read_text()) == {
        'ap': None,
        'interval': [0.1, None],
        'seeds': [{'1': 2}],
    }


def test_a_report_tells_on_what_it_was_measured():
    found = benchmark.environment(3, ('numpy', 'no-such-package'))
    assert found['seed'] == 3
    assert set(found['versions']) == {'python', 'numpy'}
    assert found['machine']['cores'] > 0
    assert found['machine']['load_average'] >= 0


def test_a_report_that_can_be_written_leaves_no_file_before(tmp_path):
    path = tmp_path / 'new' / 'report.json'
    assert parse('--json', path).json == path
    assert not path.exists()
    path.write_text('{}')
    assert parse('--json', path).json == path
    assert path.read_text() == '{}'
    assert parse().json is None


def test_a_report_that_cannot_be_written_is_told_before_the_run(tmp_path):
    (tmp_path / 'file').touch()
    for path in (tmp_path, tmp_path / 'file' / 'report.json', '/proc/report.json'):
        with pytest.raises(benchmark.ReportError, match=r'cannot be written: .* --json FILE\.$'):
            parse('--json', path)
