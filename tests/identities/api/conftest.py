"""A caller for the tests of the API: a test client that speaks as somebody."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from identities.people.models import User
from identities.tokens import services as tokens
from identities.tokens.keyring import keyring
from identities.tokens.models import SigningKey
from identities.tokens.revocations import revocations
from tests.factories.tokens import Bot

_KEY: dict[str, Any] = {}


class Caller:
    """`as_(somebody)` speaks with their token from then on; `get`, `post` … send and return JSON."""

    def __init__(self) -> None:
        self._client = Client()
        self._headers: dict[str, str] = {}

    def as_(self, who: User | Bot | None) -> "Caller":
        if who is None:
            self._headers = {}
        elif isinstance(who, User):
            self._headers = {"Authorization": f"Bearer {tokens.mint_user_token(who, session=uuid4()).access_token}"}
        else:
            minted = tokens.mint(who.identity, scope="roles", at=timezone.now())
            self._headers = {"Authorization": f"Bearer {minted.access_token}"}
        return self

    def with_(self, **headers: str) -> "Caller":
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        more.setdefault("content_type", "application/json")
        more["headers"] = {**self._headers, **more.get("headers", {})}
        sent: dict[str, Any] = {} if body is None and method == "get" else {"data": "" if body is None else body}
        if method == "get":
            more.pop("content_type")
            return self._client.get(path, **sent, **more)
        return getattr(self._client, method)(path, **sent, **more)

    def get(self, path: str, query: Any = None, **more: Any) -> Any:
        return self.ask("get", path, query, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.ask("post", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.ask("patch", path, body, **more)

    def delete(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.ask("delete", path, body, **more)


@pytest.fixture
def call(db: None) -> Caller:
    revocations.forget()
    keep_signing_key()
    keyring.forget()
    return Caller()


def keep_signing_key() -> None:
    """The same key in every test: making one takes longer than most tests here."""
    if not _KEY:
        made = tokens.ensure_signing_key()
        _KEY.update({field.attname: getattr(made, field.attname) for field in SigningKey._meta.concrete_fields})
    elif not SigningKey.objects.exists():
        SigningKey.objects.create(**_KEY)


@pytest.fixture
def problem() -> Any:
    """Check that an answer is a problem document of this status, and hand back its body."""

    def check(answer: Any, status: int, code: str = "") -> Any:
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        body = answer.json()
        assert {"type", "title", "status", "detail", "code"} <= body.keys()
        assert body["status"] == status
        assert not code or body["code"] == code
        assert (status == 400) <= ("errors" in body)
        return body

    return check
