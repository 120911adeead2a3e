"""Every list of the API: its first page, one after a hundred thousand rows, and each of its orders and filters."""

import time
from collections.abc import Iterator
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from rest_framework import serializers

from benchmarks.pages import asking, measuring, roles
from benchmarks.pages.asking import Ask, key
from benchmarks.pages.measuring import Figures
from benchmarks.pages.seed import FAT

DEEP = 100_000
#: What is asked for, where a type alone does not say it.
SAID = {
    "q": "payroll-4", "owner": "{person}", "owner_team": "{team}", "identity_id": "{identity}", "role_id": "{role}",
    "schedule_id": "{schedule}", "subject": "{identity}", "actor": "{identity}", "type": "token.", "tag": "team:pay",
    "missing": "businessUnit", "source": "aws/000000000007", "campaign_id": "{campaign}", "person_id": "{person}",
    "workflow": "wf-2", "reason_code": "no_owner", "correlation_id": "c7919", "run_id": "{run}",
    "tenant_id": "{tenant}", "reviewer_id": "{person}", "application": "app7", "code": "NHI1-ORPHAN",
    "workflow_key": "wf-2",
}  # fmt: skip
NEVER = {"pageSize", "cursor", "ordering", "limit"}


def measured(role: str, *, only: str, rounds: int, until: float) -> list[tuple[str, Figures]]:
    """As the administrator of the tenant that has half of everything."""
    get = roles.signed_in("reviewer")
    found = []
    for ask in asks(get):
        if time.monotonic() > until:
            break
        if only in f"{ask.page} {ask.what}":
            found.append((role, measuring.measure(ask, get, rounds)))
            roles.said(role, found[-1][1])
    return found


def asks(get: Any) -> Iterator[Ask]:
    """Each list with its first page, the deep one, every order and every filter."""
    for route, view in lists():
        address = "/" + route
        for kind, number in (("<uuid:id>", FAT), ("<str:id>", FAT)):
            address = address.replace(kind, str(key(_kind(route), number)))
        if "<" in address:
            raise LookupError(f"Nobody says how {route!r} is asked: benchmarks/pages/api.py")
        yield Ask(route, "first page", address)
        for order in view.orderings:
            for way in ("", "-"):
                first = f"{address}?{urlencode({'ordering': way + order})}"
                if way + order != view.ordering:
                    yield Ask(route, f"ordering={way}{order}", first)
                cursor = _deep(get, first)
                if cursor:
                    yield Ask(route, f"deep, {way}{order}", f"{first}&{urlencode({'cursor': cursor})}")
        for name, value in _filters(view):
            yield Ask(route, f"{name}={value}"[:50], f"{address}?{urlencode({name: value})}")


def lists() -> Iterator[tuple[str, Any]]:
    """The routes that answer with a list by cursor."""
    from django.urls import get_resolver

    for route, view in _walk(get_resolver().url_patterns, ""):
        if getattr(getattr(view, "get", None), "listed_by", None) is not None:
            yield route, view


def _walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for found in patterns:
        path = prefix + str(found.pattern)
        if hasattr(found, "url_patterns"):
            if path != "admin/":
                yield from _walk(found.url_patterns, path)
        else:
            yield path, getattr(found.callback, "cls", None)


def _kind(route: str) -> str:
    """Whose number stands in the route."""
    names = {"identities": "managedidentity", "campaigns": "reviewcampaign", "imports": "importrun"}
    word = route.partition("<")[0].strip("/").rpartition("/")[2]
    return names.get(word, word.removesuffix("s").lower())


def _deep(get: Any, address: str) -> str:
    """The cursor behind `DEEP` rows, or the last but fifty of fewer; empty where there is but one page."""
    from identities.api import pagination

    page = pagination.page
    asked: dict[str, Any] = {}

    def listen(queryset: Any, **how: Any) -> Any:
        asked.update(how, queryset=queryset)
        return page(queryset, **how)

    with mock.patch.object(pagination, "page", listen):
        answer = get(address)
    if answer.status_code != 200 or not asked or not answer.json()["next"]:
        return ""
    rows, order = asked["queryset"], asked["order"]
    ordered = rows.order_by(*pagination._order_by(order, pagination._field(rows, order.path), reverse=False))  # noqa: SLF001
    many = rows.order_by().values("pk")[: DEEP + 1].count()
    row = next(iter(ordered[max(0, many - 60) : many]), None)
    return pagination._write(order, row, backwards=False) if row is not None else ""  # noqa: SLF001


def _filters(view: Any) -> Iterator[tuple[str, str]]:
    filled = {
        **asking.filled(), "role": key("role", FAT), "campaign": key("reviewcampaign", FAT),
        "run": key("schedulerun", 10), "tenant": key("tenant", 1),
    }  # fmt: skip
    for name, field in view.get.listed_by().fields.items():
        if name in NEVER:
            continue
        for value in _values(name, field):
            yield name, value.format(**filled)


def _values(name: str, field: Any) -> list[str]:
    from identities.names import camel

    said = {camel(member): word for member, word in SAID.items()}
    if name in said:
        return [said[name]]
    if isinstance(field, serializers.ChoiceField):
        words = [str(word) for word in field.choices]
        return sorted({words[0], words[-1]})
    if isinstance(field, serializers.BooleanField):
        return ["true", "false"]
    if isinstance(field, serializers.DateTimeField):
        return ["2026-06-01T00:00:00Z", "2026-11-20T00:00:00Z"]
    if isinstance(field, serializers.DateField):
        return ["2026-06-01"]
    if isinstance(field, serializers.UUIDField):
        return [str(key("managedidentity", FAT))]
    return ["payroll"]
