import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.checking import check
from tests.identities.discovery.importers.exports import CANARY, dropped, one, read, reported, written

ARN = "arn:aws:iam::111122223333:user/bot"
USER = {"arn": ARN, "name": "bot", "unique_id": "AIDAEXAMPLE000000001", "tags": {"owner": "ann@example.org"}}


def resource(kind, name, *instances, **members):
    found = [{"attributes": instance} for instance in instances]
    return {"mode": "managed", "type": kind, "name": name, "instances": found, **members}


def state(*resources, **members):
    return {"version": 4, "terraform_version": "1.9.0", "lineage": "abc", **members, "resources": list(resources)}


def key(number, user="bot"):
    return {"id": f"AKIA{number}", "user": user, "secret": CANARY, "ses_smtp_password_v4": CANARY, "status": "Active"}


def test_something_else_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="no resource of a state with a version"):
        read("terraform-state", written(tmp_path, "x.json", {"resources": [{"type": "x"}]}))


def test_a_data_source_is_dropped_with_the_reason(tmp_path):
    path = written(tmp_path, "s.tfstate", state(resource("aws_iam_user", "other", USER, mode="data")))
    assert "only reads it" in dropped(check("terraform-state", [path]))["data.aws_iam_user.other"]


def test_a_user_and_the_key_before_it_are_one_record_and_the_secret_lies_open(tmp_path):
    path = written(
        tmp_path,
        "s.tfstate",
        state(resource("aws_iam_access_key", "key", key(1)), resource("aws_iam_user", "bot", USER)),
    )
    (bot,) = reported(check("terraform-state", [path])).values()
    assert (bot.key, bot.account, bot.facts["technical_owner"]) == (ARN, "abc", "ann@example.org")
    assert {ARN, "aws:unique-id:AIDAEXAMPLE000000001", "aws:access-key:AKIA1"} == set(bot.aliases)
    assert bot.credentials[0].exposed_in == "secret of aws_iam_access_key.key"


def test_the_state_and_the_platforms_export_share_a_name(tmp_path):
    of_state = one("terraform-state", tmp_path, state(resource("aws_iam_user", "bot", USER)))
    of_aws = one("aws-iam", tmp_path, {"Users": [{"UserName": "bot", "Arn": ARN, "CreateDate": "2024-01-01"}]})
    assert set(of_state.aliases) & set(of_aws.aliases)


def test_keys_of_a_user_made_elsewhere_stand_together(tmp_path):
    bot = one("terraform-state", tmp_path, state(resource("aws_iam_access_key", "key", key(1), key(2))))
    assert [found.external_id for found in bot.credentials] == ["AKIA1", "AKIA2"]
    assert (bot.label, bot.facts["kind"]) == ("bot", "service_account")


def test_modules_and_index_keys_are_in_the_address(tmp_path):
    one_of_many = {"index_key": "a", "attributes": {"secret": CANARY, "id": "AKIA9", "user": "bot"}}
    found = resource("aws_iam_access_key", "key", module='module.team["x"]') | {"instances": [one_of_many]}
    bot = one("terraform-state", tmp_path, state(found))
    assert bot.credentials[0].exposed_in == 'secret of module.team["x"].aws_iam_access_key.key["a"]'


def test_what_terraform_calls_sensitive_is_taken_out_whatever_its_name(tmp_path):
    instance = {
        "attributes": {"name": "bot", "arn": ARN, "tags": {"owner": CANARY}},
        "sensitive_attributes": [[{"type": "get_attr", "value": "tags"}]],
    }
    path = written(tmp_path, "s.tfstate", state(resource("aws_iam_user", "bot") | {"instances": [instance]}))
    assert reported(check("terraform-state", [path]))


