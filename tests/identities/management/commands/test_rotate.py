"""The command rotates through the service everybody uses, and prints a secret once or not at all."""

import json
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command

from identities.credentials.authentication import authenticate
from identities.credentials.models import DeliveryStep
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from identities.vaults.failures import VaultSealed
from identities.vaults.local import LocalVault
from tests.factories import passport, register, tokens
from tests.factories.vaulted import vaulted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    with passport.fresh():
        yield


@pytest.fixture
def tenant() -> Tenant:
    made = register.tenant()
    register.person(made)
    return made


def said(which: ManagedIdentity | str, *arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    client_id = which if isinstance(which, str) else which.client_id
    call_command("rotate", client_id, *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_nobody_and_somebody_elses_are_one_clear_line(tenant: Tenant) -> None:
    foreign = tokens.bot()
    for client_id in ("mi_nobody", foreign.client_id):
        with pytest.raises(CommandError, match="There is no managed identity") as refused:
            said(client_id)
        assert refused.value.returncode == 1
    with pytest.raises(CommandError) as misused:
        said("mi_nobody", "--tenant", "no-such-tenant")
    assert misused.value.returncode == 2


def test_a_secret_in_no_vault_is_printed_once(tenant: Tenant) -> None:
    bot = tokens.bot(of=tenant)
    out, err = said(bot.identity, "--reason", "Leaver")
    assert authenticate(bot.client_id, out.strip()) is not None
    assert out.strip() not in err
    with pytest.raises(CommandError, match="overlap"):
        said(bot.identity)


def test_a_secret_in_a_vault_is_not_printed(tenant: Tenant) -> None:
    bot = vaulted(tenant)
    out, _ = said(bot.identity, "--json")
    told = json.loads(out)
    assert (told["deliveryStep"], "clientSecret" in told) == ("done", False)
    assert bot.in_vault() not in out
    assert bot.works


def test_a_vault_that_fails_is_exit_1_and_can_be_resumed(tenant: Tenant) -> None:
    bot = vaulted(tenant)
    with pytest.raises(CommandError, match="No rotation"):
        said(bot.identity, "--resume")
    sealed = patch.object(LocalVault, "newest", side_effect=VaultSealed("It is sealed."))
    with sealed, pytest.raises(CommandError, match="vault_sealed") as failed:
        said(bot.identity)
    assert failed.value.returncode == 1
    out, _ = said(bot.identity, "--resume")
    assert "is in its vault" in out
    assert bot.rotation.delivery_step == DeliveryStep.DONE
