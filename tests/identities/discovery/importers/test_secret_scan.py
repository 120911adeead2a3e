import json

import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, one, read, reported, written


def leak(line=3, commit="a" * 40, **members):
    return {
        "RuleID": "generic-api-key",
        "Description": "Generic API Key",
        "StartLine": line,
        "Match": f"key={CANARY}",
        "Secret": CANARY,
        "File": "deploy/.env",
        "Commit": commit,
        "Author": "Dana",
        "Email": "dana@example.org",
        "Date": "2024-05-01T10:00:00Z",
        "Message": f"oops {CANARY}",
        "Link": f"https://github.com/octo/shop/blob/{commit}/deploy/.env#L{line}",
        "Fingerprint": f"{commit}:deploy/.env:generic-api-key:{line}",
        **members,
    }


def hog(**members):
    return {
        "SourceMetadata": {
            "Data": {
                "Git": {
                    "commit": "b" * 40,
                    "file": "config.py",
                    "email": "Dana <dana@example.org>",
                    "repository": f"https://dana:{CANARY}@github.com/octo/shop.git",
                    "timestamp": "2024-05-01 10:00:00 +0000",
                    "line": 7,
                }
            }
        },
        "SourceName": "trufflehog - git",
        "DetectorName": "AWS",
        "Verified": True,
        "Raw": CANARY,
        "RawV2": CANARY,
        "Redacted": CANARY,
        "ExtraData": {"arn": "arn:aws:iam::123456789012:user/ci", "account": "123456789012"},
        **members,
    }


def test_what_is_no_report_is_refused_with_its_place(tmp_path):
    with pytest.raises(Unreadable, match="item 2") as refusal:
        read("secret-scan", written(tmp_path, "x.json", [leak(), {"color": CANARY}]))
    assert CANARY not in str(refusal.value)


def test_nothing_of_a_leaked_secret_is_kept_only_where_it_lay(tmp_path):
    row = one("secret-scan", tmp_path, [leak()])
    assert CANARY not in repr(row)
    assert (row.account, row.label) == ("github.com/octo/shop", "generic-api-key in deploy/.env")
    assert row.credentials[0].exposed_in == "line 3 of deploy/.env at commit aaaaaaaaaaaa"
    assert "technical_owner" not in row.facts  # who committed it need not own it


def test_a_secret_that_stands_in_several_commits_is_one_row(tmp_path):
    row = one("secret-scan", tmp_path, [leak(), leak(line=9), leak(commit="c" * 40), leak()])
    assert len(row.credentials) == 3


def test_lines_of_trufflehog_are_read_and_meet_the_user_whose_key_it_is(tmp_path):
    path = written(tmp_path, "hog.json", "\n".join(json.dumps(item) for item in (hog(), hog(DetectorName="Slack"))))
    found = read("secret-scan", path)
    assert CANARY not in repr(found)
    rows = reported(found)
    assert rows["config.py#AWS"].aliases == ("arn:aws:iam::123456789012:user/ci",)
    assert rows["config.py#AWS"].account == "github.com/octo/shop"
    assert rows["config.py#AWS"].credentials[0].kind == "access_key"
    assert rows["config.py#Slack"].credentials[0].kind == "api_token"
