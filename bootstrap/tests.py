"""``./sentinel test``: colcon test over all packages, then test/; nothing that ran is a failure."""

import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .environment import HOME, INSTALL, LOG, ROOT, VENV_PYTHON, environment


@dataclass(frozen=True)
class Count:
    """What one or several test runs came to."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: 'Count') -> 'Count':
        return Count(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    @property
    def total(self) -> int:
        """How many tests there were."""
        return self.passed + self.failed + self.skipped


def read(path: Path) -> Count:
    """Count of one JUnit file; a file that cannot be read counts as a failure."""
    try:
        suites = list(ElementTree.parse(path).getroot().iter('testsuite'))
    except (OSError, ElementTree.ParseError):
        return Count(failed=1)
    total, failed, skipped = (
        sum(int(suite.get(key, 0)) for suite in suites for key in keys)
        for keys in (('tests',), ('failures', 'errors'), ('skipped',))
    )
    return Count(total - failed - skipped, failed, skipped)


def verdict(counts: dict[str, Count], expected: Iterable[str]) -> tuple[Count, list[str]]:
    """Sum of ``counts``, and what is wrong: failures, and ``expected`` ones where nothing ran."""
    wrong = [f'{name}: {count.failed} failed' for name, count in counts.items() if count.failed]
    wrong += [f'{name}: no test ran' for name in expected if not counts.get(name, Count()).total]
    return sum(counts.values(), Count()), wrong


def main(arguments: list[str]) -> int:
    """Run all tests, or those of the packages named (``system``: test/); return 0 if all passed."""
    packages = sorted(
        p.parent.name
        for p in (ROOT / 'src').glob('*/package.xml')
        if any((p.parent / 'test').glob('test_*.py'))
    )
    chosen = arguments or [*packages, 'system']
    unknown = sorted(set(chosen) - {*packages, 'system'})
    if unknown:
        print(
            f'No such package: {", ".join(unknown)}. There are: {", ".join(packages)}, system.',
            file=sys.stderr,
        )
        return 2
    start = time.monotonic()
    results = HOME / 'test-results'
    for old in (results, *(HOME / 'build').glob('*/test_results')):
        shutil.rmtree(old, ignore_errors=True)
    counts: dict[str, Count] = {}
    env = {**environment(), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    selected = [p for p in packages if p in chosen]
    if selected:
        subprocess.run(
            [
                str(VENV_PYTHON),
                '-m',
                'colcon',
                '--log-base',
                str(LOG / 'colcon'),
                'test',
                '--merge-install',
                '--base-paths',
                str(ROOT / 'src'),
                '--build-base',
                str(HOME / 'build'),
                '--install-base',
                str(INSTALL),
                '--test-result-base',
                str(results),
                '--metas',
                str(ROOT / 'colcon.meta'),
                '--packages-select',
                *selected,
                '--executor',
                'sequential',
                '--event-handlers',
                'console_direct+',
                'console_start_end-',
            ],
            env=env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )
        for name in selected:
            # Where pytest writes for an ament_python package, and for an ament_cmake one.
            folders = (results / name, HOME / 'build' / name / 'test_results')
            files = [f for folder in folders for f in folder.rglob('*.xml') if f.name != 'Test.xml']
            counts[name] = sum(map(read, files), Count())
    if 'system' in chosen:
        path = results / 'system' / 'pytest.xml'
        subprocess.run(
            [str(VENV_PYTHON), '-m', 'pytest', 'test', f'--junitxml={path}', '-q'],
            env=env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )
        counts['system'] = read(path)

    total, wrong = verdict(counts, chosen)
    print()
    for name in chosen:
        count = counts.get(name, Count())
        print(
            f'  {name:22} {count.passed:5} passed  {count.failed:3} failed'
            f'  {count.skipped:3} skipped'
        )
    print(f'  in {time.monotonic() - start:.0f} s')
    for line in wrong:
        print(f'  {line}', file=sys.stderr)
    print(f'{total.passed} passed, {total.failed} failed, {total.skipped} skipped', flush=True)
    return 1 if wrong else 0
