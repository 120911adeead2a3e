"""Every way to prove oneself has its verdict."""

from identities.inventory.auth_methods import VERDICTS, catalogue
from identities.inventory.vocabulary import AuthMethod

AGREED = {
    "static_api_key": "last resort",
    "long_lived_secret": "transitional",
    "federated": "best default",
    "mtls": "excellent when mature",
    "vault_dynamic": "very good",
    "oauth_delegated": "good with governance",
    "conditional_service_account": "moderate",
    "agent_broker": "for tool-using agents",
    "password": "legacy",
    "human_shared_admin": "eliminate",
    "unknown": "unknown",
}


def test_each_has_the_agreed_verdict_and_says_what_for_and_why_not() -> None:
    assert {method: verdict.verdict for method, verdict in VERDICTS.items()} == AGREED
    assert set(VERDICTS) == set(AuthMethod.values)
    assert all(verdict.best_for and verdict.weakness for verdict in VERDICTS.values())


def test_the_catalogue_names_them_all() -> None:
    assert all(f"`{method}`: {verdict.sentence}" in catalogue() for method, verdict in VERDICTS.items())
