"""A worker thread that always takes the newest thing and leaves out what it has no time for."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Thing = TypeVar('Thing')


class LatestOnlyWorker(Generic[Thing]):
    """Calls ``work`` with what is offered, in a thread of its own; nothing queues up.

    ``work`` must not raise.
    """

    def __init__(self, work: Callable[[Thing], None]) -> None:
        self._work = work
        self._thing: Thing | None = None
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self.running = False

    def start(self) -> None:
        """Begin to work; a thread that ``stop`` did not wait for goes on, without a second one."""
        with self._change:
            self.running = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name='worker', daemon=True)
                self._thread.start()

    def stop(self, patience: float = 1.0) -> None:
        """End; waits ``patience`` (s) for what is in work."""
        with self._change:
            self.running = False
            self._thing = None
            self._change.notify()
            thread = self._thread
        if thread is not None:
            thread.join(patience)

    def offer(self, thing: Thing) -> bool:
        """Put ``thing`` next; tell whether another one that waited is left out for it."""
        with self._change:
            replaced = self._thing is not None
            self._thing = thing
            self._change.notify()
        return replaced

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._thing is not None or not self.running)
                thing, self._thing = self._thing, None
                if thing is None or not self.running:
                    self._thread = None
                    return
            self._work(thing)
