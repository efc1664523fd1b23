"""Animals by kind and number, with their meshes kept on disk.

Meshing takes seconds, loading milliseconds.
"""

import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from sentinel_common.errors import ConfigurationError

from . import person, quadruped
from .parts import Anatomy
from .shapes import Array, Coat, Field, Mesh, build

KINDS = (*quadruped.SPECIES, 'person')

# What a mesh depends on besides kind and number: these sources.
_SOURCES = ('shapes.py', 'quadruped.py', 'person.py', 'coats.py')


def cache_folder() -> Path:
    """Folder of the meshes: the cache that the XDG base directory specification names."""
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(base) / 'garden-sentinel' / 'meshes'


@lru_cache
def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=64)
def animal(kind: str, variant: int) -> Anatomy:
    """Return animal number ``variant`` of ``kind`` (one of ``KINDS``), from the cache if there."""
    if kind not in KINDS:
        raise ConfigurationError(
            f'There is no animal {kind!r}.', f'Use one of: {", ".join(KINDS)}.'
        )
    path = cache_folder() / f'{kind}-{variant}-{_fingerprint()}.npz'
    known = _load(path)
    fresh: dict[str, Mesh] = {}

    def mesher(name: str, field: Field, low: Array, high: Array, step: float, coat: Coat) -> Mesh:
        if name not in known:
            fresh[name] = build(field, low, high, step, coat)
        return known.get(name) or fresh[name]

    made = (
        person.anatomy(variant, mesher)
        if kind == 'person'
        else quadruped.anatomy(kind, variant, mesher)
    )
    if fresh:
        _save(path, {**known, **fresh})
    return made


def _load(path: Path) -> dict[str, Mesh]:
    try:
        with path.open('rb') as file, np.load(file, allow_pickle=False) as store:
            names = {key.partition('.')[0] for key in store.files}
            return {n: Mesh(*(store[f'{n}.{f}'] for f in Mesh.__dataclass_fields__)) for n in names}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}  # absent, or cut short by a full disk: built anew


def _save(path: Path, meshes: dict[str, Mesh]) -> None:
    arrays = {
        f'{name}.{field}': getattr(mesh, field)
        for name, mesh in meshes.items()
        for field in Mesh.__dataclass_fields__
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two processes may build the same animal: each writes its own file, the rename is atomic.
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix='.tmp', delete=False) as file:
            np.savez(file, **arrays)
        os.replace(file.name, path)
    except OSError:
        return  # without a cache everything works, only slower
