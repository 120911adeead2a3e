"""How large a request may be, and how slow: small everywhere, but for the two addresses that take exported files."""

import time
from copy import copy

from django.conf import settings
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error

MIB = 1024 * 1024
MAX_BODY = 2 * MIB
MAX_HEADERS = 64 * 1024
#: A request has this long to arrive with its headers, and a body as much longer as it needs at this rate.
ARRIVES_WITHIN, BYTES_A_SECOND = 20.0, 4096
#: Open connections; each takes a file. Who waits costs no thread: a request is handed over when it is there whole.
MAX_CONNECTIONS = 800
#: Where files are uploaded: the admin's page for a new import, and its route.
UPLOADS = frozenset({"/admin/identities/importrun/add/", "/api/imports"})


class UploadParser(HTTPRequestParser):
    """As waitress reads a request, but that it takes more where a file is expected; such a body is kept on disk.

    The limit is known before the body is read: anything larger is answered 413 without taking it.
    """

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.command == "POST" and self.path in UPLOADS:
            self.adj: Adjustments = copy(self.adj)
            self.adj.max_request_body_size = settings.STEWARD_IMPORT_MAX_MB * MIB + MAX_BODY


class TooSlow(Error):
    """The rest of the request did not come in time (RFC 9110 §15.5.9)."""

    code = 408
    reason = "Request Timeout"


class UploadChannel(HTTPChannel):
    """A connection that reads its requests so, and waits for none of them for ever: a byte a second is no request.

    Only the main thread of waitress calls `readable` and `received`.
    """

    parser_class = UploadParser
    request: UploadParser | None
    began = 0.0

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.began = time.monotonic()
        return bool(super().received(data))

    def readable(self) -> bool:
        if self.requests:
            self.began = time.monotonic()  # nothing is read meanwhile, so nothing can be late
        elif self.request is not None and self.is_late(self.request):
            self.refuse(self.request)
        return bool(super().readable())

    def is_late(self, request: UploadParser) -> bool:
        """Whether what has come of the request came too slowly."""
        allowed = ARRIVES_WITHIN + request.body_bytes_received / BYTES_A_SECOND
        return bool(time.monotonic() - self.began > allowed)

    def refuse(self, late: UploadParser) -> None:
        """408, and the connection is closed behind it."""
        with self.requests_lock:
            self.request = None
            if not late.headers_finished:
                late.parse_header(b"GET / HTTP/1.0\r\n")  # an answer is written to some request, as waitress does it
            late.error, late.completed = TooSlow("The rest of the request did not come in time."), True
            self.requests.append(late)
            self.server.add_task(self)
