"""Runs that must not meet each take a ROS domain of their own."""

import contextlib
import errno
import fcntl
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sentinel_common.errors import SentinelError

# RTPS 2.5, 9.6.2.3: the UDP ports of domain d start at 7400 + 250 d; participant p takes
# 10 + 2 p and the next one.
_PORT_BASE, _PORTS_PER_DOMAIN, _FIRST_PARTICIPANT = 7400, 250, 10
# Participants on one machine that are looked for; more than a run has.
_PARTICIPANTS = 24
# Above 101 the ports of a domain reach into those that Linux hands out to anybody; 0 is the
# default of everybody.
FIRST, LAST = 1, 101


class NoFreeDomainError(SentinelError):
    """All domains of this machine are taken."""


class ForeignFolderError(SentinelError):
    """Where runs leave their locks somebody else may write."""


def port_range(domain: int) -> range:
    """Return the ports that belong to a domain; Fast DDS names its shared memory after them."""
    base = _PORT_BASE + _PORTS_PER_DOMAIN * domain
    return range(base, base + _PORTS_PER_DOMAIN)


def _in_use(domain: int) -> bool:
    """Whether any ROS node of this machine already listens in the domain."""
    base = port_range(domain).start
    ports = [base, *(base + _FIRST_PARTICIPANT + 2 * p for p in range(_PARTICIPANTS))]
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(('0.0.0.0', port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return True
                raise
    return False


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f'garden-sentinel-{os.getuid()}'


def _is_own(folder: Path) -> bool:
    """Whether only this person can write there: everybody knows the name and may come first."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def _made_folder() -> Path:
    folder = _folder()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_own(folder):
        raise ForeignFolderError(
            f'{folder} is not a folder that you alone can enter.',
            'Remove it, or set TMPDIR to a folder of your own, for every command.',
        )
    return folder


def of_running() -> list[int]:
    """Return the domains that runs of this person hold at the moment."""
    held: set[int] = set()
    if not _is_own(_folder()):
        return []
    for path in _folder().glob('domain-*.lock'):
        with contextlib.suppress(FileNotFoundError), path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                held.add(int(path.stem.split('-')[1]))
    return sorted(held)


@contextlib.contextmanager
def named_domain(domain: int) -> Iterator[int]:
    """Hold the domain that the person has named: several runs may share it on purpose.

    So each has a file of its own, and ``of_running`` tells of the domain until the last has ended.
    """
    path = _made_folder() / f'domain-{domain}-{os.getpid()}.lock'
    with path.open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield domain
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def free_domain(first: int = FIRST) -> Iterator[int]:
    """Hold a domain in which no other node of this machine talks; the search starts at ``first``.

    A locked file keeps a second run out while the first is still starting and has no port open;
    the lock goes with the process, however that ends. What other machines use is not seen from
    here: ask only where nodes talk on this machine alone.
    """
    folder, held = _made_folder(), of_running()
    order = [*range(max(first, FIRST), LAST + 1), *range(FIRST, min(first, LAST + 1))]
    for domain in order:
        with (folder / f'domain-{domain}.lock').open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if domain not in held and not _in_use(domain):
                yield domain
                return
    raise NoFreeDomainError(
        f'All ROS domains from {FIRST} to {LAST} are in use on this machine.',
        'End some of the running nodes.',
    )


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])
