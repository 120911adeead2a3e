"""How large a request may be: small everywhere, but for the two addresses that take exported files."""

from copy import copy

from django.conf import settings
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

MIB = 1024 * 1024
MAX_BODY = 2 * MIB
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


class UploadChannel(HTTPChannel):
    """A connection that reads its requests so."""

    parser_class = UploadParser
