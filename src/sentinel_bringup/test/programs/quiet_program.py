"""Ends properly by SIGINT or SIGTERM, and says how often it was asked."""

import os
import signal
import time

asked = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda n, _: asked.append(n))
print('up', os.getpid(), flush=True)
while not asked:
    time.sleep(0.05)
time.sleep(0.3)
print('bye', *asked, flush=True)
