import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, one, read, reported, written

API = "https://api.github.com/repos/Octo/shop"


def installation(**members):
    return {
        "id": 7,
        "app_id": 70,
        "app_slug": "deploy-bot",
        "account": {"login": "Octo", "type": "Organization"},
        "target_type": "Organization",
        "repository_selection": "selected",
        "permissions": {"contents": "write", "metadata": "read"},
        "suspended_at": None,
        **members,
    }


def token(**members):
    return {
        "id": 11,
        "owner": {"login": "dana"},
        "permissions": {"organization": {"members": "read"}, "repository": {"contents": "read"}},
        "access_granted_at": "2025-01-16T08:47:09.000-07:00",
        "token_id": 12,
        "token_name": "nightly",
        "token_expired": False,
        "token_expires_at": "2025-04-16T08:47:09.000-07:00",
        "token_last_used_at": None,
        **members,
    }


def test_what_is_nothing_of_githubs_is_refused_with_its_place(tmp_path):
    path = written(tmp_path, "x.json", [token(), {"color": CANARY}])
    with pytest.raises(Unreadable, match="item 2") as refusal:
        read("github", path)
    assert CANARY not in str(refusal.value)


def test_a_record_without_an_id_is_dropped(tmp_path):
    nameless = token()
    del nameless["id"], nameless["token_id"]
    found = read("github", written(tmp_path, "x.json", [nameless]))
    assert not reported(found)
    assert found


def test_an_installed_app_acts_with_permissions_of_its_own(tmp_path):
    row = one("github", tmp_path, {"total_count": 1, "installations": [installation()]})
    assert (row.account, row.key, row.label) == ("octo", "7", "deploy-bot on Octo")
    assert row.facts["kind"] == "saas_connector"
    assert row.facts["downstream_permissions"] == ["contents:write", "metadata:read"]
    assert row.facts["blast_radius"] == "write_limited"


def test_an_app_that_may_administer_reaches_far(tmp_path):
    row = one("github", tmp_path, [installation(permissions={"administration": "write"})])
    assert (row.facts["blast_radius"], row.facts["privilege_level"]) == ("privileged", "high")


def test_an_app_is_a_vendors_only_where_its_maker_is_named(tmp_path):
    assert "ownership_class" not in one("github", tmp_path, [installation()]).facts
    assert one("github", tmp_path, [installation(app_owner={"login": "acme"})]).facts["ownership_class"] == "vendor"
    assert "ownership_class" not in one("github", tmp_path, [installation(app_owner={"login": "octo"})]).facts


def test_a_webhook_names_who_installed_it_and_meets_the_listed_one(tmp_path):
    payload = {
        "action": "created",
        "installation": installation(created_at=1557933591),
        "repositories": [{"id": 1, "full_name": "Octo/shop"}],
        "sender": {"login": "dana"},
    }
    told, listed = one("github", tmp_path, payload), one("github", tmp_path, [installation()])
    assert told.facts["technical_owner"] == "dana"
    assert told.facts["downstream_systems"] == ["Octo/shop"]
    assert told.aliases == listed.aliases
    assert told.record_type != listed.record_type  # one payload says nothing of the other installations


def test_a_persons_token_is_the_persons(tmp_path):
    row = one("github", tmp_path, [token(token_last_used_at="2025-02-16T08:47:09.000-07:00")])
    assert (row.facts["ownership_class"], row.facts["technical_owner"]) == ("human", "dana")
    assert row.facts["downstream_permissions"] == ["organization members:read", "repository contents:read"]
    assert row.facts["blast_radius"] == "read_only"
    assert row.last_used_at is not None
    assert row.last_used_at.isoformat() == "2025-02-16T15:47:09+00:00"
    (credential,) = row.credentials
    assert (credential.external_id, credential.name, credential.is_active) == ("12", "nightly", True)


def test_an_expired_token_is_not_active(tmp_path):
    assert not one("github", tmp_path, [token(token_expired=True)]).credentials[0].is_active


def test_an_authorised_token_is_kept_without_its_last_letters(tmp_path):
    item = {
        "login": "dana",
        "credential_id": 161195,
        "credential_type": "personal access token",
        "token_last_eight": "71c3fc11",
        "credential_authorized_at": "2024-01-26T19:06:43Z",
        "scopes": ["admin:org", "repo"],
        "authorized_credential_note": "release script",
    }
    row = one("github", tmp_path, [item])
    assert "71c3fc11" not in repr(row)
    assert row.label == "release script of dana"
    assert row.facts["privilege_level"] == "high"


def test_names_of_secrets_are_kept_and_a_value_is_not(tmp_path):
    item = {"name": "NPM_TOKEN", "created_at": "2024-01-15T10:00:00Z", "updated_at": "2024-06-01T12:00:00Z"}
    row = one("github", tmp_path, {"total_count": 1, "secrets": [{**item, "value": CANARY}]})
    assert CANARY not in repr(row)
    assert (row.record_type, row.key, row.account) == ("repository_secret", "NPM_TOKEN", "")
    (credential,) = row.credentials
    assert credential.exposed_in == "secret NPM_TOKEN in the export"
    assert credential.last_rotated_at is not None
    assert one("github", tmp_path, [{**item, "visibility": "all"}]).record_type == "organisation_secret"
    assert one("github", tmp_path, [item]).credentials[0].exposed_in == ""


@pytest.mark.parametrize(("read_only", "reach"), [(True, "read_only"), (False, "write_limited")])
def test_a_deploy_key_reads_or_writes_one_repository(tmp_path, read_only, reach):
    item = {
        "id": 5,
        "key": "ssh-rsa AAAA",
        "url": f"{API}/keys/5",
        "title": "deploy",
        "read_only": read_only,
        "added_by": "dana",
    }
    row = one("github", tmp_path, [item])
    assert "ssh-rsa" not in repr(row)
    assert (row.account, row.key) == ("octo", "octo/shop#5")
    assert (row.facts["blast_radius"], row.facts["technical_owner"]) == (reach, "dana")


def test_an_environment_is_a_subject_of_its_own_with_reviewers(tmp_path):
    reviewers = [{"type": "Team", "reviewer": {"slug": "ops"}}, {"type": "User", "reviewer": {"login": "dana"}}]
    item = {
        "id": 3,
        "name": "prod",
        "url": f"{API}/environments/prod",
        "protection_rules": [{"type": "required_reviewers", "reviewers": reviewers}],
    }
    row = one("github", tmp_path, {"total_count": 1, "environments": [item]})
    assert (row.key, row.facts["environment"], row.facts["technical_owner"]) == ("octo/shop/prod", "production", "dana")


def test_a_workflow_is_a_runner_of_its_repository(tmp_path):
    item = {
        "id": 9,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "state": "active",
        "url": f"{API}/actions/workflows/9",
    }
    row = one("github", tmp_path, {"total_count": 1, "workflows": [item]})
    assert (row.facts["kind"], row.facts["repository"]) == ("deploy_runner", "Octo/shop")
    assert row.key == "octo/shop/.github/workflows/ci.yml"
