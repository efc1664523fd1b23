"""The worker that takes the newest and leaves out the rest."""

import threading

import pytest
from sentinel_perception.worker import LatestOnlyWorker


@pytest.fixture
def slow():
    """A worker that says what it has begun, and waits to be let go."""
    begun, go, done = threading.Semaphore(0), threading.Semaphore(0), []

    def work(thing):
        begun.release()
        go.acquire(timeout=10)
        done.append(thing)

    worker = LatestOnlyWorker(work)
    worker.start()
    yield worker, begun, go, done
    go.release(100)
    worker.stop()


def test_what_waited_gives_way_to_the_newest(slow):
    worker, begun, go, done = slow
    assert not worker.offer(1)
    assert begun.acquire(timeout=10)
    assert [worker.offer(2), worker.offer(3)] == [False, True]
    go.release()
    assert begun.acquire(timeout=10)
    go.release()
    worker.stop(10)
    assert done == [1, 3]


def test_stop_waits_for_what_is_in_work_and_drops_the_rest(slow):
    worker, begun, go, done = slow
    worker.offer(1)
    assert begun.acquire(timeout=10)
    worker.offer(2)
    threading.Timer(0.1, go.release).start()
    worker.stop(10)
    assert not worker.running
    assert done == [1]


def test_it_can_be_started_again(slow):
    worker, begun, go, done = slow
    worker.stop()
    worker.start()
    worker.offer(5)
    assert begun.acquire(timeout=10)
    go.release()
    worker.stop(10)
    assert done == [5]


def test_it_never_works_twice_at_once_however_soon_it_is_started_again(slow):
    worker, begun, go, done = slow
    worker.offer(1)
    assert begun.acquire(timeout=10)
    worker.stop(0.01)
    worker.start()
    worker.offer(2)
    assert not begun.acquire(timeout=0.3)
    go.release()
    assert begun.acquire(timeout=10)
    go.release()
    worker.stop(10)
    assert done == [1, 2]
