from datetime import UTC, datetime
from itertools import permutations

import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.checking import check
from tests.identities.discovery.importers.exports import CANARY, dropped, one, read, reported, written

ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:user/ci/bot"
USER = {"UserName": "bot", "Arn": ARN, "UserId": "AIDAEXAMPLE000000001", "CreateDate": "2024-01-01T00:00:00+00:00"}
KEY = {"UserName": "bot", "Status": "Active", "CreateDate": "2024-02-01T00:00:00+00:00", "AccessKeyId": "AKIAEXAMPLE1"}
ADMIN = {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}


def role(trust=None, **members):
    name = members.pop("RoleName", "deploy")
    document = {"Statement": [{"Effect": "Allow", **trust}]} if trust else {}
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return {"RoleName": name, "Arn": arn, "Path": "/", "AssumeRolePolicyDocument": document, **members}


def test_something_else_is_refused_with_its_place(tmp_path):
    with pytest.raises(Unreadable, match="item 1: neither a user, nor an access key, nor a role") as refusal:
        read("aws-iam", written(tmp_path, "x.json", [{"secretText": CANARY, "a": 1}]))
    assert CANARY not in str(refusal.value)


def test_a_role_of_awss_own_is_dropped(tmp_path):
    own = role(RoleName="AWSServiceRoleForX", Path="/aws-service-role/x.amazonaws.com/")
    people = role(RoleName="AWSReservedSSO_Admin", Path="/aws-reserved/sso.amazonaws.com/")
    found = read("aws-iam", written(tmp_path, "roles.json", {"Roles": [own, people]}))
    assert "service of its own" in dropped(found)["AWSServiceRoleForX"]
    assert "people sign in" in dropped(found)["AWSReservedSSO_Admin"]


def test_tags_that_name_no_user_are_dropped_with_what_to_do(tmp_path):
    tags = written(tmp_path, "tags.json", {"Tags": [{"Key": "team", "Value": "payments"}]})
    assert "call the file after the user" in dropped(read("aws-iam", tags))["tags"]


def test_files_in_any_order_make_one_record_of_one_user(tmp_path):
    files = [
        written(tmp_path, "users.json", {"Users": [{**USER, "PasswordLastUsed": "2025-01-01T00:00:00Z"}]}),
        written(tmp_path, "keys.json", {"AccessKeyMetadata": [KEY], "IsTruncated": False}),
        written(
            tmp_path,
            "used.json",
            {"UserName": "bot", "AccessKeyLastUsed": {"LastUsedDate": "2026-01-01T00:00:00Z", "Region": "x"}},
        ),
        written(tmp_path, "bot.json", {"Tags": [{"Key": "Owner", "Value": "ann@example.org"}]}),
        written(tmp_path, "details.json", {"UserDetailList": [{**USER, "GroupList": ["ops"]}], "GroupDetailList": []}),
        written(
            tmp_path,
            "groups.json",
            {
                "GroupDetailList": [
                    {"GroupName": "ops", "Arn": f"arn:aws:iam::{ACCOUNT}:group/ops", "AttachedManagedPolicies": [ADMIN]}
                ]
            },
        ),
    ]
    for order in [*permutations(files[:4]), files[::-1]]:
        (bot,) = reported(check("aws-iam", [*order, *[file for file in files if file not in order]])).values()
        assert (bot.record_type, bot.key, bot.account) == ("iam_user", ARN, ACCOUNT)
        assert bot.last_used_at == datetime(2026, 1, 1, tzinfo=UTC)
        assert (bot.facts["ownership_class"], bot.facts["technical_owner"]) == ("human", "ann@example.org")
        assert (bot.facts["auth_method"], bot.facts["privilege_level"]) == ("static_api_key", "admin")
        assert [key.external_id for key in bot.credentials] == ["AKIAEXAMPLE1"]
        assert {ARN, "aws:access-key:AKIAEXAMPLE1", "./user/bot"} <= set(bot.aliases)


