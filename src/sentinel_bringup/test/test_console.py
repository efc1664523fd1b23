"""The terminal shows progress and warnings, each once in a while, and nothing else."""

import pytest
from sentinel_bringup.console import Console


@pytest.mark.parametrize(
    ('line', 'shown'),
    [
        (('progress', '', '0:07.1  the robot answers'), '  0:07.1  the robot answers\n'),
        (('progress', '', 'KeyboardInterrupt'), ''),
        (('detector', 'INFO', 'ready'), ''),
        (('detector', '', 'INFO: Created delegate'), ''),
        (('detector', 'WARN', 'dark'), '  [detector] WARN: dark\n'),
    ],
)
def test_what_is_worth_a_line(capsys, line, shown):
    Console()(*line)
    assert capsys.readouterr().out == shown


def test_verbose_shows_all(capsys):
    console = Console(verbose=True)
    for _ in range(2):
        console('detector', 'INFO', 'ready')
    assert capsys.readouterr().out == 2 * '  [detector] ready\n'


def test_the_same_warning_does_not_flood(capsys):
    console = Console()
    for _ in range(100):
        console('driver', 'WARN', 'no robot')
    console('driver', 'WARN', 'another')
    assert len(capsys.readouterr().out.splitlines()) == 2
