"""Exports: every list of the admin as CSV and XLSX, filtered as it is on the page, recorded before the first byte."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.pages import list_of, name_of
from identities.admin.parts import Link
from identities.admin.parts.plain import plain
from identities.admin.scope import scope_of
from identities.programme import services as programme, sheets

FORMATS = ("csv", "xlsx")
FORMAT = "format"
#: What a file of a list holds where it is not what the page shows.
MEMBERS: Mapping[str, Sequence[str]] = {
    "identities.managedidentity": (
        "name", "client_id", "kind", "environment", "state", "triage", "use_state", "is_orphaned", "completeness",
        "business_unit", "application", "business_owner_label", "technical_owner_label", "owner_team", "purpose",
        "issuance", "ownership_class", "auth_method", "risk_tier", "privilege_level", "blast_radius", "trust_boundary",
        "data_classification", "business_criticality", "internet_exposed", "customer_facing", "upstream_trust_source",
        "disable_strategy", "vendor_contract", "ticket", "repository", "review_by", "expires_at", "rotate_by",
        "last_rotated_at", "last_used_at", "reported_by", "unreported_since", "created_at", "updated_at",
    ),
}  # fmt: skip
Column = tuple[str, Callable[[Any], Any]]


def links_for(request: HttpRequest, model: Any) -> list[Link]:
    """The two files of a list as it is filtered now; none for who may not export."""
    if not scope_of(request).may(Duty.REPORT):
        return []
    kept = request.GET.copy()
    for name in ("p", "all", FORMAT, "e"):
        kept.pop(name, None)
    found = []
    for word in FORMATS:
        kept[FORMAT] = word
        found.append(Link(word.upper(), f"{reverse(name_of(model, 'export'))}?{kept.urlencode()}"))
    return found


def export(admin: Any, request: HttpRequest) -> HttpResponseBase:
    """The file of a list. 403 for who may not read it or may not export; what is no filter leads back to the list."""
    scope = scope_of(request) if admin.admin_site.has_permission(request) else None
    if scope is None or not admin.has_view_permission(request) or not scope.may(Duty.REPORT):
        raise PermissionDenied
    file_format = _take_format(request)
    try:
        changelist = admin.get_changelist_instance(request)
        rows = changelist.get_queryset(request).defer(None)
    except IncorrectLookupParameters:
        messages.error(request, "That is no filter of this list.")
        return HttpResponseRedirect(list_of(admin.model))
    count = changelist.how_many(rows, sheets.MOST_ROWS + 1)
    columns = columns_of(admin)
    return answer(
        request,
        page=admin.opts.label_lower,
        title=admin.plural,
        query=request.GET.urlencode(),
        count=count,
        file_format=file_format,
        headers=[header for header, _ in columns],
        rows=_cells(rows, columns),
    )


def answer(
    request: HttpRequest,
    *,
    page: str,
    title: str,
    query: str,
    count: int,
    file_format: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> HttpResponseBase:
    """A file of `rows`, recorded in the audit first. `count` is how many there are; the file ends at its limit."""
    scope, at = scope_of(request), timezone.now()
    written = min(count, sheets.MOST_ROWS)
    programme.note_export(
        tenant_id=scope.chosen.pk if scope.chosen else None, page=page, name=title, query=query, rows=written,
        file_format=file_format, actor=scope.actor,
    )  # fmt: skip
    return sheets.file_response(title, at, count=count, file_format=file_format, headers=headers, rows=rows)


def columns_of(admin: Any) -> list[Column]:
    """The columns of a list's file: the members named above, else what the list shows, in words."""
    named = MEMBERS.get(admin.opts.label_lower, ())
    return [_member(admin, name) for name in named] or [_shown(admin, name) for name in admin.list_display]


def _member(admin: Any, name: str) -> Column:
    return name, lambda row: _joined(getattr(row, name))


def _shown(admin: Any, name: str) -> Column:
    method = getattr(admin, name, None)
    header = str(label_for_field(name, admin.model, admin))
    if callable(method):
        return header, lambda row: plain(method(row))
    return header, lambda row: plain(getattr(row, name, None))


def _joined(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return value if value is None or isinstance(value, int | float | datetime) else plain(value)


def _cells(rows: Any, columns: Sequence[Column]) -> Iterator[list[Any]]:
    for row in rows[: sheets.MOST_ROWS].iterator(chunk_size=1000):
        yield [read(row) for _, read in columns]


def _take_format(request: HttpRequest) -> str:
    """The format that was asked for, taken out of the query so that the list does not meet it."""
    query = request.GET.copy()
    asked = str(query.pop(FORMAT, ["csv"])[-1])
    request.GET = query  # type: ignore[assignment]  # a QueryDict again
    return asked if asked in FORMATS else "csv"
