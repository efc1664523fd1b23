"""Jobs in this process, or shared among several."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any


@contextmanager
def mapper(workers: int) -> Iterator[Any]:
    """Yield what works like the builtin ``map`` of one iterable, on ``workers`` processes.

    One needs no other process than this: whoever ends it ends all.
    """
    if workers == 1:
        yield map
        return
    with ProcessPoolExecutor(workers) as pool:
        yield pool.map
