"""An identity that was only just entered holds a token and may do nothing with it, on no route at all (S0-05)."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from identities.api.views import PortalView, UnknownRoute
from identities.inventory.models import ManagedIdentity
from identities.policies.models import AuthorizationDecision
from identities.tokens import services as tokens
from identities.tokens.keyring import keyring
from identities.tokens.revocations import revocations
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    keyring.forget()
    revocations.forget()
    yield
    keyring.forget()
    revocations.forget()


def routes(patterns: list[Any] | None = None, prefix: str = "/") -> Iterator[tuple[str, str]]:
    """Every (method, path) of a view of ours that is not open to all."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + _filled(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from routes(list(entry.url_patterns), path)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "view_class", None)
            if view and issubclass(view, PortalView) and view is not UnknownRoute:
                yield from ((method, path) for method in view.duties if method not in view.open_methods)


def _filled(pattern: str) -> str:
    for kind, value in (("uuid", str(uuid4())), ("str", "x"), ("slug", "x")):
        pattern = re.sub(rf"<{kind}:\w+>", value, pattern)
    return pattern


def test_every_route_refuses_an_identity_that_was_given_nothing() -> None:
    tenant = register.tenant()
    body = {"name": "fresh", "environment": "production", "purpose": "Nothing yet."}
    made = register.client_of(register.person(tenant)).post("/api/identities", body, format="json").json()
    at = timezone.now()
    tokens.ensure_signing_key()
    token = tokens.mint(ManagedIdentity.objects.get(pk=made["id"]), scope="roles", at=at).access_token
    machine = APIClient(headers={"Authorization": f"Bearer {token}"})
    found = list(routes())
    assert len(found) > 40
    for method, path in found:
        answer = getattr(machine, method.lower())(path, {} if method != "GET" else None, format="json")
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
        assert 'error="insufficient_scope"' in answer.get("WWW-Authenticate", 'error="insufficient_scope"')
    assert AuthorizationDecision.objects.filter(actor_id=made["id"], outcome="deny").count() == len(found)
    assert not AuthorizationDecision.objects.filter(actor_id=made["id"], outcome="allow").exists()
