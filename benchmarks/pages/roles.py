"""Who asks: the platform's admin, who looks at every tenant, and a reviewer of the tenant that has half of all."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks.pages import asking, measuring
from benchmarks.pages.measuring import Figures

#: Their numbers among the people.
PLATFORM, REVIEWER = 2, 6


def measured(role: str, *, only: str, rounds: int, until: float) -> list[tuple[str, Figures]]:
    """Every page as `role` sees it."""
    from identities.admin.site import site

    get = signed_in(role)

    def look(address: str) -> Any:
        """For what it offers; one that fails is told of when it is measured."""
        try:
            return get(address)
        except Exception:  # noqa: BLE001
            return None

    found = []
    for ask in asking.asks(site, look):
        if time.monotonic() > until:
            break
        if only in f"{ask.page} {ask.what}":
            found.append((role, measuring.measure(ask, get, rounds)))
            said(role, found[-1][1])
    return found


def signed_in(role: str) -> Callable[[str], Any]:
    """How this person gets an address."""
    from django.conf import settings
    from django.test import Client

    from identities.people.models import PortalRole, User

    number = PLATFORM if role == "platform" else REVIEWER
    people = User.objects.filter(pk=asking.key("user", number))
    people.update(role=PortalRole.ADMIN, is_platform_admin=role == "platform", is_agent=False, is_active=True)
    client = Client(raise_request_exception=True)
    client.force_login(people.get(), backend=settings.AUTHENTICATION_BACKENDS[-1])
    if role == "platform":
        client.post("/admin/tenant/", {"tenant": "every"})

    def get(address: str) -> Any:
        answer: Any = client.get(address)
        # A template's context holds the page.
        if answer.context is not None and not hasattr(answer, "context_data"):
            answer.context_data = answer.context.flatten()
        return answer

    return get


def said(role: str, one: Figures) -> None:
    if one.over:
        print(f"  {role:9} {one.ask.page} {one.ask.what}: {one.over} | {one.slowest[:160]}", flush=True)
