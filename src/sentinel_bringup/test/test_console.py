"""The terminal shows progress and warnings, each once in a while, and nothing else."""

import subprocess
import sys

import pytest
from sentinel_bringup.console import FIRST_LOOK, Console


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


@pytest.mark.parametrize('robot', ['', 'north.'])
def test_it_knows_whether_anybody_looked(robot):
    console = Console()
    console(f'{robot}detector', 'INFO', 'Model models/detector.tflite in LiteRT')
    console(f'{robot}camera', 'INFO', f'{FIRST_LOOK} 640 x 480')
    assert not console.looked
    console(f'{robot}detector', 'INFO', f'{FIRST_LOOK} 640 x 480')
    console(f'{robot}detector', 'INFO', 'the end')
    assert console.looked


def test_a_reader_that_has_gone_ends_nothing():
    words = (
        'import sys\nfrom sentinel_bringup.console import Console\n'
        'console = Console(verbose=True)\n'
        'console("a", "", "one")\ninput()\nconsole("a", "", "two")\nconsole("a", "", "three")\n'
        'sys.exit(7)'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == '  [a] one\n'
    process.stdout.close()
    process.stdin.write('\n')
    process.stdin.close()
    assert (process.wait(60), process.stderr.read()) == (7, '')
    process.stderr.close()


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
