"""No name leads out of its prefix."""

from posixpath import normpath
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from identities.vaults.failures import VaultPathRefused
from identities.vaults.names import confined, dashed, plain_version

ROUGH = st.text(st.sampled_from(list("ab./\\%2e0fF \x00~:@#?")), max_size=30) | st.text(max_size=30)


@given(ROUGH)
def test_whatever_passes_stays_under_the_prefix_however_it_is_read(name: str) -> None:
    try:
        path = confined("steward/prod", name)
    except VaultPathRefused:
        return
    for read in (path, unquote(path), unquote(unquote(path)), path.replace("\\", "/")):
        assert normpath(read) == path
        assert read.startswith("steward/prod/")


def test_a_plain_name_is_left_as_it_is() -> None:
    assert confined("steward/prod", "team_1/payroll-bot@v2.key") == "steward/prod/team_1/payroll-bot@v2.key"
    assert confined("", "payroll") == "payroll"


def test_a_prefix_is_held_to_the_same_rule() -> None:
    with pytest.raises(VaultPathRefused):
        confined("..", "payroll")


def test_a_version_is_a_number_or_none() -> None:
    assert plain_version(None) is None
    assert plain_version("12") == 12


@pytest.mark.parametrize(
    ("path", "name"), [("payroll", "payroll"), ("team/payroll-bot", "team--payroll-bot"), ("a/b/c", "a--b--c")]
)
def test_for_a_vault_without_slashes_each_becomes_two_dashes(path: str, name: str) -> None:
    assert dashed(path, longest=127) == name


@pytest.mark.parametrize("path", ["a--b", "a/-b", "a-/b", "a.b", "a_b", "a/../b", "a" * 128, ""])
def test_what_could_be_the_name_of_two_paths_is_refused(path: str) -> None:
    with pytest.raises(VaultPathRefused):
        dashed(path, longest=127)
