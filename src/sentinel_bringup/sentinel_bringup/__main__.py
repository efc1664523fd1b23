"""``python -m sentinel_bringup``: the command line, quiet when Ctrl-C comes while it is loaded."""

import sys

try:
    from .cli import main

    status = main()
except KeyboardInterrupt:
    status = 130
sys.exit(status)