def test_keys_without_their_user_stand_for_an_account_that_is_not_named(tmp_path):
    bot = one("aws-iam", tmp_path, {"AccessKeyMetadata": [KEY, {**KEY, "AccessKeyId": "AKIA2", "Status": "Inactive"}]})
    assert (bot.record_type, bot.key, bot.account) == ("iam_user_by_name", "bot", "")
    assert [(key.external_id, key.is_active) for key in bot.credentials] == [("AKIA2", False), ("AKIAEXAMPLE1", True)]


def test_of_two_users_of_one_name_neither_gets_the_key(tmp_path):
    other = {**USER, "Arn": "arn:aws:iam::999988887777:user/bot", "UserId": "AIDAEXAMPLE000000002"}
    found = check("aws-iam", [written(tmp_path, "all.json", {"Users": [USER, other], "AccessKeyMetadata": [KEY]})])
    assert [len(row.credentials) for row in reported(found).values()] == [0, 0, 1]


def test_a_key_that_was_just_made_lies_open_in_its_file(tmp_path):
    made = written(tmp_path, "made.json", {"AccessKey": {**KEY, "SecretAccessKey": CANARY}})
    listed = written(tmp_path, "keys.json", {"AccessKeyMetadata": [KEY]})
    for files in ([made, listed], [listed, made]):
        (bot,) = reported(check("aws-iam", files)).values()
        assert bot.credentials[0].exposed_in == "AccessKey.SecretAccessKey in made.json"


GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
TRUSTED = [
    (
        {
            "Principal": {"Federated": GITHUB},
            "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/app:*"}},
        },
        "token.actions.githubusercontent.com subject=repo:acme/app:*",
        "federated",
        "workload",
    ),
    ({"Principal": {"Federated": GITHUB}}, "token.actions.githubusercontent.com subject=*", "federated", "workload"),
    ({"Principal": {"Service": "ec2.amazonaws.com"}}, "ec2.amazonaws.com", "conditional_service_account", "workload"),
    (
        {"Principal": {"AWS": "arn:aws:iam::999988887777:root"}},
        "arn:aws:iam::999988887777:root subject=*",
        "conditional_service_account",
        "service_account",
    ),
    ({"Principal": "*"}, "* subject=*", "conditional_service_account", "service_account"),
]


@pytest.mark.parametrize(("trust", "source", "method", "kind"), TRUSTED)
def test_who_may_become_a_role_is_said_as_issuer_and_subject(tmp_path, trust, source, method, kind):
    facts = one("aws-iam", tmp_path, {"Roles": [role(trust)]}).facts
    assert (facts["upstream_trust_source"], facts["auth_method"], facts["kind"]) == (source, method, kind)


def test_an_external_id_is_said_to_be_there_and_not_shown(tmp_path):
    condition = {"StringEquals": {"sts:ExternalId": CANARY}}
    path = written(tmp_path, "r.json", [role({"Principal": {"AWS": "999988887777"}, "Condition": condition})])
    (row,) = reported(check("aws-iam", [path])).values()
    assert row.facts["upstream_trust_source"] == "999988887777 subject=external id"


@pytest.mark.parametrize(
    ("policies", "level"),
    [
        ([ADMIN], "admin"),
        ([{"PolicyName": "PowerUserAccess"}], "high"),
        ([{"PolicyName": "AmazonS3FullAccess"}], "high"),
        ([{"PolicyName": "AmazonS3ReadOnlyAccess"}], "low"),
        ([{"PolicyName": "house-rules"}], None),
    ],
)
def test_policies_say_how_much_it_may_do_only_where_they_leave_no_doubt(tmp_path, policies, level):
    facts = one("aws-iam", tmp_path, {"RoleDetailList": [role(AttachedManagedPolicies=policies)]}).facts
    assert facts.get("privilege_level") == level
    assert facts["downstream_permissions"] == [policies[0]["PolicyName"]]


def test_an_own_policy_for_everything_is_admin(tmp_path):
    all_of_it = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policy = {"PolicyName": "mine", "PolicyDocument": all_of_it}
    facts = one("aws-iam", tmp_path, {"RoleDetailList": [role(RolePolicyList=[policy])]}).facts
    assert (facts["privilege_level"], facts["downstream_permissions"]) == ("admin", ["mine: *"])
