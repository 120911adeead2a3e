"""What the evidence speaks for, in one sentence, and the questions that it leaves open."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from identities.recertification.recommending import Known, in_words, recommend

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACTIVE = {"id": "1", "label": "ana@example.com", "active": True}
LEFT = {**ACTIVE, "active": False}


def evidence(**facts: Any) -> dict[str, Any]:
    return {
        "owner": {"technical": ACTIVE, "business": None, "deputy": None, "team": None},
        "access": {"roles": [], "unused": [], "secretReferences": [], "elsewhere": ["s3:read"]},
        "lastUsed": {"at": "2026-11-21T08:00:00+00:00", "useState": "used", "from": [], "runs": 3, "days": 90},
        "dependencies": {"total": 1, "items": []},
        "changes": {"since": None, "by": None, "parts": [], "events": 0},
        "findings": [],
        **facts,
    }


def known(**facts: Any) -> Known:
    return Known(**{"issuance": "portal", "expires_at": None, "at": AT, **facts})


def role(number: int, *, unused: bool) -> dict[str, Any]:
    return {"bindingId": str(number), "role": f"role {number}", "permissions": [], "unused": unused}


def test_what_is_used_and_owned_is_certified() -> None:
    found = recommend(evidence(), known())
    assert (found.decision, found.unclear) == ("certify", ())
    assert found.reason == (
        "It was last used on 21 Nov 2026, somebody answers for it, and it holds no role that is unused."
    )


def test_what_ended_is_revoked() -> None:
    found = recommend(evidence(), known(expires_at=AT - timedelta(days=1)))
    assert (found.decision, found.reason) == ("revoke", "Its purpose ended on 21 Nov 2026.")


def test_what_is_silent_beyond_its_cadence_is_revoked() -> None:
    dormant = {"at": "2026-01-05T00:00:00+00:00", "useState": "dormant", "from": [], "runs": 0, "days": 90}
    found = recommend(evidence(lastUsed=dormant), known())
    assert found.decision == "revoke"
    assert found.reason == "It was not used since 05 Jan 2026, which is longer than its cadence explains."
    never = recommend(evidence(lastUsed={**dormant, "at": None}), known())
    assert never.reason == "It was not used ever, which is longer than its cadence explains."


@pytest.mark.parametrize("technical", [None, LEFT])
def test_what_nobody_answers_for_is_revoked(technical) -> None:
    people = {"technical": technical, "business": None, "deputy": None, "team": None}
    found = recommend(evidence(owner=people), known())
    assert (found.decision, found.reason) == ("revoke", "Nobody who could answer for it is left.")
    assert found.unclear == ("owner",)


def test_a_deputy_or_a_team_answers_as_well() -> None:
    people = {"technical": LEFT, "business": None, "deputy": None, "team": {**ACTIVE, "members": 2}}
    assert recommend(evidence(owner=people), known()).decision == "certify"


def test_unused_roles_are_picked_out() -> None:
    access = {
        "roles": [role(1, unused=True), role(2, unused=False)],
        "unused": ["1"],
        "secretReferences": [],
        "elsewhere": [],
    }
    found = recommend(evidence(access=access), known())
    assert (found.decision, found.preselected) == ("reduce", ("1",))
    assert found.reason == "1 of 2 roles was not used for long: role 1."


@pytest.mark.parametrize(
    ("facts", "says", "question"),
    [
        ({"access": {"roles": [], "unused": [], "secretReferences": [], "elsewhere": []}}, "external", "access"),
        ({"lastUsed": {"at": None, "useState": "unobserved"}}, "external", "lastUsed"),
        ({"dependencies": {"total": 0, "items": []}}, "portal", "dependencies"),
    ],
)
def test_an_open_question_makes_it_not_ready(facts, says, question) -> None:
    found = recommend(evidence(**facts), known(issuance=says))
    assert found.unclear == (question,)
    assert found.reason.startswith("Not ready for production: ")


def test_nothing_is_an_answer_where_we_would_know() -> None:
    nothing: dict[str, Any] = {"roles": [], "unused": [], "secretReferences": [], "elsewhere": []}
    new: dict[str, Any] = {"at": None, "useState": "used", "from": [], "runs": 0, "days": 90}
    found = recommend(evidence(access=nothing, lastUsed=new, dependencies={"total": 0, "items": []}), known())
    assert (found.decision, found.unclear) == ("certify", ())


def test_no_open_question_has_no_words() -> None:
    assert in_words(()) == ""
