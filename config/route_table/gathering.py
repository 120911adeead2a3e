"""What the table is made of: every route with what its view asks for, every page of the admin with its buttons."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from config.route_table.words import NO_PAGES
from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.site import site
from identities.api.views import PortalView, UnknownRoute

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
ORDER = ("GET", "POST", "PATCH", "PUT", "DELETE")
#: Where no row belongs: the admin has tables of its own, and the receiver of the demo is there with the demo only.
LEFT_OUT = ("admin/", "demo/payroll/")


@dataclass(frozen=True)
class Route:
    """One method of one route. Without a duty it is open to everybody; without a permission no machine gets in."""

    method: str
    path: str
    does: str
    duty: Duty | None
    permission: str
    only_for: str


@dataclass(frozen=True)
class AdminPage:
    """A list of the admin and its pages: the duty that reading takes, and the buttons by the duty each takes."""

    name: str
    path: str
    read: Duty
    buttons: Mapping[Duty, Sequence[str]]


def routes() -> list[Route]:
    """Every method of every view of the API, by path. Raises LookupError for one that says no duty."""
    said = SchemaGenerator().get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    found = [route for path, view in views() if view is not None for route in _methods(path, view, said)]
    return sorted(found, key=lambda route: (route.path, ORDER.index(route.method)))


def elsewhere() -> list[str]:
    """The routes that are no views of the API."""
    return sorted(path for path, view in views() if view is None)


def views() -> Iterator[tuple[str, type[PortalView] | None]]:
    """Every route of the URLconf with its view, None for what is no view of the API; parameters read `{name}`."""
    for path, view in _walk(get_resolver().url_patterns, ""):
        if view is not UnknownRoute:
            is_ours = isinstance(view, type) and issubclass(view, PortalView)
            yield PARAMETER.sub(r"{\1}", path), view if is_ours else None


def admin_pages() -> list[AdminPage]:
    """Every page of the admin, by name."""
    pages = [page for page in site._registry.values() if isinstance(page, CommandAdmin)]  # noqa: SLF001 - no other door
    return sorted(map(_page, pages), key=lambda page: page.name)


def site_pages() -> list[tuple[str, str]]:
    """Name and address of every page that belongs to no list, by address."""
    found = [(it.name or "", PARAMETER.sub(r"{\1}", str(it.pattern))) for it in site.get_urls() if _is_page(it)]
    return sorted(((name, f"/admin/{path}") for name, path in found), key=lambda page: page[1])


def _is_page(found: Any) -> bool:
    return isinstance(found, URLPattern) and (found.name or "") not in NO_PAGES


def _methods(path: str, view: type[PortalView], said: Mapping[str, Any]) -> Iterator[Route]:
    for method in (name.upper() for name in view.http_method_names if name != "head" and hasattr(view, name)):
        duty = view.duties.get(method)
        if duty is None and method not in view.open_methods:
            raise LookupError(f"{method} {path} says neither a duty nor that it is open")
        does = said[f"/{path}"][method.lower()]["summary"]
        permission = view.machine_permissions.get(method, "")
        yield Route(method, f"/{path}", does, duty, permission, view.only_for.get(method, ""))


def _walk(patterns: Sequence[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for found in patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            if path not in LEFT_OUT:
                yield from _walk(found.url_patterns, path)
        elif isinstance(found, URLPattern):
            yield path, getattr(found.callback, "cls", None)


def _page(page: CommandAdmin) -> AdminPage:
    buttons: dict[Duty, list[str]] = {}
    for command in ([page.creation] if page.creation else []) + list(page.buttons):
        label = f"{command.label} (platform administrator)" if command.platform_only else command.label
        labels = buttons.setdefault(command.duty, [])
        if label not in labels:
            labels.append(label)
    path = f"/admin/{page.opts.app_label}/{page.opts.model_name}/"
    return AdminPage(page.plural, path, page.read_duty, buttons)
