"""Every refusal as `application/problem+json` (RFC 9457), from whatever it was raised as."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError as DjangoValidationError,
)
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.settings import api_settings

from identities import errors as domain
from identities.access.permissions import PERMISSIONS
from identities.names import camel

CONTENT_TYPE = "application/problem+json"
WHOLE_BODY = "body"
log = structlog.get_logger(__name__)

_FAMILIES: tuple[tuple[type[domain.DomainError], int], ...] = (
    (domain.Invalid, 400),
    (domain.Refused, 403),
    (domain.Missing, 404),
    (domain.Conflict, 409),
    (domain.Unavailable, 503),
)


class TooLarge(exceptions.APIException):
    """The body is longer than this API reads."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = "The body is larger than 1 MiB."


class InsufficientScope(exceptions.PermissionDenied):
    """The caller is known and may not do this (RFC 6750 §3.1); `permission` is what was missing, where it is one."""

    default_code = "insufficient_scope"

    def __init__(self, permission: str, *, detail: str, code: str = "insufficient_scope") -> None:
        super().__init__(detail=detail, code=code)
        self.permission = permission


def problem(
    status_code: int,
    code: str,
    detail: str,
    *,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem document. `errors` is always there on a 400, also when no member is to blame."""
    body: dict[str, Any] = {
        "type": f"urn:steward:problem:{code}",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "detail": detail,
        "code": code,
    }
    if errors is not None or status_code == HTTPStatus.BAD_REQUEST:
        body["errors"] = dict(errors or {})
    answer = Response(body, status=status_code, content_type=CONTENT_TYPE)
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler for every view of ours; nothing passes it as a traceback."""
    if isinstance(exc, domain.DomainError):
        return _from_domain(exc)
    if isinstance(exc, exceptions.ValidationError):
        return _from_validation(exc.detail)
    if isinstance(exc, exceptions.APIException):
        return _from_drf(exc)
    return _from_django(exc) or _unexpected(exc, context)


def _from_domain(exc: domain.DomainError) -> Response:
    status_code = next((code for family, code in _FAMILIES if isinstance(exc, family)), 409)
    if isinstance(exc, domain.Invalid):
        errors = {camel(member): messages for member, messages in exc.errors.items()}
        return problem(status_code, exc.code, _detail(errors) or exc.message, errors=errors)
    return problem(status_code, exc.code, exc.message)


def _from_validation(detail: Any) -> Response:
    errors: dict[str, list[str]] = {}
    for member, message in _flatten(detail, ""):
        errors.setdefault(member, []).append(message)
    return problem(400, "invalid", _detail(errors) or "The input does not fit.", errors=errors)


def _flatten(detail: Any, path: str) -> Iterator[tuple[str, str]]:
    """Nested messages as pairs of a dotted member path and a message."""
    if isinstance(detail, Mapping):
        for member, inner in detail.items():
            is_whole = member == api_settings.NON_FIELD_ERRORS_KEY
            name = "" if is_whole else camel(str(member))
            yield from _flatten(inner, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list) and any(isinstance(inner, Mapping | list) for inner in detail):
        for index, inner in enumerate(detail):
            yield from _flatten(inner, f"{path}.{index}" if path else str(index))
    else:
        for message in detail if isinstance(detail, list) else [detail]:
            yield path or WHOLE_BODY, str(message)


def _detail(errors: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{member}: {' '.join(messages)}" for member, messages in errors.items())


def _from_drf(exc: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    code = str(getattr(exc.detail, "code", exc.default_code))
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = _challenge(str(auth_header), exc)
    if isinstance(exc, InsufficientScope):
        scope = f', scope="{exc.permission}"' if exc.permission in PERMISSIONS else ""
        headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope"{scope}'
    if isinstance(exc, exceptions.ParseError):
        code = "malformed"
    return problem(exc.status_code, code, str(exc.detail), headers=headers)


def _challenge(scheme: str, exc: exceptions.APIException) -> str:
    """No error code for a caller who sent nothing, `invalid_token` for one whose token does not hold."""
    if not isinstance(exc, exceptions.AuthenticationFailed):
        return scheme
    return f'{scheme}, error="invalid_token", error_description="{exc.detail}"'


def _from_django(exc: Exception) -> Response | None:
    if isinstance(exc, Http404):
        return not_found()
    if isinstance(exc, PermissionDenied):
        return problem(403, "forbidden", "This is not allowed.")
    if isinstance(exc, DjangoValidationError):
        detail = exc.message_dict if hasattr(exc, "error_dict") else exc.messages
        return _from_validation(detail)
    if isinstance(exc, RequestDataTooBig):
        return _from_drf(TooLarge())
    if isinstance(exc, SuspiciousOperation | DataError | OverflowError | UnicodeError):
        return problem(400, "malformed", "The request cannot be read.")
    if isinstance(exc, ProtectedError | IntegrityError):
        return problem(409, "conflict", "Something else stands in the way: it is in use, or the name is taken.")
    if isinstance(exc, OperationalError):
        log.error("api.database_unavailable", exc_info=exc)
        return problem(503, "unavailable", "The database did not answer; try again.", headers={"Retry-After": "1"})
    return None


def not_found() -> Response:
    """The one answer for what is not there and for what belongs to somebody else."""
    return problem(404, "not_found", "There is no such thing.")


def _unexpected(exc: Exception, context: Mapping[str, Any]) -> Response:
    log.error("api.unexpected_error", exc_info=exc)
    request = context.get("request")
    # So that the test client and error monitors still see it.
    got_request_exception.send(sender=type(context.get("view")), request=getattr(request, "_request", request))
    return problem(500, "internal_error", "Something went wrong on our side; the correlation id names this request.")
