"""Hangs: no signal but SIGKILL ends it."""

import os
import signal
import time

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print('up', os.getpid(), flush=True)
while True:
    time.sleep(1)
