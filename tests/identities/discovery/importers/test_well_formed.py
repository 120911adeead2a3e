"""Every kind of ours once, with all sorts of its records, checked in the way that is the same for all."""

import pytest

from tests.identities.discovery.importers import (
    test_aws_secrets as aws_secrets,
    test_entra as entra,
    test_github as github,
    test_keycloak as keycloak,
    test_kubernetes as kubernetes,
    test_okta as okta,
    test_secret_scan as secret_scan,
    test_vault_list as vault_list,
)
from tests.identities.discovery.importers.checking import check
from tests.identities.discovery.importers.exports import CANARY, read, reported, written

PASSWORDS = [{"secretText": CANARY}, {"keyId": "1"}]
SETTINGS = {"oauthClient": {"application_type": "service", "jwks": {"keys": [{}]}}}
EXPORTS = {
    "kubernetes": kubernetes.listed(kubernetes.account(), kubernetes.token(), kubernetes.secret("db")),
    "entra": [entra.principal(passwordCredentials=PASSWORDS), entra.principal(id="sp-2", appId="2", displayName="")],
    "github": [github.installation(), github.token()],
    "okta": [
        okta.app(),
        okta.app("0oa9", settings={"oauthClient": {"application_type": "service", "jwks": {"keys": [{}]}}}),
    ],
    "keycloak": keycloak.realm(keycloak.client(secret=CANARY), keycloak.client("wiki", serviceAccountsEnabled=False)),
    "aws-secrets": {"SecretList": [aws_secrets.secret(SecretString=CANARY)]},
    "vault-list": vault_list.metadata(),
    "secret-scan": [secret_scan.leak(), secret_scan.leak(line=4), secret_scan.hog()],
    "password-manager": f"Title,Username,Password,URL\nShop,app,{CANARY},https://x.example.org\n",
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_what_is_read_fits_the_register_and_is_the_same_twice(tmp_path, kind):
    assert check(kind, [written(tmp_path, "export.json", EXPORTS[kind])])


def test_members_of_every_wrong_type_are_not_known_and_break_nothing(tmp_path):
    for wrong in (None, 7, "text", [], [None], {}, {"x": [1]}, True):
        odd = {name: wrong for name in entra.principal() if name not in {"id", "appId"}}
        odd |= {"owners": wrong, "passwordCredentials": wrong, "keyCredentials": wrong, "tags": wrong}
        found = read("entra", written(tmp_path, "odd.json", [{**odd, "id": "1", "appId": "2"}]))
        assert set(reported(found)) == {"1"}


@pytest.mark.parametrize("wrong", [None, 7, "text", [], [None], {}, {"x": [1]}, True])
def test_a_service_account_of_wrong_types_is_still_one(tmp_path, wrong):
    metadata = {"labels": wrong, "annotations": wrong, "creationTimestamp": wrong}
    path = written(tmp_path, "odd.json", kubernetes.account(metadata=metadata, secrets=wrong))
    assert set(reported(read("kubernetes", path))) == {"shop/billing"}
