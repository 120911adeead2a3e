from datetime import UTC, datetime

import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.checking import check
from tests.identities.discovery.importers.exports import CANARY, dropped, one, read, reported, written

EMAIL = "bot@acme-prod.iam.gserviceaccount.com"
NAME = f"projects/acme-prod/serviceAccounts/{EMAIL}"
ACCOUNT = {"name": NAME, "projectId": "acme-prod", "email": EMAIL, "displayName": "Bot", "uniqueId": "1" * 21}


def key(number, **members):
    dates = {"validAfterTime": "2024-01-01T00:00:00Z", "validBeforeTime": "9999-12-31T23:59:59Z"}
    return {"name": f"{NAME}/keys/{number}", "keyType": "USER_MANAGED", **dates, **members}


def test_something_else_is_refused_with_its_place(tmp_path):
    with pytest.raises(Unreadable, match="item 1: neither a service account, nor a key, nor a binding"):
        read("gcp", written(tmp_path, "x.json", [{"color": CANARY}]))


def test_a_key_that_google_manages_is_dropped(tmp_path):
    found = check("gcp", [written(tmp_path, "keys.json", [key("1", keyType="SYSTEM_MANAGED")])])
    assert "Google manages" in dropped(found)[f"Key 1 of {EMAIL}"]
    assert not reported(found)


def test_accounts_and_keys_are_one_record_in_any_order(tmp_path):
    files = [written(tmp_path, "accounts.json", [ACCOUNT]), written(tmp_path, "keys.json", [key("k1")])]
    for order in (files, files[::-1]):
        (bot,) = reported(check("gcp", order)).values()
        assert (bot.record_type, bot.key, bot.account) == ("service_account", EMAIL, "acme-prod")
        assert bot.aliases == (f"gcp:service-account:{EMAIL}", "gcp:unique-id:" + "1" * 21)
        (found,) = bot.credentials
        assert (found.kind, found.external_id, found.expires_at) == ("access_key", "k1", None)
        assert found.created_at == datetime(2024, 1, 1, tzinfo=UTC)
        assert bot.facts["auth_method"] == "static_api_key"


def test_a_key_with_an_end_keeps_it(tmp_path):
    bot = one("gcp", tmp_path, [key("k1", validBeforeTime="2026-04-09T14:07:01Z")])
    assert bot.credentials[0].expires_at == datetime(2026, 4, 9, 14, 7, 1, tzinfo=UTC)
    assert bot.record_type == "service_account_by_key"


def test_the_project_in_the_name_counts_where_the_two_differ(tmp_path):
    bot = one("gcp", tmp_path, [{**ACCOUNT, "projectId": "elsewhere", "uniqueId": ""}])
    assert (bot.account, bot.key) == ("acme-prod", EMAIL)


def test_a_key_file_is_a_key_that_lies_open(tmp_path):
    secret = f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"
    file = {"type": "service_account", "project_id": "acme-prod", "private_key_id": "k1", "private_key": secret}
    opened = written(tmp_path, "sa.json", {**file, "client_email": EMAIL, "client_id": "1" * 21})
    listed = written(tmp_path, "keys.json", [key("k1")])
    for order in ([opened, listed], [listed, opened]):
        (bot,) = reported(check("gcp", order)).values()
        (found,) = bot.credentials
        assert found.exposed_in == "private_key in sa.json"
        assert found.created_at is not None


@pytest.mark.parametrize(
    ("role", "level"), [("roles/owner", "admin"), ("roles/editor", "high"), ("roles/viewer", "low"), ("roles/x", None)]
)
def test_bindings_say_what_it_may_do(tmp_path, role, level):
    members = [
        f"serviceAccount:{EMAIL}",
        "user:ann@example.org",
        "serviceAccount:service-1@gcp-sa-x.iam.gserviceaccount.com",
    ]
    path = written(tmp_path, "policy.json", {"bindings": [{"role": role, "members": members}], "etag": "x"})
    found = check("gcp", [path])
    (bot,) = reported(found).values()
    assert bot.facts["downstream_permissions"] == [role]
    assert bot.facts.get("privilege_level") == level
    assert bot.account == "acme-prod"
    assert len(dropped(found)) == 1


def test_a_disabled_account_says_so(tmp_path):
    assert one("gcp", tmp_path, [{**ACCOUNT, "disabled": True}]).facts["description"] == "Disabled in Google Cloud."
