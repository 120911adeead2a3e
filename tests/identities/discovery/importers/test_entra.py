import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, dropped, one, read, reported, written

HOME, ELSEWHERE = "aaaaaaaa-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"
APP = "cccccccc-0000-0000-0000-000000000003"
GRAPH = "00000003-0000-0000-c000-000000000000"


def principal(**members):
    return {
        "id": "sp-1",
        "appId": APP,
        "displayName": "Invoices",
        "servicePrincipalType": "Application",
        "accountEnabled": True,
        "appOwnerOrganizationId": HOME,
        **members,
    }


def application(**members):
    return {"id": "app-1", "appId": APP, "displayName": "Invoices", "signInAudience": "AzureADMyOrg", **members}


def test_something_else_in_the_list_is_refused_with_its_place(tmp_path):
    path = written(tmp_path, "sp.json", {"value": [principal(), {"color": CANARY}]})
    with pytest.raises(Unreadable, match="item 2 of value") as refusal:
        read("entra", path)
    assert CANARY not in str(refusal.value)


def test_microsofts_own_applications_are_dropped_with_the_reason(tmp_path):
    own = principal(appOwnerOrganizationId="f8cdef31-a31e-4b4a-93e4-5f571e91255a", displayName="Microsoft Graph")
    found = read("entra", written(tmp_path, "sp.json", [own]))
    assert not reported(found)
    assert "Microsoft's own" in dropped(found)["Microsoft Graph"]


def test_a_person_in_a_list_of_owners_is_no_identity(tmp_path):
    found = read(
        "entra", written(tmp_path, "owners.json", {"value": [{"id": "1", "userPrincipalName": "x@example.org"}]})
    )
    assert list(dropped(found)) == ["a person"]


def test_secrets_are_known_by_key_id_name_and_dates_alone(tmp_path):
    password = {
        "keyId": "key-1",
        "displayName": "ci",
        "hint": CANARY[:3],
        "secretText": CANARY,
        "startDateTime": "2024-01-01T00:00:00Z",
        "endDateTime": "2026-01-01T00:00:00Z",
    }
    quiet = {"keyId": "key-2", "secretText": None, "endDateTime": "9999-12-31T23:59:59Z"}
    row = one("entra", tmp_path, [principal(passwordCredentials=[password, quiet])])
    assert CANARY not in repr(row)
    first, second = row.credentials
    assert (first.kind, first.external_id, first.name) == ("client_secret", "key-1", "ci")
    assert first.exposed_in == "passwordCredentials of Invoices in the export"
    assert (second.exposed_in, second.expires_at) == ("", None)
    assert row.facts["auth_method"] == "long_lived_secret"


def test_both_spellings_of_members_say_the_same(tmp_path):
    snake = {
        "id": "sp-1",
        "app_id": APP,
        "display_name": "Invoices",
        "service_principal_type": "Application",
        "account_enabled": True,
        "app_owner_organization_id": HOME,
    }
    assert one("entra", tmp_path, [snake]) == one("entra", tmp_path, [principal()])


def test_an_application_and_its_service_principal_are_one_row(tmp_path):
    secrets = [{"keyId": "key-1", "displayName": "of the application"}]
    first = written(tmp_path, "apps.json", {"value": [application(passwordCredentials=secrets)]})
    second = written(tmp_path, "sps.json", {"value": [principal()]})
    (row,) = reported(read("entra", first, second)).values()
    assert (row.record_type, row.key) == ("service_principal", "sp-1")
    assert [credential.name for credential in row.credentials] == ["of the application"]


def test_alone_they_meet_by_the_application_id(tmp_path):
    app, own = one("entra", tmp_path, [application()]), one("entra", tmp_path, [principal()])
    assert app.aliases == own.aliases == (f"entra:appId:{APP}",)
    assert app.record_type != own.record_type


