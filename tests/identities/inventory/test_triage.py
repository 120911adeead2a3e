"""Every code: when it is said, when it is not, and what it says."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from hypothesis import given, strategies as st

from identities.inventory import triage
from identities.inventory.assessable import Assessable
from identities.inventory.assessment import Verdict, assess
from identities.inventory.orphans import Answerer
from identities.inventory.standards import standards_from
from identities.inventory.vocabulary import Triage
from tests.factories.verdicts import BLAMELESS, DAY, NOON, external, facts

GONE = Answerer("technical owner", "kim@example.com", "has a disabled account")
TODAY = NOON.date()

#: For each code an identity of which it is said, and a neighbour of which it is not.
CASES: dict[str, tuple[Assessable, Assessable]] = {
    "human_shared_admin": (facts(auth_method="human_shared_admin"), facts(auth_method="mtls")),
    "no_owner": (facts(chain=(GONE,)), facts(chain=(GONE, Answerer("team", "Finance")))),
    "high_privilege": (facts(privilege_level="admin"), facts(privilege_level="medium")),
    "purpose_ended": (facts(expires_at=NOON), facts(expires_at=NOON + timedelta(seconds=1))),
    "rotation_overdue": (facts(rotate_by=NOON), facts(rotate_by=NOON + timedelta(seconds=1))),
    "rotation_unknown": (
        external(auth_method="static_api_key"),
        external(auth_method="static_api_key", rotate_by=NOON + DAY),
    ),
    "dormant": (facts(last_used_at=NOON - timedelta(hours=2)), facts(last_used_at=NOON - timedelta(hours=1))),
    "unobserved": (external(last_used_at=None), external(last_used_at=NOON - DAY)),
    "review_overdue": (facts(review_by=TODAY - DAY), facts(review_by=TODAY)),
    "no_review_date": (facts(review_by=None), facts(review_by=None, expires_at=NOON + DAY)),
    "user_account": (external(account_id=uuid4()), external(account_id=None)),
    "human_style_password": (facts(auth_method="password"), facts(auth_method="vault_dynamic")),
    "auth_method_unknown": (external(auth_method="unknown"), facts(auth_method="unknown")),
    "auth_method_not_allowed": (
        facts(auth_method="static_api_key", risk_tier="high"),
        facts(auth_method="static_api_key", risk_tier="medium"),
    ),
    "scope_unknown": (facts(privilege_level="", blast_radius=""), facts(privilege_level="", blast_radius="read_only")),
    "lifecycle_undocumented": (
        facts(deprovisioning_trigger=""),
        facts(deprovisioning_trigger="", expires_at=NOON + 90 * DAY),
    ),
    "purpose_unknown": (facts(purpose=""), facts(purpose="Pays.")),
    "no_team": (facts(has_team=False), facts(has_team=True)),
    "no_ticket_or_repository": (facts(ticket=""), facts(ticket="", repository="finance/payroll")),
    "missing_tags": (facts(business_unit=""), facts()),
    "retired_but_reported": (
        external(state="retired"),
        external(state="retired", unreported_since=NOON - DAY),
    ),
    "retired": (facts(state="retired"), facts(state="disabled")),
    "merged": (external(is_merged=True, chain=()), external(state="retired")),
    "bounded": (facts(), facts(purpose="")),
}


def test_the_documentation_names_every_code_with_its_colour():
    text = (settings.BASE_DIR / "docs" / "triage.md").read_text(encoding="utf-8")
    assert {f"| `{code}` | {colour.value} |" for code, colour in triage.CODES.items()} == set(
        re.findall(r"^\| `[a-z_]+` \| [a-z]+ \|", text, flags=re.MULTILINE)
    )


def judged(of: Assessable, **rules: Any) -> Verdict:
    return assess(of, standards=standards_from(rules), at=NOON)


def codes(of: Assessable, **rules: Any) -> list[str]:
    return [reason.code for reason in judged(of, **rules).reasons]


def said(of: Assessable, code: str) -> str:
    return next(reason.text for reason in judged(of).reasons if reason.code == code)


def test_every_code_has_its_two_cases():
    assert set(CASES) == set(triage.CODES)


@pytest.mark.parametrize("code", CASES)
def test_a_code_is_not_said_of_the_neighbour(code):
    assert code not in codes(CASES[code][1])


@pytest.mark.parametrize("code", CASES)
def test_a_code_is_said_with_its_colour_and_one_sentence(code):
    verdict = judged(CASES[code][0])
    reason = next(reason for reason in verdict.reasons if reason.code == code)
    assert reason.colour is triage.CODES[code]
    assert reason.text.endswith(".")
    assert ". " not in reason.text
    assert "  " not in reason.text
    assert reason.as_json() == {"code": code, "colour": reason.colour.value, "reason": reason.text}


@pytest.mark.parametrize("level", ["high", "admin"])
def test_high_privilege_is_red_whoever_owns_it(level):
    assert judged(facts(privilege_level=level)).colour is Triage.RED


@pytest.mark.parametrize("radius", ["privileged", "human_impersonating"])
def test_a_far_blast_radius_is_red(radius):
    assert codes(facts(blast_radius=radius)) == ["high_privilege"]
    assert radius.replace("_", " ") in said(facts(blast_radius=radius), "high_privilege")


def test_a_shared_account_of_people_is_red_whatever_else_is_well():
    verdict = judged(facts(auth_method="human_shared_admin"))
    assert (verdict.colour, codes(facts(auth_method="human_shared_admin"))) == (Triage.RED, ["human_shared_admin"])


def test_a_well_described_identity_of_ours_is_green():
    verdict = judged(facts())
    assert (verdict.colour, [reason.code for reason in verdict.reasons]) == (Triage.GREEN, ["bounded"])


def test_a_well_described_identity_of_somebody_else_is_green():
    assert judged(external()).colour is Triage.GREEN


@pytest.mark.parametrize(
    "unknown",
    [
        "environment",
        "purpose",
        "business_unit",
        "application",
        "ticket",
        "deprovisioning_trigger",
        "revocation_procedure",
    ],
)
def test_what_is_not_known_is_never_green(unknown):
    assert judged(external(**{unknown: ""})).colour is Triage.AMBER


def test_what_we_issue_we_can_end_without_a_written_procedure():
    assert judged(facts(revocation_procedure="")).colour is Triage.GREEN
    assert said(external(revocation_procedure="", deprovisioning_trigger=""), "lifecycle_undocumented") == (
        "It is not written down what ends it and how it is switched off."
    )


def test_dormant_tells_both_stories_with_its_figures():
    used = NOON - 131 * DAY
    assert said(facts(last_used_at=used, schedule_cadence_seconds=86_400), "dormant") == (
        "Last used on 21 Oct 2025, and its schedules explain 3 days of silence: "
        "it may be dead, or a forgotten dependency about to fail."
    )
    stated = facts(last_used_at=used, expected_cadence="hourly")
    assert "its cadence (hourly) explains 3 hours of silence" in said(stated, "dormant")
    unknown = facts(last_used_at=used, schedule_cadence_seconds=None)
    assert "90 days of silence are the limit where no cadence is known" in said(unknown, "dormant")


def test_one_of_ours_that_was_never_used_is_dormant_in_the_end():
    never = {"last_used_at": None, "schedule_cadence_seconds": None}
    assert "dormant" not in codes(facts(**never, created_at=NOON - 89 * DAY))
    assert "Never used since it was made on" in said(facts(**never, created_at=NOON - 90 * DAY), "dormant")


def test_the_policy_sets_the_days_of_silence():
    silent = facts(last_used_at=NOON - 31 * DAY, schedule_cadence_seconds=None)
    assert "dormant" not in codes(silent)
    assert "dormant" in codes(silent, dormant_after_days=30)


def test_the_policy_sets_the_ways_to_prove_oneself():
    of = facts(auth_method="long_lived_secret", risk_tier="high")
    assert "auth_method_not_allowed" in codes(of)
    assert "auth_method_not_allowed" not in codes(of, auth_methods={"high": ["long_lived_secret"]})


@pytest.mark.parametrize("state", ["requested", "approved"])
def test_one_that_may_not_work_yet_is_unobserved_and_not_dormant(state):
    waiting = facts(state=state, last_used_at=None, created_at=NOON - 400 * DAY)
    assert codes(waiting) == ["unobserved"]
    assert state in said(waiting, "unobserved")


def test_a_retired_identity_is_judged_by_its_end_alone():
    ended = facts(state="retired", chain=(), privilege_level="admin", purpose="", review_by=None)
    assert codes(ended) == ["retired"]
    assert judged(ended).colour is Triage.GREEN
    assert not judged(ended).is_orphaned


def test_the_missing_tags_are_named():
    lacking = facts(business_unit="", application="", environment="", ticket="", chain=(), review_by=None)
    assert said(lacking, "missing_tags") == (
        "Mandatory tags are missing: business unit, application, environment, owner, ticket, review date or end."
    )


@given(st.lists(st.sampled_from(sorted(set(BLAMELESS) - {"created_at"})), unique=True))
def test_the_colour_is_the_worst_that_a_reason_calls_for(blank):
    empty: dict[str, Any] = {"chain": (), "has_team": False}
    spoiled = {name: empty.get(name, None if not isinstance(BLAMELESS[name], str) else "") for name in blank}
    verdict = judged(facts(**spoiled))
    colours = {reason.colour for reason in verdict.reasons}
    worst = Triage.RED if Triage.RED in colours else Triage.AMBER if Triage.AMBER in colours else Triage.GREEN
    assert verdict.colour is worst
    assert verdict.reasons
    assert (verdict.colour is Triage.GREEN) == (codes(facts(**spoiled)) == ["bounded"])
