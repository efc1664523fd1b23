"""Lives on, but a helper of it outlives its own parent, and ends then."""

import subprocess
import time

subprocess.run(['/bin/sh', '-c', 'sleep 0.5 & echo up $!'], check=True)
time.sleep(1000)
