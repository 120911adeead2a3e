from datetime import UTC, datetime

import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.checking import check
from tests.identities.discovery.importers.exports import CANARY, dropped, read, reported, written

ACCOUNT = "111122223333"
COLUMNS = [
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed"),
    *("password_next_rotation", "mfa_active"),
    *(
        f"access_key_{number}_{what}"
        for number in (1, 2)
        for what in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
    ),
    *("cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"),
]
MADE, USED = "2024-02-01T10:00:00+00:00", "2026-01-05T08:00:00+00:00"


def row(user, **cells):
    resource = "root" if user == "<root_account>" else f"user/{user}"
    known = {"user": user, "arn": f"arn:aws:iam::{ACCOUNT}:{resource}", "user_creation_time": MADE, **cells}
    silent = {column: "false" if column.endswith(("active", "enabled")) else "N/A" for column in COLUMNS}
    return ",".join({**silent, **known}[column] for column in COLUMNS)


def report(folder, *rows, header=None):
    return written(folder, "report.csv", "\n".join([header or ",".join(COLUMNS), *rows]))


def read_rows(folder, *rows):
    path = report(folder, *rows)
    return {record.label: record for record in reported(check("aws-credential-report", [path])).values()}


def test_another_table_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="row 1: the columns of a credential report are missing"):
        read("aws-credential-report", written(tmp_path, "other.csv", f"user,arn\nx,{CANARY}\n"))


def test_a_listing_is_told_where_it_belongs(tmp_path):
    listing = written(tmp_path, "users.json", {"AccessKeyMetadata": []})
    with pytest.raises(Unreadable, match=r"this looks like the kind aws-iam \(AWS IAM listings\); import it as that"):
        read("aws-credential-report", listing)


def test_a_person_with_a_password_alone_is_dropped_with_the_reason(tmp_path):
    found = read("aws-credential-report", report(tmp_path, row("ann", password_enabled="TRUE")))
    assert "a person" in dropped(found)["ann"]


def test_a_row_without_an_arn_is_dropped(tmp_path):
    assert "no ARN" in dropped(read("aws-credential-report", report(tmp_path, row("x", arn="x"))))["x"]


@pytest.mark.parametrize("yes", ["true", "TRUE", "True"])
def test_a_key_is_known_by_its_number_and_dates(tmp_path, yes):
    cells = {"access_key_1_active": yes, "access_key_1_last_rotated": MADE, "access_key_1_last_used_date": USED}
    bot = read_rows(tmp_path, row("bot", **cells))["bot"]
    (key,) = bot.credentials
    assert (key.kind, key.external_id, key.is_active) == ("access_key", "access_key_1", True)
    assert key.created_at == key.last_rotated_at == datetime(2024, 2, 1, 10, tzinfo=UTC)
    assert key.last_used_at == bot.last_used_at == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert bot.key == f"arn:aws:iam::{ACCOUNT}:user/bot"
    assert (bot.account, bot.facts["auth_method"], bot.facts["ownership_class"]) == (
        ACCOUNT,
        "static_api_key",
        "workload",
    )


def test_a_key_that_is_off_stays_and_one_that_never_was_is_none(tmp_path):
    bot = read_rows(tmp_path, row("bot", access_key_2_last_rotated=MADE))["bot"]
    assert [(key.external_id, key.is_active) for key in bot.credentials] == [("access_key_2", False)]


def test_words_for_not_known_are_no_dates(tmp_path):
    cells = {"password_enabled": "true", "password_last_used": "no_information", "access_key_1_active": "true"}
    bot = read_rows(tmp_path, row("bot", access_key_1_last_rotated="not_supported", **cells))["bot"]
    assert bot.last_used_at is None
    assert {key.kind for key in bot.credentials} == {"access_key", "password"}


def test_a_key_beside_a_password_is_a_personal_account_that_a_machine_uses(tmp_path):
    cells = {"password_enabled": "true", "access_key_1_active": "true", "access_key_1_last_rotated": MADE}
    assert read_rows(tmp_path, row("ann", **cells))["ann"].facts["ownership_class"] == "human"


def test_root_is_a_shared_admin_account_with_or_without_keys(tmp_path):
    cells = {"password_enabled": "not_supported", "cert_1_active": "true", "cert_1_last_rotated": MADE}
    root = read_rows(tmp_path, row("<root_account>", access_key_2_last_rotated=MADE, **cells))[f"root of {ACCOUNT}"]
    assert (root.facts["kind"], root.facts["auth_method"], root.facts["privilege_level"]) == (
        "cloud_key",
        "human_shared_admin",
        "admin",
    )
    assert [key.external_id for key in root.credentials] == ["cert_1"]


def test_columns_that_newer_reports_add_are_passed_by(tmp_path):
    path = report(tmp_path, f"{row('bot', access_key_1_active='true')},{CANARY}", header=",".join([*COLUMNS, "new"]))
    assert reported(check("aws-credential-report", [path]))
