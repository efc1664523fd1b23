"""The page with buttons: a visit is marked as a false alarm with one click.

For this computer alone: it listens on the loopback address, and takes a mark only from its own
page, so that no other page that is open in the browser can set one.
"""

from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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
            length = int(self.headers.get('Content-Length') or 0)
            own = self.headers.get('Origin') == f'http://{self.headers.get("Host")}'
            host = (self.headers.get('Host') or '').partition(':')[0]
            if not own or host not in (HOST, 'localhost') or length > _LONGEST:
                self.send_error(HTTPStatus.FORBIDDEN)
                return
            fields = parse_qs(self.rfile.read(length).decode(errors='replace'))
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

        def log_message(self, format: str, *args: object) -> None:
            pass  # a page that is looked at is no news

    try:
        return ThreadingHTTPServer((HOST, port), Handler)
    except (OSError, OverflowError) as error:
        raise SentinelError(
            f'Port {port} cannot be used: {error}.', 'Leave it out: a free one is taken.'
        ) from error
