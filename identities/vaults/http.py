"""An HTTP session that believes nothing: no redirects, no proxies from the environment, bounded in size and time."""

from time import monotonic
from typing import Any

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

MAX_ANSWER = 1024 * 1024
PIECE = 16 * 1024


class Redirected(requests.RequestException):
    """The server pointed elsewhere; whoever followed would take the token along."""


class AnswerTooLarge(requests.RequestException):
    """More than `MAX_ANSWER` bytes."""


class AnswerTooSlow(requests.RequestException):
    """Still talking when the time was up."""


class BoundedSession(requests.Session):
    """`limit` seconds for a whole answer, not only between its bytes."""

    def __init__(self, *, limit: float, verify: bool | str = True) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = verify
        self._limit = limit

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As the base does, with `requests.RequestException`s of ours besides."""
        until = monotonic() + self._limit
        kwargs |= {"stream": True, "allow_redirects": False, "timeout": self._limit}
        response = super().request(*args, **kwargs)
        try:
            if 300 <= response.status_code < 400:
                raise Redirected
            response._content = _body(response, until)  # noqa: SLF001 - what `stream=False` would have set
        finally:
            response.close()
        return response


def _body(response: requests.Response, until: float) -> bytes:
    body = b""
    while piece := _piece(response):
        body += piece
        if len(body) > MAX_ANSWER:
            raise AnswerTooLarge
        if monotonic() > until:
            raise AnswerTooSlow
    return body


def _piece(response: requests.Response) -> bytes:
    # `iter_content` waits until a piece is full: a server that drips could hold it for hours.
    try:
        return bytes(response.raw.read1(PIECE, decode_content=True))
    except ReadTimeoutError as error:
        raise AnswerTooSlow from error
    except HTTPError as error:
        raise requests.ConnectionError from error
