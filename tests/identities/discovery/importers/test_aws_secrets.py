import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, one, read, written

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf"


def secret(**members):
    return {
        "ARN": ARN,
        "Name": "shop/db",
        "LastChangedDate": "2024-05-01T10:00:00+00:00",
        "CreatedDate": 1700000000.5,
        "Tags": [{"Key": "owner", "Value": "dana@example.org"}, {"Key": "env", "Value": "prod"}],
        **members,
    }


def test_what_is_no_secret_of_aws_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="item 2 of SecretList") as refusal:
        read("aws-secrets", written(tmp_path, "s.json", {"SecretList": [secret(), {"ARN": CANARY}]}))
    assert CANARY not in str(refusal.value)


def test_a_value_is_never_kept(tmp_path):
    row = one("aws-secrets", tmp_path, {"SecretList": [secret(SecretString=CANARY)]})
    assert CANARY not in repr(row)
    assert row.credentials[0].exposed_in == "value of shop/db in the export"


def test_account_and_region_come_from_the_name(tmp_path):
    row = one("aws-secrets", tmp_path, {"SecretList": [secret()]})
    assert (row.account, row.key, row.record_type) == ("123456789012", ARN, "secret_eu_west_1")
    assert (row.facts["technical_owner"], row.facts["environment"]) == ("dana@example.org", "production")
    assert row.credentials[0].exposed_in == ""


def test_dates_and_the_rotation_that_is_on_are_kept(tmp_path):
    rotated = secret(RotationEnabled=True, RotationRules={"AutomaticallyAfterDays": 30}, LastAccessedDate="2024-06-01")
    row = one("aws-secrets", tmp_path, {"SecretList": [rotated]})
    assert row.facts["rotation_interval_days"] == 30
    assert row.last_used_at is not None
    assert row.credentials[0].last_rotated_at is not None
    off = one("aws-secrets", tmp_path, {"SecretList": [secret(RotationRules={"AutomaticallyAfterDays": 30})]})
    assert "rotation_interval_days" not in off.facts
