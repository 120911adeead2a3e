"""One command for responders: it stops the identity, or says in one line why not."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from identities.inventory.models import ManagedIdentity
from identities.lifecycle.models import Quarantine
from tests.factories import people, tokens as made

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return people.platform_admin().tenant


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("quarantine", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as error:
        said(*arguments)
    assert "\n" not in str(error.value)
    assert not Quarantine.objects.exclude(reason="first").exists()
    return error.value


def test_without_a_reason_or_a_known_tenant_it_is_bad_usage(tenant):
    bot = made.identity(of=tenant)
    assert refused(bot.client_id).returncode == 2
    assert refused(bot.client_id, "--reason", "x", "--tenant", "nobody's").returncode == 2


def test_an_unknown_client_and_one_of_another_tenant_are_the_same_one_line(tenant):
    other = made.identity()
    for client_id in ("mi_nobody", other.client_id):
        error = refused(client_id, "--reason", "x")
        assert (error.returncode, "no managed identity" in str(error)) == (1, True)


def test_the_second_call_is_refused(tenant):
    bot = made.identity(of=tenant)
    said(bot.client_id, "--reason", "first")
    assert "quarantined already" in str(refused(bot.client_id, "--reason", "again"))


def test_it_stops_the_identity_and_says_what_is_left_to_do(tenant):
    bot = made.identity(of=tenant, issuance="external", revocation_procedure="Call them")
    shown = said(bot.client_id, "--reason", "first")
    assert ManagedIdentity.objects.get(pk=bot.pk).state == "quarantined"
    assert "Contained here, not yet there" in shown
    assert "[!] Call them" in shown


def test_as_json_it_is_for_programs(tenant):
    bot = made.bot(of=tenant)
    shown = json.loads(said(bot.client_id, "--reason", "first", "--json"))
    assert (shown["clientId"], shown["state"], shown["phase"]) == (bot.client_id, "quarantined", "complete")
    assert shown["evidenceDigest"] == Quarantine.objects.get().evidence_digest
    assert [line["kind"] for line in shown["lines"]] == ["credential"]


def test_in_another_tenant_it_is_named(tenant):
    other = made.identity()
    said(other.client_id, "--reason", "first", "--tenant", other.tenant.slug)
    assert ManagedIdentity.objects.get(pk=other.pk).state == "quarantined"
