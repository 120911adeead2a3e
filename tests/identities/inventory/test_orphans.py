"""Who is left to answer."""

import pytest

from identities.inventory.orphans import Answerer, is_orphaned, is_ownerless, why_ownerless

GONE = Answerer("business owner", "dana@example.com", "has a disabled account")
LABEL = Answerer("technical owner", "the payroll people", "is matched to no person")
EMPTY = Answerer("team", "Finance", "has no active member")
ACTIVE = Answerer("deputy", "kim@example.com")


@pytest.mark.parametrize("chain", [[], [GONE], [LABEL, GONE, EMPTY]])
def test_without_anybody_active_nobody_answers(chain):
    assert is_ownerless(chain)
    assert is_orphaned(chain, has_team=True, ticket="OPS-1", repository="")


@pytest.mark.parametrize("chain", [[ACTIVE], [GONE, ACTIVE], [LABEL, GONE, Answerer("team", "Finance")]])
def test_one_who_is_active_is_enough(chain):
    assert not is_ownerless(chain)
    assert not is_orphaned(chain, has_team=True, ticket="", repository="shop/web")


@pytest.mark.parametrize(
    ("has_team", "ticket", "repository"), [(False, "OPS-1", "shop/web"), (True, "", ""), (False, "", "")]
)
def test_who_belongs_to_no_team_or_comes_from_nowhere_is_an_orphan_too(has_team, ticket, repository):
    assert is_orphaned([ACTIVE], has_team=has_team, ticket=ticket, repository=repository)


def test_the_sentence_says_what_became_of_each():
    assert why_ownerless([]) == (
        "Nobody answers for it: it names no owner and no team; it is suspect until somebody proves it necessary."
    )
    assert why_ownerless([GONE, EMPTY]) == (
        "Nobody answers for it: its business owner dana@example.com has a disabled account; "
        "its team Finance has no active member; it is suspect until somebody proves it necessary."
    )
