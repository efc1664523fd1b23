"""Start a node of this package as a process and talk to it from the test."""

import contextlib
import os
import subprocess
import sys
import time

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node


class Tester:
    """A node of its own context and domain; ``until`` spins until something holds."""

    def __init__(self, domain):
        self.domain = domain
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = Node('tester', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)

    def spin(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)

    def until(self, wanted, timeout=30.0, each=None):
        """Spin until ``wanted()``; call ``each`` about every 50 ms meanwhile."""
        end, due = time.monotonic() + timeout, 0.0
        while not wanted():
            assert time.monotonic() < end, 'it did not happen in time'
            if each and time.monotonic() >= due:
                each()
                due = time.monotonic() + 0.05
            self.executor.spin_once(timeout_sec=0.02)

    def wait(self, future, timeout=30.0, each=None):
        self.until(future.done, timeout, each)
        return future.result()

    def hear(self, kind, topic, profile=10):
        """Return the list into which all messages of ``topic`` go."""
        heard = []
        self.node.create_subscription(kind, topic, heard.append, profile)
        return heard

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@contextlib.contextmanager
def one_tester():
    # Parallel tests on one machine must not hear each other; pids differ.
    one = Tester(100 + os.getpid() % 100)
    try:
        yield one
    finally:
        one.close()


@contextlib.contextmanager
def running(domain, module, **parameters):
    """Run ``python -m module`` with parameters; terminated and awaited at the end."""
    options = [o for k, v in parameters.items() for o in ('-p', f'{k}:={v}')]
    process = subprocess.Popen(
        [sys.executable, '-m', module, '--ros-args', *options],
        env={**os.environ, 'ROS_DOMAIN_ID': str(domain)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        print(process.communicate(timeout=20)[0])