def test_a_role_has_its_trust_and_its_policies(tmp_path):
    trust = '{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"}}]}'
    arn = "arn:aws:iam::111122223333:role/fn"
    attached = {"role": "fn", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    row = one(
        "terraform-state",
        tmp_path,
        state(
            resource("aws_iam_role", "fn", {"name": "fn", "arn": arn, "assume_role_policy": trust}),
            resource("aws_iam_role_policy_attachment", "fn", attached),
        ),
    )
    assert (row.facts["upstream_trust_source"], row.facts["privilege_level"]) == ("lambda.amazonaws.com", "admin")


def test_an_application_its_service_principal_and_its_secret_are_one_record(tmp_path):
    app = {"client_id": "C1", "display_name": "Invoices", "id": "/applications/o1", "object_id": "o1"}
    principal = {"client_id": "C1", "display_name": "Invoices", "object_id": "o2"}
    secret = {"application_id": "/applications/o1", "key_id": "k1", "value": CANARY, "end_date": "2027-01-01T00:00:00Z"}
    path = written(
        tmp_path,
        "s.tfstate",
        state(
            resource("azuread_application", "a", app),
            resource("azuread_application_password", "p", secret),
            resource("azuread_service_principal", "s", principal),
        ),
    )
    (row,) = reported(check("terraform-state", [path])).values()
    assert row.aliases == ("entra:appId:c1",)
    assert (row.credentials[0].kind, row.credentials[0].external_id) == ("client_secret", "k1")
    assert row.credentials[0].exposed_in == "value of azuread_application_password.p"


def test_a_google_key_finds_its_account(tmp_path):
    email = "bot@acme.iam.gserviceaccount.com"
    name = f"projects/acme/serviceAccounts/{email}"
    row = one(
        "terraform-state",
        tmp_path,
        state(
            resource(
                "google_service_account_key",
                "k",
                {"name": f"{name}/keys/7", "service_account_id": name, "private_key": CANARY},
            ),
            resource("google_service_account", "b", {"email": email, "name": name}),
        ),
    )
    assert row.aliases == (f"gcp:service-account:{email}",)
    assert (row.credentials[0].external_id, row.facts["auth_method"]) == ("7", "static_api_key")


def test_secrets_for_workflows_and_clients_of_other_platforms_are_read(tmp_path):
    path = written(
        tmp_path,
        "s.tfstate",
        state(
            resource(
                "github_actions_secret", "s", {"repository": "app", "secret_name": "TOKEN", "plaintext_value": CANARY}
            ),
            resource("okta_app_oauth", "o", {"label": "Sync", "client_id": "0oa1", "client_secret": CANARY}),
            resource("kubernetes_service_account", "k", {"metadata": [{"name": "bot", "namespace": "ci"}]}),
        ),
    )
    found = {row.label: row for row in reported(check("terraform-state", [path])).values()}
    assert set(found) == {"TOKEN in app", "Sync", "ci/bot"}
    assert found["Sync"].credentials[0].exposed_in == "client_secret of okta_app_oauth.o"


def test_the_state_of_older_versions_is_read(tmp_path):
    attributes = {"arn": ARN, "name": "bot", "tags.%": "1", "tags.owner": "ann@example.org"}
    resources = {
        "aws_iam_user.bot": {"type": "aws_iam_user", "primary": {"id": "bot", "attributes": attributes}},
        "aws_iam_access_key.k": {
            "type": "aws_iam_access_key",
            "primary": {"attributes": {"id": "AKIA1", "user": "bot", "secret": CANARY}},
        },
        "data.aws_iam_user.other": {"type": "aws_iam_user", "primary": {"attributes": {"name": "other"}}},
    }
    old = {
        "version": 3,
        "terraform_version": "0.11.14",
        "modules": [{"path": ["root", "team"], "resources": resources}],
    }
    (bot,) = reported(check("terraform-state", [written(tmp_path, "s.tfstate", old)])).values()
    assert (bot.key, bot.facts["technical_owner"]) == (ARN, "ann@example.org")
    assert bot.credentials[0].exposed_in == "secret of module.team.aws_iam_access_key.k"
