"""What the API's routes ask of whom: read off the routes themselves, so that it can never say other than they do."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from identities.service_users.least_role import CLOSED, Doors


@cache
def doors() -> Doors:
    """By duty and kind of thing, the permissions that the routes ask of a managed identity; "" where none is let in.

    A route is what declares `duties` and `machine_permissions` by method and a `resource_kind`. Read once a process.
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for view in _views(get_resolver()):
        for method, duty in view.duties.items():
            if hasattr(view, method.lower()):
                found[str(duty), view.resource_kind].add(view.machine_permissions.get(method, CLOSED))
    return {key: frozenset(asked) for key, asked in found.items()}


def _views(resolver: URLResolver) -> Iterator[Any]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _views(entry)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "cls", None)
            if view is not None and hasattr(view, "duties") and hasattr(view, "machine_permissions"):
                yield view
