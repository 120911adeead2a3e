import pytest

from identities.discovery.reading.secrets import WITHHELD, is_secret_cell, is_secret_name, is_secret_text, sealed

CANARY = "CANARY-0004-never-keep-this-value"


def test_members_that_hold_secrets_are_taken_out_at_any_depth():
    record = {
        "name": "bot",
        "client_secret": CANARY,
        "spec": [{"privateKey": CANARY, "id": 1}, {"Password": ""}],
        "own": {"handle": CANARY},
    }
    kept = sealed(record, ["handle"])
    assert kept.record == {"name": "bot", "spec": [{"id": 1}, {}], "own": {}}
    assert kept.held == ("client_secret", "spec.0.privateKey", "own.handle")
    assert CANARY not in repr(kept)


SPELT = [
    "-----BEGIN RSA PRIVATE KEY-----\nabc",
    "ghp_" + "a1" * 18,
    "https://user:pass@example.org/x",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "Server=db;Password=hunter22;",
]


@pytest.mark.parametrize("text", SPELT)
def test_what_is_spelt_like_a_secret_is_withheld_wherever_it_stands(text):
    assert is_secret_text(text)
    kept = sealed({"notes": [text]})
    assert (kept.record, kept.held) == ({"notes": [WITHHELD]}, ("notes.0",))


@pytest.mark.parametrize(
    "text",
    ["arn:aws:iam::123456789012:user/team/bot", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "AKIAEXAMPLE000000001"],
)
def test_names_and_digests_are_none(text):
    assert not is_secret_cell(text)


def test_the_secret_half_of_an_access_key_is_known_in_a_cell():
    assert is_secret_cell("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE123"[:40])


def test_names_of_members_are_compared_without_case_and_signs():
    assert is_secret_name("Client-Secret")
    assert not is_secret_name("secretName")
