"""The form of a vault connection: what is wrong is said by the names that stand on it."""

import pytest

from identities.vaults.models import VaultConnection
from tests.factories import pages, vaults

pytestmark = pytest.mark.django_db


def test_a_vaults_settings_complain_by_the_names_on_the_form():
    client = pages.signed_in(pages.estate("harbour").person)
    sent = {
        "name": "Corp", "provider": "hashicorp-vault", "vault_uri": "https://vault.example.com",
        "hashicorp_vault__mount": "secret", "hashicorp_vault__field": "value", "hashicorp_vault__timeout": "5",
    }  # fmt: skip
    form = client.post(pages.adding(VaultConnection), sent).context["form"]
    assert "tokenEnv" not in str(form.errors)
    assert "Token variable" in str(form.errors)


def test_a_credential_that_is_missing_is_said_at_its_own_field_whatever_it_is_called():
    client = pages.signed_in(pages.estate("harbour").person)
    sent = {
        "name": "Google", "provider": "gcp-secret-manager",
        "vault_uri": "https://secretmanager.googleapis.com/projects/acme",
        "gcp_secret_manager__probe_name": "steward-probe", "gcp_secret_manager__timeout": "5",
    }  # fmt: skip
    form = client.post(pages.adding(VaultConnection), sent).context["form"]
    assert list(form.errors) == ["gcp_secret_manager__credential"]
    assert form.fields["gcp_secret_manager__credential"].label == "Service account key"


def test_a_way_to_sign_in_is_chosen_from_those_there_are():
    client = pages.signed_in(pages.estate("harbour").person)
    form = client.get(pages.adding(VaultConnection)).context["form"]
    assert [kind for kind, _ in form.fields["hashicorp_vault__auth"].choices] == ["token", "approle", "kubernetes"]
    own = [name for name in form.fields if name.startswith("hashicorp_vault__")]
    assert own.index("hashicorp_vault__mount") < own.index("hashicorp_vault__timeout")


def test_the_test_of_a_connection_says_what_failed_and_what_was_right():
    person = pages.estate("harbour").person
    settings = {"token": "x", "timeout": 1}
    row = vaults.connection(
        of=person.tenant, provider="hashicorp-vault", uri=f"http://127.0.0.1:{vaults.free_port()}",
        settings=settings, may_use_deployment=True,
    )  # fmt: skip
    said = str(pages.signed_in(person).post(pages.command(row, "test")).context["form"].errors)
    assert "Failed at “it can be reached”" in said
    assert "Right so far: a credential is there, the name is known, the address may be called." in said
    assert "Not reached: its certificate holds" in said
