"""The command in words and in JSON: what it did, what is left, and no value of anything."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit import sealing
from audit.models import AuditEra
from identities.credentials.models import ClientSecret
from tests.factories import tokens as made
from tests.factories.keys import A, B, C, id_of, process

pytestmark = pytest.mark.django_db(transaction=True)


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("replace_encryption_key", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture(autouse=True)
def bot():
    with process(A):
        bot = made.bot()
        sealing.seal_all()
        return bot


def test_it_refuses_where_the_former_key_is_not_here():
    with process(B, C), pytest.raises(CommandError, match=f"{id_of(A)}, which is not among the fallbacks"):
        said()
    assert not AuditEra.objects.exists()


def test_a_look_says_what_is_due_and_does_nothing(bot):
    with process(B, A):
        words = said("--look")
    assert "The audit stands under another key." in words
    assert bot.identity.name in words
    assert not AuditEra.objects.exists()


def test_it_says_what_it_did_and_who_is_left_and_no_value(bot):
    with process(B, A):
        words = said()
    assert f"The key is {id_of(B)}; former ones that still count: {id_of(A)}." in words
    assert "The audit goes on under this key after record" in words
    assert "client secrets under a former key: 1" in words
    assert "Not everything goes on without a former key yet." in words
    assert not [text for text in (A, B, bot.secret) if text in words]


def test_it_says_when_the_former_key_may_go(bot):
    with process(B, A):
        said()
        ClientSecret.objects.all().delete()
        sealing.seal_all()
        assert "take STEWARD_ENCRYPTION_KEY_FALLBACKS away" in said()
        told = json.loads(said("--json"))
    assert (told["keyId"], told["formerKeyIds"], told["isFree"]) == (id_of(B), [id_of(A)], True)
    with process(B):
        assert said("--look").splitlines()[-1] == "Nothing rests on a former key."
