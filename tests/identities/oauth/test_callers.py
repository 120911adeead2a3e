"""Introspection leaves a decision each time, and looks at roles as they are now."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from identities.access.models import RoleBinding
from identities.policies import decision_log
from identities.policies.models import AuthorizationDecision
from identities.tokens import services as tokens
from tests.factories import tokens as made
from tests.identities.oauth.wire import FORM, basic

pytestmark = pytest.mark.django_db


def introspect(client: Client, bot: made.Bot) -> Any:
    token = tokens.mint(bot.identity, scope="roles", at=timezone.now()).access_token
    headers = basic(bot.client_id, bot.secret)
    return client.post("/passport/introspect", urlencode({"token": token}), content_type=FORM, headers=headers)


def test_a_refusal_is_kept_and_audited(client: Client) -> None:
    bot = made.bot(permissions=("identity.read",))
    assert introspect(client, bot).status_code == 403
    kept = AuthorizationDecision.objects.get()
    assert (kept.permission, kept.outcome, kept.actor_id) == ("token.introspect", "deny", str(bot.identity.id))


def test_an_allowed_question_is_kept_too(client: Client) -> None:
    bot = made.bot(permissions=("token.introspect",))
    assert introspect(client, bot).json()["active"] is True
    decision_log.flush()
    assert AuthorizationDecision.objects.get().outcome == "allow"


def test_a_role_that_has_ended_counts_at_once(client: Client) -> None:
    bot = made.bot(permissions=("token.introspect",))
    RoleBinding.objects.filter(identity=bot.identity).update(ended_at=timezone.now())
    assert introspect(client, bot).status_code == 403
