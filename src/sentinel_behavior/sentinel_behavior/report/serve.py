"""The page with buttons: a visit is marked as a false alarm with one click.

For this computer alone: it listens on the loopback address and answers nobody who calls it by
another name, so that no page of another site sees the garden's pictures through the browser, and
takes a mark only from its own page.
"""

import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from sentinel_common.errors import SentinelError

from ..incidents.store import SqliteStore

HOST = '127.0.0.1'

# A mark is a few words.
_LONGEST = 4096


def server(folder: Path, page: Callable[[], str], port: int = 0) -> ThreadingHTTPServer:
    """A server of ``page()`` and of marks into the log in ``folder``; ``port`` 0: a free one.

    Raises SentinelError where the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self._is_called_by_its_name():
                return
            if urlsplit(self.path).path != '/':
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            try:
                body = page().encode()
            except (SentinelError, OSError) as error:
                self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, explain=str(error))
                return
            self.send_response(HTTPStatus.OK)
            self.send_header('Content-Type', 'text/html; charset=utf-8')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            if not self._is_called_by_its_name():
                return
            own = self.headers.get('Origin') == f'http://{self.headers.get("Host")}'
            length = self.headers.get('Content-Length', '')
            if not own or not length.isdecimal() or int(length) > _LONGEST:
                self.send_error(HTTPStatus.FORBIDDEN)
                return
            fields = parse_qs(self.rfile.read(int(length)).decode(errors='replace'))
            visit = fields.get('visit', [''])[0]
            try:
                with SqliteStore(folder, create=False) as store:
                    store.mark(visit, fields.get('false_alarm') == ['1'])
            except SentinelError as error:
                self.send_error(HTTPStatus.CONFLICT, explain=str(error))
                return
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header('Location', f'/#{quote(visit)}')
            self.end_headers()

        def _is_called_by_its_name(self) -> bool:
            """Whether the request is for this server; else it is refused."""
            named = (self.headers.get('Host') or '').partition(':')[0] in (HOST, 'localhost')
            if not named:
                self.send_error(HTTPStatus.FORBIDDEN)
            return named

        def log_message(self, format: str, *args: object) -> None:
            pass  # a page that is looked at is no news

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            # A browser that leaves while the page loads is no news either.
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    try:
        return Server((HOST, port), Handler)
    except (OSError, OverflowError) as error:
        raise SentinelError(
            f'Port {port} cannot be used: {error}.', 'Leave it out: a free one is taken.'
        ) from error
