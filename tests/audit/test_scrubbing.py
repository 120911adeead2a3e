"""The net under the callers: no secret, no control character, and no reference lost."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from audit import chain
from audit.events import Outcome
from audit.scrubbing import MASK, clean_changes, clean_members, clean_text

SECRETS = [
    "nhi_prod_" + "aB3" * 14 + "x_9fK2aa",
    "nhi_dev_" + "0" * 43 + "_abcdef",
    "srt_eyJzdWIiOiJ4IiwicmlkIjoieSJ9.c2lnbmF0dXJl",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0",
    "hvs.CAESIJ1234567890abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a" * 36,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIE cut off",
    "Bearer abcdefghijklmnop1234",
    "basic dXNlcjpwYXNzd29yZDEyMw==",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.uuids() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.integers()),
    max_leaves=10,
)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_inside_a_text_is_masked(secret: str) -> None:
    cleaned = clean_text(f"sent {secret} to us")
    assert MASK in cleaned
    assert secret not in cleaned
    assert cleaned.endswith("to us") or "cut off" in secret


def test_a_password_in_an_address_is_masked() -> None:
    assert clean_text("postgres://steward:hunter2@db:5432/x") == f"postgres://{MASK}@db:5432/x"


@pytest.mark.parametrize(
    "name",
    ["password", "newPassword", "clientSecret", "client_secret", "access_token", "apiKey", "private_key",
     "Authorization", "credential", "client_assertion", "cookie"],
)  # fmt: skip
def test_a_member_with_a_secret_name_is_masked(name: str) -> None:
    assert clean_members({name: "x"}) == {name: MASK}
    assert clean_members({"deep": [{name: {"inner": "x"}}]}) == {"deep": [{name: MASK}]}
    assert clean_changes({name: {"previous": None, "current": "x"}}) == {name: {"previous": None, "current": MASK}}


@pytest.mark.parametrize(
    "name",
    ["secret_name", "secretName", "secretReference", "tokens_revoked_at", "credential_id", "refreshTokenId",
     "token_type", "jti", "sealed_credential_set", "has_credential", "token_jti", "issueSecret"],
)  # fmt: skip
def test_a_reference_is_not_a_secret(name: str) -> None:
    value = True if name.startswith("has_") else "x"
    assert clean_members({name: value}) == {name: value}


def test_the_refresh_tokens_own_record_keeps_its_words() -> None:
    given = {"refreshToken": {"previous": "active", "current": "invalidated", "reason": "password-rotated"}}
    assert clean_changes(given) == given


@pytest.mark.parametrize("mark", ["\x00", "\r\n", "\x1b[31m", "\u202e", "\u2066", "\u2028", "\ud800", "\x85", "\ufeff"])
def test_unprintable_characters_are_written_out(mark: str) -> None:
    cleaned = clean_text(f"a{mark}b")
    assert cleaned.isprintable()
    assert cleaned != "ab"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean_text("x" * 10_000, 50) == "x" * 49 + "…"


def test_values_become_plain_and_exact() -> None:
    at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert clean_members(
        {"f": 1.5, "d": Decimal("2.50"), "at": at, "u": UUID(int=1), "e": Outcome.DENIED, "o": object()}
    ) == {
        "f": "1.5",
        "d": "2.50",
        "at": "2026-01-02T03:00:00.000000Z",
        "u": "00000000-0000-0000-0000-000000000001",
        "e": "denied",
        "o": "<object>",
    }


def test_endless_nesting_ends_in_a_mask() -> None:
    deep: dict[str, object] = {}
    for _ in range(100):
        deep = {"a": deep}
    assert MASK in json.dumps(clean_members(deep))


@given(st.dictionaries(st.text(), ANYTHING))
def test_whatever_comes_in_has_a_canonical_form_and_a_way_into_the_database(members: dict[str, object]) -> None:
    cleaned = clean_members(members)
    chain.canonical(cleaned)
    json.dumps(cleaned).encode("utf-8")
    assert "\\u0000" not in json.dumps(cleaned).replace("\\\\", "")


def test_what_passes_unsearched_could_hold_no_secret():
    """The short way for ids takes only characters that every pattern of a secret has to leave."""
    plain = set("0123456789abcdef-")
    for secret in (
        "nhi_production_" + "a1" * 20,
        "eyJabcdef.abcdef.abcdef",
        "hvs." + "a" * 24,
        "s." + "a" * 24,
        "AKIA" + "0" * 16,
        "ghp_" + "a" * 36,
        "xoxb-" + "a" * 12,
        "Bearer " + "a" * 20,
        "https://a:b@c",
        "a\nb",
    ):
        assert not set(secret) <= plain
        assert clean_text(secret) != secret
