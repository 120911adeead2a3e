"""What each rule finds, and what it lets pass."""

from dataclasses import replace

import pytest

from identities.detections.judging import every_rule, verdicts
from identities.detections.models import Severity
from identities.detections.rules.base import Rule
from tests.identities.detections.rules import cases
from tests.identities.detections.rules.cases import AT, ago, foreseen, healthy, key, leak, secret, vendor
from tests.identities.detections.rules.table import TABLE

FOUND = [(code, number, facts) for code, (found, _) in TABLE.items() for number, facts in enumerate(found)]
PASSED = [(code, number, facts) for code, (_, passed) in TABLE.items() for number, facts in enumerate(passed)]


def judged(facts):
    return {verdict.rule.code: verdict for verdict in verdicts(facts, AT, every_rule())}


def severity(code, facts):
    return judged(facts)[code].severity


def test_every_rule_stands_in_the_table():
    assert set(TABLE) == set(Rule.registered)
    assert all(found and passed for found, passed in TABLE.values())


@pytest.mark.parametrize(("code", "number", "facts"), FOUND, ids=lambda value: str(value)[:24])
def test_a_rule_finds_what_it_is_about(code, number, facts):
    assert code in judged(facts)


@pytest.mark.parametrize(("code", "number", "facts"), PASSED, ids=lambda value: str(value)[:24])
def test_a_rule_lets_pass_what_it_is_not_about(code, number, facts):
    assert code not in judged(facts)


def test_nothing_speaks_against_a_healthy_identity():
    assert judged(healthy()) == {}
    assert judged(vendor()) == {}


@pytest.mark.parametrize("state", ["requested", "approved", "retired"])
def test_what_does_not_work_yet_or_has_ended_is_not_judged(state):
    assert judged(healthy(state=state, auth_method="human_shared_admin", owners=())) == {}


def test_a_disabled_identity_is_asked_only_what_its_disabling_does_not_mend():
    facts = healthy(
        state="disabled",
        expires_at=ago(days=9),
        use_state="dormant",
        auth_method="human_shared_admin",
        credentials=(key(exposed_in="a log", created_at=ago(days=900)),),
    )
    assert set(judged(facts)) == {"NHI2-EXPOSED", "NHI10-SHARED-ADMIN"}


@pytest.mark.parametrize("tier", ["low", "medium", "high"])
def test_a_shared_administrator_account_is_critical_always(tier):
    facts = healthy(auth_method="human_shared_admin", risk_tier=tier, environment="sandbox")
    assert severity("NHI10-SHARED-ADMIN", facts) == Severity.CRITICAL


def test_what_makes_a_finding_worse():
    assert severity("NHI1-DORMANT", healthy(use_state="dormant", privilege_level="high")) == Severity.HIGH
    assert severity("NHI3-REVOCATION", vendor(revocation_procedure="")) == Severity.HIGH
    assert severity("NHI5-ADMIN", healthy(privilege_level="admin", internet_exposed=True)) == Severity.CRITICAL
    assert severity("NHI7-AGE", healthy(credentials=(key(created_at=ago(days=181)),))) == Severity.HIGH
    assert severity("NHI4-PASSWORD", healthy(auth_method="password", environment="sandbox")) == Severity.MEDIUM


def test_a_secret_in_the_register_is_never_quoted():
    facts = healthy(description=f"{cases.KEY_LIKE} and {cases.SECRET_LIKE}", tags={"x": cases.KEY_LIKE})
    seen = judged(facts)["NHI2-IN-RECORD"].seen
    assert cases.KEY_LIKE not in f"{seen.evidence}{seen.details}{seen.key}"
    assert cases.SECRET_LIKE not in f"{seen.evidence}{seen.details}{seen.key}"


def test_a_place_in_a_vault_that_holds_a_value_is_found_and_not_quoted():
    facts = healthy(credentials=(key(stored_at=cases.KEY_LIKE),))
    assert judged(facts)["NHI2-IN-RECORD"].seen.key == "credentials"


def test_what_a_rule_names_is_masked_where_it_reads_as_a_secret():
    place = cases.SharedPlace(cases.KEY_LIKE, cases.shared("staging").others)
    facts = healthy(
        shared_places=(place,),
        upstream_trust_source=f"issuer {cases.SECRET_LIKE}",
        tags={"env": f"staging {cases.KEY_LIKE}"},
        credentials=(key(label=cases.KEY_LIKE, exposed_in=cases.SECRET_LIKE, created_at=None),),
    )
    found = list(verdicts(facts, AT, every_rule()))
    assert {"NHI6-TRUST", "NHI8-PLACE", "NHI8-SPAN", "NHI9-SECRET", "NHI2-EXPOSED"} <= {v.rule.code for v in found}
    said = " ".join(f"{v.seen.evidence}{v.seen.details}{v.seen.key}" for v in found)
    assert cases.KEY_LIKE not in said
    assert cases.SECRET_LIKE not in said


@pytest.mark.parametrize(
    ("hours", "severity_of_it"), [(1, Severity.HIGH), (24, Severity.HIGH), (70, Severity.MEDIUM), (100, Severity.LOW)]
)
def test_the_nearer_a_failing_run_the_graver(hours, severity_of_it):
    assert severity("HYGIENE-PREFLIGHT", healthy(foreseen=(foreseen(hours=hours),))) == severity_of_it


def test_what_only_tells_nobody_is_grave_on_no_day():
    facts = healthy(foreseen=(replace(foreseen(hours=1), stops_runs=False),))
    assert severity("HYGIENE-PREFLIGHT", facts) == Severity.LOW


def test_one_cause_is_one_finding_however_many_schedules_it_stops():
    stopped = tuple(foreseen(what=f"Job {number}", days=2) for number in range(8))
    found = [each for each in verdicts(healthy(foreseen=stopped), AT, every_rule()) if each.seen.key == "secret_ends"]
    assert len(found) == 1
    assert found[0].seen.evidence == (
        "Job 0: Its secret ends. The same holds for Job 1, Job 2, Job 3, Job 4, Job 5 and 2 more."
    )
    assert found[0].seen.details["remedy"] == "issue-secret"


def test_two_causes_are_two_findings_also_of_a_disabled_identity():
    stopped = (foreseen(days=2), foreseen("identity_disabled", days=1))
    facts = healthy(state="disabled", foreseen=stopped)
    keys = {each.seen.key for each in verdicts(facts, AT, every_rule()) if each.rule.code == "HYGIENE-PREFLIGHT"}
    assert keys == {"secret_ends", "identity_disabled"}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (healthy(leaks=(leak(),)), "It was revoked. The identity has no secret now."),
        (healthy(leaks=(leak(is_live=True),)), "It still works."),
        (healthy(leaks=(leak(action="quarantined"),), credentials=(secret(2),)), "quarantined and the secret revoked."),
        (healthy(leaks=(leak(place="https://x.example/1"),)), "found in build log at https://x.example/1. It was"),
        (healthy(leaks=(leak(source=""),)), "found in a text."),
    ],
)
def test_a_leak_says_where_and_what_was_done(facts, said):
    seen = judged(facts)["NHI2-LEAKED"].seen
    assert said in seen.evidence
    assert seen.key == seen.details["credentialId"]