def test_an_application_that_another_tenant_made_is_a_vendors(tmp_path):
    others = principal(id="sp-2", appId="other", displayName="Vendor", appOwnerOrganizationId=ELSEWHERE)
    found = reported(read("entra", written(tmp_path, "all.json", [principal(), others, application()])))
    assert found["sp-2"].facts["ownership_class"] == "vendor"
    assert "ownership_class" not in found["sp-1"].facts


def test_which_tenant_is_ones_own_is_not_guessed(tmp_path):
    assert "ownership_class" not in one("entra", tmp_path, [principal(appOwnerOrganizationId=ELSEWHERE)]).facts


def test_a_managed_identity_has_no_secret_and_is_vouched_for_by_its_resource(tmp_path):
    path = "/subscriptions/1/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"
    row = one("entra", tmp_path, [principal(servicePrincipalType="ManagedIdentity", alternativeNames=[path])])
    assert (row.facts["kind"], row.facts["auth_method"]) == ("workload", "federated")
    assert row.facts["upstream_trust_source"] == f"azure subject={path}"


def test_a_federated_credential_names_issuer_and_subject(tmp_path):
    issuer = "https://token.actions.githubusercontent.com"
    trust = {"id": "f1", "name": "gh", "issuer": issuer, "subject": "repo:o/r:ref:x"}
    row = one("entra", tmp_path, [application(federatedIdentityCredentials=[trust])])
    assert row.facts["auth_method"] == "federated"
    assert row.facts["upstream_trust_source"] == f"{issuer} subject=repo:o/r:ref:x"


def test_consents_and_roles_are_permissions_and_an_admin_role_makes_an_administrator(tmp_path):
    consent = {
        "id": "g",
        "clientId": "sp-1",
        "consentType": "AllPrincipals",
        "resourceId": "graph",
        "scope": " Mail.Send User.Read",
    }
    role = {
        "id": "r",
        "principalId": "sp-1",
        "appRoleId": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
        "resourceId": "graph",
        "resourceDisplayName": "Microsoft Graph",
    }
    graph = principal(
        id="graph",
        appId=GRAPH,
        displayName="Microsoft Graph",
        appOwnerOrganizationId="f8cdef31-a31e-4b4a-93e4-5f571e91255a",
        oauth2PermissionScopes=[{"id": "s", "value": "Mail.Send"}],
    )
    files = [
        written(tmp_path, f"{number}.json", {"value": [item]}) for number, item in enumerate([consent, role, graph])
    ]
    row = reported(read("entra", *files, written(tmp_path, "sp.json", [principal()])))["sp-1"]
    assert row.facts["downstream_permissions"] == [
        "Microsoft Graph: Application.ReadWrite.All (application)",
        "Microsoft Graph: Mail.Send (delegated for everybody)",
        "Microsoft Graph: User.Read (delegated for everybody)",
    ]
    assert row.facts["privilege_level"] == "admin"


def test_what_an_application_only_asks_for_says_nothing_of_its_power(tmp_path):
    wish = {"id": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "type": "Role"}
    access = [{"resourceAppId": GRAPH, "resourceAccess": [wish]}]
    row = one("entra", tmp_path, [application(requiredResourceAccess=access)])
    assert row.facts["downstream_permissions"] == [
        "Microsoft Graph: Application.ReadWrite.All (application, requested)"
    ]
    assert "privilege_level" not in row.facts


def test_owners_are_proposed_and_groups_passed_over(tmp_path):
    owners = [{"displayName": "A group"}, {"userPrincipalName": "dana@example.org"}, {"mail": "eli@example.org"}]
    row = one("entra", tmp_path, [principal(owners=owners)])
    assert (row.facts["technical_owner"], row.facts["deputy_owner"]) == ("dana@example.org", "eli@example.org")


def test_the_last_sign_in_is_the_last_use(tmp_path):
    use = {"id": "u", "appId": APP, "lastSignInActivity": {"lastSignInDateTime": "2025-05-01T08:00:00Z"}}
    row = one("entra", tmp_path, [principal(), use])
    assert row.last_used_at is not None
    assert row.last_used_at.isoformat() == "2025-05-01T08:00:00+00:00"
