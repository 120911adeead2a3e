"""Too many wrong passwords: one answer for the API and one for the admin, both 429 with `Retry-After`."""

import math
from typing import Any

from axes.helpers import get_cool_off
from axes.utils import reset
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework import exceptions

from audit import context
from identities.people import sign_in


class TooManyFailures(exceptions.Throttled):
    """Too many tries from this address: of this account, or of any (a stranger elsewhere locks nobody out)."""

    default_code = "too_many_failures"

    def __init__(self, wait: int) -> None:
        super().__init__(wait=wait)
        self.detail = exceptions.ErrorDetail("Too many failed sign-ins from here.", code=self.default_code)


def seconds(request: HttpRequest) -> int:
    """How long the door stays shut after the last failure that counted."""
    cool_off = get_cool_off(request)
    return int(cool_off.total_seconds()) if cool_off else 0


def is_locked_out(request: HttpRequest) -> bool:
    """Whether axes shut the door while this request was authenticated."""
    return bool(getattr(request, "axes_locked_out", False))


def was_tried(request: HttpRequest) -> bool:
    """Whether the password was looked at: false behind a shut door, whose knocks would only fill the audit."""
    return getattr(request, "axes_failures_since_start", None) is not None


def forget_failures(email: str) -> None:
    """A right password clears the slate of this account at this address."""
    reset(ip=context.current().address, username=email)


def username(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str | None:
    """The account as axes counts it: trimmed and lower-cased, as it is looked up.

    Django hands over `username`, axes itself the name of the user model's own field.
    """
    forms = (credentials or {}, request.POST if request is not None else {})
    found = [form[name] for form in forms for name in ("username", "email") if form.get(name)]
    return sign_in.claimed_address(str(found[0])) if found else None


def answer(
    request: HttpRequest, original: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """What axes sends instead of the view's answer: the API's own problem document, else a page."""
    if original is not None and original.status_code == 429:
        return original
    wait = seconds(request)
    page = render(request, "steward/locked_out.html", {"minutes": max(1, math.ceil(wait / 60))}, status=429)
    page["Retry-After"] = str(wait)
    return page
