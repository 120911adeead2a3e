"""A reference as the outside writes it, and one spelling for one address."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from identities.errors import Invalid
from identities.vaults.references import SecretReference, normal_uri

GIVEN = {"provider": "local", "vaultUri": "local://default", "secretName": "payroll"}


@pytest.mark.parametrize("version", [None, "3"])
def test_a_reference_goes_in_and_out_in_camel_case(version: str | None) -> None:
    data = GIVEN | ({"version": version} if version else {})
    assert SecretReference.from_json(data).as_json() == data


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"provider": None}, "provider"),
        ({"vaultUri": 7}, "vault_uri"),
        ({"vaultUri": "x" * 501}, "vault_uri"),
        ({"secretName": " "}, "secret_name"),
        ({"secretName": "x" * 301}, "secret_name"),
        ({"version": 3}, "version"),
        ({"secretValue": "x"}, "secretValue"),
        ({"secret_name": "x"}, "secret_name"),
    ],
)
def test_a_member_that_does_not_fit_is_named(change: dict[str, Any], member: str) -> None:
    with pytest.raises(Invalid) as invalid:
        SecretReference.from_json(GIVEN | change)
    assert list(invalid.value.errors) == [member]


@pytest.mark.parametrize("data", [None, "text", [], 1])
def test_anything_but_an_object_is_refused(data: object) -> None:
    with pytest.raises(Invalid) as invalid:
        SecretReference.from_json(data)
    assert list(invalid.value.errors) == ["secret_reference"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("HTTPS://Vault.Example.COM:443/", "https://vault.example.com"),
        ("https://vault.example.com:8200/team/", "https://vault.example.com:8200/team"),
        ("http://[::1]:80", "http://[::1]"),
        ("local://default", "local://default"),
    ],
)
def test_one_vault_has_one_spelling(text: str, normal: str) -> None:
    assert normal_uri(text) == normal == normal_uri(normal)


@pytest.mark.parametrize(
    "text",
    ["", "vault.example.com", "https://", "https:///path", "https://user@host", "https://user:pass@host", "https://h?x=1",
     "https://h#x", "https://h/../x", "https://h/%2e%2e", "https://h\\@evil", "https://h\r\nx", "https://h h", "https://h:0",
     "https://h:99999", "https://h:port", "https://[::1", "https://h/\u2028"],
)  # fmt: skip
def test_an_address_with_more_than_an_address_in_it_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as invalid:
        normal_uri(text)
    assert list(invalid.value.errors) == ["vault_uri"]


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_invalid(text: str) -> None:
    for candidate in (text, f"https://{text}"):
        try:
            normal = normal_uri(candidate)
        except Invalid:
            continue
        assert normal_uri(normal) == normal
