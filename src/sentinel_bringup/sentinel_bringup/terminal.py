"""A terminal that knows no more than ASCII, and one that has gone. Standard library only."""

import codecs
import os
import sys
from typing import TextIO

# What is written where a sign cannot be.
_PLAIN = {'✓': '+', '✗': 'x', '→': '->', '…': '...'}


def _in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return ''.join(_PLAIN.get(sign, '?') for sign in signs), error.end


def accept_any_text() -> None:
    """Let every text be printed, in plainer signs where the encoding of the terminal is poor."""
    codecs.register_error('plain', _in_plain_signs)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(errors='plain')


def say(text: str = '', file: TextIO | None = None) -> None:
    """Print a line; from the moment that nobody reads any more (``| head``), print to nowhere."""
    stream = file or sys.stdout
    try:
        print(text, file=stream, flush=True)
    except OSError:
        with open(os.devnull, 'w') as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
