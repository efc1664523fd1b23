"""What a period in the garden amounts to: a table for the terminal, a page, and a film.

``summarise(folder)`` reads what the recorder left, ``table(summary)`` is plain text, and
``write(folder)`` makes ``report.html`` (one file with everything in it) and ``film.webp``.
"""

from .page import write
from .summary import Summary, summarise
from .table import table

__all__ = ['Summary', 'summarise', 'table', 'write']
