"""Starts a helper in a session of its own that ignores signals, and lives on."""

import signal
import subprocess
import sys
import time

HELPER = 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(1000)'
helper = subprocess.Popen([sys.executable, '-c', HELPER], start_new_session=True)
print('up', helper.pid, flush=True)
asked = []
signal.signal(signal.SIGINT, lambda n, _: asked.append(n))
while not asked:
    time.sleep(0.05)
