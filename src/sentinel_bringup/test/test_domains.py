"""Two runs on one machine never share a domain."""

import os
import socket
import subprocess
import sys

import pytest
from sentinel_bringup.domains import (
    ForeignFolderError,
    NoFreeDomainError,
    free_domain,
    named_domain,
    port_range,
)

from sentinel_bringup import domains


def test_two_runs_get_different_domains():
    with free_domain() as one, free_domain() as two:
        assert one != two


def test_other_commands_find_the_domain_of_a_run():
    with free_domain() as domain:
        assert domain in domains.of_running()
    assert domain not in domains.of_running()


def test_other_commands_find_the_domain_that_a_run_was_told(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    with named_domain(90):
        assert domains.of_running() == [90]
        with free_domain(90) as other:
            assert other != 90
    assert domains.of_running() == []


def test_a_domain_of_two_runs_is_found_until_both_have_ended(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    with named_domain(90):
        with free_domain(91):
            # Whoever else holds it too is another process, and so another number.
            monkeypatch.setattr(domains.os, 'getpid', lambda: 1)
            with named_domain(90):
                pass
            assert domains.of_running() == [90, 91]


def test_a_domain_is_free_again_after_its_run():
    with free_domain(60) as one:
        pass
    with free_domain(60) as two:
        assert one == two


def test_a_domain_in_which_a_node_listens_is_left_out():
    with free_domain(70) as domain:
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node:
        node.bind(('0.0.0.0', port_range(domain).start + 10))
        with free_domain(domain) as other:
            assert other != domain


def test_a_dead_run_holds_no_domain():
    holder = subprocess.Popen(
        [
            sys.executable,
            '-c',
            'import time\n'
            'from sentinel_bringup.domains import free_domain\n'
            'with free_domain(80) as d:\n    print(d, flush=True)\n    time.sleep(100)',
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    domain = int(holder.stdout.readline())
    with free_domain(domain) as other:
        assert other != domain
    holder.kill()
    holder.communicate()
    with free_domain(domain) as again:
        assert again == domain


@pytest.mark.parametrize('kind', ['writable', 'of another', 'link', 'file'])
def test_a_folder_of_locks_that_others_can_enter_is_refused_and_nothing_in_it_touched(
    tmp_path, monkeypatch, kind
):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    precious, folder = tmp_path / 'thesis.txt', tmp_path / 'theirs'
    precious.write_text('a year of work')
    folder.mkdir(mode=0o700)
    for domain in range(1, 102):
        (folder / f'domain-{domain}.lock').symlink_to(precious)
    if kind == 'link':
        domains._folder().symlink_to(folder)
    elif kind == 'file':
        domains._folder().touch()
    else:
        folder.rename(domains._folder())
    if kind == 'writable':
        domains._folder().chmod(0o777)
    if kind == 'of another':
        someone = os.getuid() + 1
        domains._folder().rename(tmp_path / f'garden-sentinel-{someone}')
        monkeypatch.setattr(domains.os, 'getuid', lambda: someone)
    for held in (free_domain(), named_domain(90)):
        with pytest.raises(ForeignFolderError, match='set TMPDIR'), held:
            pass
    assert domains.of_running() == []
    assert precious.read_text() == 'a year of work'


def test_no_domain_left_is_one_sentence(monkeypatch):
    monkeypatch.setattr(domains, '_in_use', lambda domain: True)
    with pytest.raises(NoFreeDomainError, match='All ROS domains'):
        with free_domain():
            pass
