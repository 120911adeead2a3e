"""The form of a vault connection: what is wrong is said by the names that stand on it."""

import pytest

from identities.vaults.models import VaultConnection
from tests.factories import pages

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
