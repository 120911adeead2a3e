"""What is asked: every page of the admin, found in its own table of addresses. A page nobody knows how to ask fails."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.admin.utils import quote
from django.db import models
from django.urls import NoReverseMatch, URLPattern, URLResolver, reverse

from benchmarks.pages.seed import FAT, TYPICAL

#: Pages that show no row, or that take no GET: what is behind each is said, so that a new one is not left out unseen.
PASSED = {
    "login": "nobody is signed in", "logout": "a POST", "password_change_done": "one sentence", "jsi18n": "a script",
    "view_on_site": "leads away", "app_list": "leads to the overview", "switch_tenant": "a POST",
    "filter_save": "a POST", "filter_remove": "a POST", "confirm": "asks for a password", "end_sessions": "a POST",
    "factor_remove": "no row", "provider_unlink": "a POST", "prove": "nobody is signed in yet",
    "enrol": "nobody is signed in yet", "provider": "leads away", "provider_callback": "leads back",
    "autocomplete": "closed: choices are asked of the form", "factor_codes": "a POST",
    "identities_reviewcampaign_report": "streams: as an export",
}  # fmt: skip
#: Of every model: Django's own ways to change and to look back are closed.
CLOSED = ("delete", "history")
SITE = {
    "index": ("", "?team={team}"), "notices": ("", "?p=2"), "programme": ("", "?team={team}", "?application=app7"),
    "policy": ("",), "policy_edit": ("",), "reports": ("",), "me": ("",), "password_change": ("",),
    "factor_add": ("",), "search": ("?s=payroll",), "identities_finding_top_ten": ("",),
    "scheduling_blocked": ("",), "scheduling_preflight_all": ("",),
}  # fmt: skip
#: What is typed into a filter that takes a text.
TYPED = {
    "application": "app7", "data": "conf", "source": "aws/00000000", "workflow": "wf-2", "identity": "{identity}",
    "schedule": "{schedule}", "reviewer": "{person}", "owner": "{person}", "person": "{person}", "vault": "local",
}  # fmt: skip
SEARCHES = ("payroll-4", "zzzzzz", "svc", "person2@example.test")
WORDS = 4
#: The number of the row that is asked for, where the ordinary ones are nobody's or of another kind.
NUMBERS = {"serviceuser": (24, 44), "importrun": (2, 6), "auditevent": (400, 1_000), "tenant": (1, 2)}


class Ask(NamedTuple):
    """One GET: the page it belongs to, what is asked of it, and the address."""

    page: str
    what: str
    address: str


Get = Callable[[str], Any]


def asks(site: Any, get: Get) -> Iterator[Ask]:
    """Every ask of every page; `get` answers an address, since a list itself says what it can be filtered by."""
    admins = {f"{model._meta.app_label}_{model._meta.model_name}": admin for model, admin in _registered(site)}
    for name in names(site):
        model, _, view = name.rpartition("_")
        if name in PASSED or (model in admins and view in CLOSED):
            continue
        if model in admins and view in VIEWS:
            yield from VIEWS[view](admins[model], name, get)
        elif name == "secrets_seen":
            yield Ask(name, "", reverse("admin:secrets_seen", args=[key("user", FAT)]))
        elif name == "report":
            yield from _reports(name)
        elif name in SITE:
            for query in SITE[name]:
                yield Ask(name, query, reverse(f"admin:{name}") + query.format(**filled()))
        else:
            yield _of_a_row(admins, name)


def _registered(site: Any) -> list[tuple[Any, Any]]:
    return list(site._registry.items())  # noqa: SLF001 - as the admin's own tests read it


def names(site: Any) -> list[str]:
    """The name of every address of the admin."""
    return sorted(set(_walk(site.get_urls())))


def _walk(patterns: list[Any]) -> Iterator[str]:
    for found in patterns:
        if isinstance(found, URLResolver):
            yield from _walk(found.url_patterns)
        elif isinstance(found, URLPattern) and found.name:
            yield found.name


def key(kind: str, number: int) -> UUID:
    """As the seed makes it."""
    return UUID(hashlib.md5(f"{kind}{number}".encode()).hexdigest())


def filled() -> dict[str, Any]:
    return {"team": key("team", FAT), "identity": key("managedidentity", FAT), "schedule": key("schedule", FAT),
            "person": key("user", FAT)}  # fmt: skip


def rows_of(model: Any) -> list[tuple[str, Any]]:
    """The fat row and an ordinary one: their keys."""
    name = model._meta.model_name
    numbers = NUMBERS.get(name, (FAT, TYPICAL))
    made = model._meta.concrete_model._meta.model_name
    if not isinstance(model._meta.pk, models.UUIDField):
        return [("fat", numbers[0]), ("typical", numbers[1])]
    return [("fat", key(made, numbers[0])), ("typical", key(made, numbers[1]))]


def _lists(admin: Any, name: str, get: Get) -> Iterator[Ask]:
    base = reverse(f"admin:{name}")
    yield Ask(name, "", base)
    answer = get(base)
    context = getattr(answer, "context_data", None) or {}
    changelist = context.get("cl")
    if changelist is None:
        return
    yield from _narrowed(admin, name, base, changelist)
    for place, column in enumerate(admin.list_display):
        if getattr(getattr(admin, str(column), None), "admin_order_field", None):
            yield from (Ask(name, f"order {way}{column}", f"{base}?o={way}{place}") for way in ("", "-"))
    pages = changelist.paginator.num_pages
    if pages > 1:
        yield Ask(name, "last page", f"{base}?p={pages}")


def _narrowed(admin: Any, name: str, base: str, changelist: Any) -> Iterator[Ask]:
    """By each filter, by two, by a search, and by both."""
    combined: dict[str, str] = {}
    for spec in changelist.filter_specs:
        for parameter, value in _values(spec):
            yield Ask(name, f"{parameter}={value}"[:60], f"{base}?{urlencode({parameter: value})}")
            combined.setdefault(parameter, value)
    several = dict(list(combined.items())[:2])
    if len(several) == 2:
        yield Ask(name, "two filters", f"{base}?{urlencode(several)}")
    if admin.search_fields:
        for word in SEARCHES:
            yield Ask(name, f"q={word}", f"{base}?{urlencode({'q': word})}")
        yield Ask(name, "filter and q", f"{base}?{urlencode({**dict(list(several.items())[:1]), 'q': 'svc'})}")


def _values(spec: Any) -> Iterator[tuple[str, str]]:
    parameter = str(getattr(spec, "parameter_name", "") or getattr(spec, "field_path", ""))
    choices = [str(word) for word, _ in getattr(spec, "lookup_choices", None) or ()]
    if not choices and hasattr(spec, "lookup_kwarg_gte"):
        for end, day in (("from", "2026-11-20"), ("to", "2026-06-01")):
            yield f"{parameter}_{end}", day
        return
    if getattr(spec, "is_text", False):
        yield parameter, TYPED.get(parameter, "payroll").format(**filled())
        return
    kept = choices if len(choices) <= WORDS else [*choices[: WORDS - 2], choices[len(choices) // 2], choices[-1]]
    for word in kept:
        yield parameter, word


def _changes(admin: Any, name: str, get: Get) -> Iterator[Ask]:
    for kind, pk in rows_of(admin.model):
        address = reverse(f"admin:{name}", args=[quote(str(pk))])
        yield Ask(name, kind, address)
        page = (getattr(get(address), "context_data", None) or {}).get("page")
        for tab in page.tabs if page is not None else ():
            yield Ask(name, f"{kind}, {tab.key}", f"{address}?tab={tab.key}")


def _commands(admin: Any, name: str, _: Get) -> Iterator[Ask]:
    pk = quote(str(rows_of(admin.model)[0][1]))
    for button in admin.buttons:
        yield Ask(name, button.key, reverse(f"admin:{name}", args=[pk, button.key]))


def _additions(admin: Any, name: str, get: Get) -> Iterator[Ask]:
    if admin.creation is None:
        return
    base = reverse(f"admin:{name}")
    yield Ask(name, "", base)
    form = (getattr(get(base), "context_data", None) or {}).get("form")
    fields: dict[str, Any] = form.fields if form is not None else {}
    for field, kind in fields.items():
        if type(kind).__name__ == "OfTenant":
            yield Ask(name, f"choices of {field}", f"{base}?{urlencode({'choices': field, 'term': '4'})}")


def _exports(_admin: Any, name: str, _get: Get) -> Iterator[Ask]:
    yield Ask(name, "first lines", reverse(f"admin:{name}") + "?format=csv")


def _bulk(_admin: Any, name: str, _get: Get) -> Iterator[Ask]:
    yield Ask(name, "", reverse(f"admin:{name}") + "?deed=disable&environment=production")


VIEWS: dict[str, Callable[[Any, str, Get], Iterator[Ask]]] = {
    "changelist": _lists, "change": _changes, "command": _commands, "add": _additions, "export": _exports,
    "bulk": _bulk,
}  # fmt: skip


def _reports(name: str) -> Iterator[Ask]:
    from identities.programme.reports.base import kinds

    for kind in kinds:
        yield Ask(name, kind, reverse("admin:report", args=[kind]))


def _of_a_row(admins: dict[str, Any], name: str) -> Ask:
    model = next((found for found in admins if name.startswith(found + "_")), None)
    if model is None:
        raise LookupError(f"Nobody says how the page {name!r} is asked: benchmarks/pages/asking.py")
    try:
        return Ask(name, "", reverse(f"admin:{name}", args=[rows_of(admins[model].model)[0][1]]))
    except NoReverseMatch as error:
        raise LookupError(f"Nobody says how the page {name!r} is asked: benchmarks/pages/asking.py") from error
