"""The format: made, recognised and found without a database."""

import re
import string
from zlib import crc32

import pytest
from hypothesis import given, strategies as st

from identities.credentials.secret_format import ALPHABET, ENVIRONMENTS, checksum, find, generate, is_well_formed

environments = st.sampled_from(sorted(ENVIRONMENTS))


@given(environments)
def test_what_is_made_is_recognised(environment: str) -> None:
    text = generate(environment)
    assert re.fullmatch(r"nhi_[a-z]+_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", text)
    assert is_well_formed(text)


@given(environments, st.integers(min_value=0, max_value=60), st.sampled_from(string.ascii_letters + string.digits))
def test_any_changed_character_is_noticed(environment: str, position: int, character: str) -> None:
    text = generate(environment)
    position %= len(text)
    changed = text[:position] + character + text[position + 1 :]
    assert is_well_formed(changed) is (changed == text)


@given(st.text())
def test_other_text_is_not_ours(text: str) -> None:
    assert not is_well_formed(text)


@given(st.text(alphabet=string.printable), st.text(alphabet=string.printable), environments)
def test_a_secret_is_found_in_any_surroundings(before: str, after: str, environment: str) -> None:
    secret = generate(environment)
    assert list(find(f"{before} {secret} {after}")) == [secret]


def test_the_checksum_is_crc32_in_base62_padded_to_six() -> None:
    number = 0
    for digit in checksum("nhi_prod_x"):
        number = number * 62 + ALPHABET.index(digit)
    assert number == crc32(b"nhi_prod_x")
    assert len(checksum("")) == 6


def test_no_two_are_alike() -> None:
    assert len({generate("production") for _ in range(500)}) == 500


def test_an_environment_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        generate("moon")
