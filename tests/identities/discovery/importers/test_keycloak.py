import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, dropped, one, read, reported, written


def client(client_id="sync", **members):
    return {
        "id": "1",
        "clientId": client_id,
        "enabled": True,
        "clientAuthenticatorType": "client-secret",
        "bearerOnly": False,
        "publicClient": False,
        "serviceAccountsEnabled": True,
        "protocol": "openid-connect",
        **members,
    }


def realm(*clients, users=()):
    return {"id": "r", "realm": "shop", "users": list(users), "clients": list(clients)}


def test_what_is_no_client_is_refused_with_its_place(tmp_path):
    with pytest.raises(Unreadable, match="item 2") as refusal:
        read("keycloak", written(tmp_path, "clients.json", [client(), {"color": CANARY}]))
    assert CANARY not in str(refusal.value)


def test_clients_that_do_nothing_by_themselves_are_dropped_with_the_reason(tmp_path):
    path = written(
        tmp_path,
        "clients.json",
        [
            client("realm-management", bearerOnly=True),
            client("admin-cli"),
            client("api", bearerOnly=True),
            client("spa", publicClient=True),
            client("wiki", serviceAccountsEnabled=False),
        ],
    )
    found = read("keycloak", path)
    assert not reported(found)
    assert set(dropped(found)) == {"realm-management", "admin-cli", "api", "spa", "wiki"}
    assert len(set(dropped(found).values())) == 4


def test_a_secret_is_never_kept_and_a_masked_one_lay_nowhere_open(tmp_path):
    row = one("keycloak", tmp_path, [client(secret=CANARY, registrationAccessToken=CANARY)])
    assert CANARY not in repr(row)
    assert row.credentials[0].exposed_in == "secret of client sync in the export"
    assert one("keycloak", tmp_path, [client(secret="**********")]).credentials[0].exposed_in == ""
    assert one("keycloak", tmp_path, [client(secret="${vault.sync}")]).credentials[0].exposed_in == ""


def test_the_realm_and_the_roles_of_its_service_account_come_from_the_export(tmp_path):
    account = {
        "username": "service-account-sync",
        "serviceAccountClientId": "sync",
        "realmRoles": ["default-roles-shop"],
        "clientRoles": {"realm-management": ["realm-admin"], "orders": ["read"]},
    }
    person = {"username": "dana", "credentials": [{"type": "password", "secretData": CANARY}]}
    found = read("keycloak", written(tmp_path, "realm.json", realm(client(), users=[person, account])))
    (row,) = reported(found).values()
    assert CANARY not in repr(found)
    assert (row.account, row.key) == ("shop", "shop/sync")
    assert row.facts["downstream_permissions"] == ["orders: read", "realm-management: realm-admin"]
    assert row.facts["privilege_level"] == "admin"


def test_a_role_of_another_application_called_admin_makes_no_administrator(tmp_path):
    account = {"serviceAccountClientId": "sync", "clientRoles": {"orders": ["admin"]}}
    row = one("keycloak", tmp_path, realm(client(), users=[account]))
    assert "privilege_level" not in row.facts


def test_an_export_of_several_realms_is_read_realm_by_realm(tmp_path):
    second = {**realm(client(secret=CANARY)), "realm": "bank"}
    found = reported(read("keycloak", written(tmp_path, "all.json", [realm(client()), second])))
    assert set(found) == {"shop/sync", "bank/sync"}
    assert found["shop/sync"].credentials[0].exposed_in == ""
    assert found["bank/sync"].credentials[0].exposed_in != ""
    assert CANARY not in repr(found)


@pytest.mark.parametrize(
    ("sort", "method"),
    [("client-secret", "long_lived_secret"), ("client-jwt", "long_lived_secret"), ("client-x509", "mtls")],
)
def test_how_it_signs_in_is_said_in_the_registers_words(tmp_path, sort, method):
    assert one("keycloak", tmp_path, [client(clientAuthenticatorType=sort)]).facts["auth_method"] == method
