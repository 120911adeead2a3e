import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, dropped, one, read, reported, written

HOST = "https://acme.okta.com/api/v1"


def app(key="0oa1", *, method="private_key_jwt", grants=("client_credentials",), sort="service", **members):
    return {
        "id": key,
        "name": "oidc_client",
        "label": "Directory sync",
        "status": "ACTIVE",
        "created": "2024-01-01T00:00:00.000Z",
        "signOnMode": "OPENID_CONNECT",
        "features": [],
        "credentials": {"oauthClient": {"client_id": key, "token_endpoint_auth_method": method}},
        "settings": {
            "oauthClient": {
                "application_type": sort,
                "grant_types": list(grants),
                "jwks": {"keys": [{"kid": "k1", "kty": "RSA", "n": "abc"}]},
            }
        },
        "_links": {"groups": {"href": f"{HOST}/apps/{key}/groups"}},
        **members,
    }


def test_what_is_nothing_of_oktas_is_refused_with_its_place(tmp_path):
    with pytest.raises(Unreadable, match="item 2") as refusal:
        read("okta", written(tmp_path, "apps.json", [app(), {"color": CANARY}]))
    assert CANARY not in str(refusal.value)


def test_an_application_that_people_sign_in_to_is_dropped_with_the_reason(tmp_path):
    saml = {"id": "0oa2", "label": "Wiki", "signOnMode": "SAML_2_0", "settings": {}, "features": []}
    web = app("0oa3", label="Intranet", method="client_secret_basic", grants=("authorization_code",), sort="web")
    found = read("okta", written(tmp_path, "apps.json", [saml, web]))
    assert not reported(found)
    assert set(dropped(found)) == {"Wiki", "Intranet"}


def test_a_client_secret_is_never_kept(tmp_path):
    item = app(method="client_secret_post")
    item["credentials"]["oauthClient"]["client_secret"] = CANARY
    row = one("okta", tmp_path, [item])
    assert CANARY not in repr(row)
    assert row.credentials[0].exposed_in == "client_secret of Directory sync in the export"
    assert row.facts["auth_method"] == "long_lived_secret"


def test_a_service_has_its_keys_by_id_and_its_organisation_by_address(tmp_path):
    row = one("okta", tmp_path, [app()])
    assert (row.account, row.key, row.facts["kind"]) == ("acme.okta.com", "0oa1", "oauth_client")
    assert [(credential.kind, credential.external_id) for credential in row.credentials] == [("signing_key", "k1")]


def test_groups_and_grants_find_their_application(tmp_path):
    links = {"app": {"href": f"{HOST}/apps/0oa1"}, "self": {"href": f"{HOST}/apps/0oa1/groups/00g1"}}
    group = {"id": "00g1", "priority": 0, "lastUpdated": "2024-01-01T00:00:00.000Z", "profile": {}, "_links": links}
    grant = {"id": "g", "clientId": "0oa1", "scopeId": "okta.users.manage", "status": "ACTIVE"}
    files = [written(tmp_path, "groups.json", [group]), written(tmp_path, "grants.json", [grant])]
    (row,) = reported(read("okta", *files, written(tmp_path, "apps.json", [app()]))).values()
    assert row.facts["upstream_dependencies"] == ["group 00g1"]
    assert row.facts["downstream_permissions"] == ["okta.users.manage"]
    assert row.facts["privilege_level"] == "high"


def test_an_application_that_okta_provisions_is_a_connector(tmp_path):
    saml = {"id": "0oa2", "label": "CRM", "signOnMode": "SAML_2_0", "features": ["PUSH_NEW_USERS"]}
    row = one("okta", tmp_path, [saml])
    assert (row.facts["kind"], row.facts["ownership_class"]) == ("saas_connector", "vendor")


def test_an_api_token_acts_as_the_person_who_made_it(tmp_path):
    item = {
        "id": "00T1",
        "name": "terraform",
        "userId": "00u1",
        "clientName": "Okta API",
        "tokenWindow": "P30D",
        "created": "2024-01-01T00:00:00.000Z",
        "lastUsed": "2025-01-01T00:00:00.000Z",
    }
    row = one("okta", tmp_path, [item])
    assert (row.facts["ownership_class"], row.facts["blast_radius"]) == ("human", "human_impersonating")
    assert row.last_used_at is not None
