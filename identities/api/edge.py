"""Bytes in, bytes out: strict JSON of a bounded size, whatever the Accept header or a `format` parameter says."""

import codecs
import json
import math
from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer

from identities.api.problems import TooLarge

MAX_BODY = 1024 * 1024
MAX_DEPTH = 64
#: Of one object; a form has as many (DATA_UPLOAD_MAX_NUMBER_FIELDS). Each unknown one would be named in the answer.
MAX_MEMBERS = 1000


class StrictJSONParser(BaseParser):
    """JSON and nothing near it: at most 1 MiB and 64 levels; no NaN, repeated members, NUL or lone surrogates."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        content = stream.read(MAX_BODY + 1)
        if len(content) > MAX_BODY:
            raise TooLarge
        try:
            text = codecs.decode(content, "utf-8-sig")
            value = json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant, parse_float=_finite)
        except (ValueError, RecursionError) as exc:
            reason = "nested too deeply" if isinstance(exc, RecursionError) else str(exc)
            raise ParseError(f"The body is not well-formed JSON: {reason}") from exc
        _check(value, MAX_DEPTH)
        return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        raise ValueError(f"an object has more than {MAX_MEMBERS} members")
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is larger than any that can be kept")
    return number


def _check(value: Any, depth: int) -> None:
    """Refuse what a database cannot store: NUL and lone surrogates, in members and in values."""
    if isinstance(value, str):
        if "\x00" in value or not _is_text(value):
            raise ParseError("The body holds a character that is not text: NUL or half of a surrogate pair.")
    elif isinstance(value, Mapping | list):
        if depth == 0:
            raise ParseError("The body is not well-formed JSON: nested too deeply")
        for inner in [*value.keys(), *value.values()] if isinstance(value, Mapping) else value:
            _check(inner, depth - 1)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class AlwaysJSON(BaseContentNegotiation):
    """One format out, so there is nothing to negotiate; the parser still has to fit the Content-Type."""

    def select_parser(self, request: Any, parsers: Iterable[Any]) -> Any:
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(
        self, request: Any, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        only = next(iter(renderers))
        return only, only.media_type or JSONRenderer.media_type
