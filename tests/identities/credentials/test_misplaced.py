"""A client secret where none belongs is found, however deep it lies, and nothing else is taken for one."""

import json
from urllib.parse import quote

import pytest

from identities.credentials.misplaced import members_with_secrets
from identities.credentials.secret_format import generate


@pytest.mark.parametrize("write", [str, lambda text: f"it is {text}.", lambda text: quote(f"a b {text}"), json.dumps])
def test_a_secret_is_found_in_any_text(write):
    assert members_with_secrets({"a": "fine", "reason": write(generate("production"))}) == ["reason"]


def test_it_is_found_deep_in_a_value_and_in_a_name():
    secret = generate("sandbox")
    assert members_with_secrets({"tags": {"a": [{"b": secret}]}, secret: 1, "n": 5}) == ["tags", secret]


def test_what_only_looks_like_one_is_let_by():
    secret = generate("production")
    damaged = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    assert members_with_secrets({"a": damaged, "b": "nhi_prod_", "c": None, "d": "x" * 10_000}) == []
