"""Each thing that would stop a run is seen beforehand, and where nothing would, nothing is."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from audit.actors import Actor
from identities.credentials import services as credentials
from identities.credentials.models import AfterDeadline, ClientSecret, Delivery, Rotation
from identities.inventory.models import ManagedIdentity
from identities.people.models import User
from identities.policies import engine, services as policies
from scheduling.preflight.checks.roles import MOST_ASKED
from scheduling.preflight.problems import Mend
from tests.factories import people
from tests.scheduling.preflight.conftest import WEEK
from tests.scheduling.runner import world as worlds

ADMIN = Actor.system("tests")


def changed(identity, **facts):
    ManagedIdentity.objects.filter(pk=identity.pk).update(**facts)


def test_a_schedule_that_would_run_has_nothing_against_it(night):
    found = night.tried(night.nightly())
    assert (found.is_clear, found.problems, found.occurrences) == (True, [], 7)


def test_an_identity_that_is_not_there_is_named_with_its_first_run(night):
    [problem] = night.problems(night.nightly(managed_identity_id="00000000-0000-4000-8000-000000000001"))
    assert (problem.code, problem.mend) == ("identity_not_found", Mend.CHOOSE_IDENTITY)


def test_an_identity_of_another_tenant_looks_like_none(night):
    other = worlds.World()
    assert night.codes(night.nightly(managed_identity_id=other.payer.pk)) == ["identity_not_found"]


@pytest.mark.parametrize(
    ("state", "mend"),
    [
        ("disabled", Mend.ENABLE_IDENTITY),
        ("paused", Mend.RESUME_IDENTITY),
        ("quarantined", Mend.RELEASE_IDENTITY),
        ("retired", Mend.CHOOSE_IDENTITY),
    ],
)
def test_a_state_that_stops_it_is_said_with_what_brings_it_back(night, state, mend):
    changed(night.payer, state=state)
    [problem] = night.problems(night.nightly())
    assert (problem.code, problem.mend) == ("identity_disabled", mend)
    assert f"payer is {state}" in problem.text
    assert "02:00 (Europe/Berlin) would be refused" in problem.text


def test_a_pause_that_is_over_before_the_run_stops_nothing(night):
    changed(night.payer, state="paused", paused_until=night.at + timedelta(minutes=1))
    assert night.codes(night.nightly()) == []


def test_a_pause_that_lasts_into_the_week_stops_the_runs_before_its_end(night):
    until = night.at + timedelta(days=3)
    changed(night.payer, state="paused", paused_until=until)
    [problem] = night.problems(night.nightly())
    assert problem.at < until


def test_an_end_after_the_week_does_not_count_and_one_within_it_names_the_first_run_after_it(night):
    schedule = night.nightly()
    changed(night.payer, expires_at=night.at + WEEK + timedelta(hours=1))
    assert night.codes(schedule) == []
    ends = night.at + timedelta(days=3)
    changed(night.payer, expires_at=ends)
    [problem] = night.problems(schedule)
    assert (problem.code, problem.mend) == ("identity_expired", Mend.EXTEND_IDENTITY)
    assert ends <= problem.at < ends + timedelta(days=1)


def test_an_external_identity_gets_no_token(night):
    changed(night.payer, issuance="external")
    assert "identity_external" in night.codes(night.nightly())


def test_a_role_that_ends_in_three_days_names_the_role_and_the_first_run_without_it(night):
    ends = night.at + timedelta(days=3)
    night.payer.bindings.update(valid_until=ends)
    [problem] = night.problems(night.nightly())
    assert (problem.code, problem.mend) == ("permission_missing", Mend.BIND_ROLE)
    assert ends <= problem.at < ends + timedelta(days=1)
    assert problem.text.startswith("Role payer-role of payer ends on ")


def test_a_role_followed_by_another_leaves_no_gap(night):
    ends = night.at + timedelta(days=3)
    binding = night.payer.bindings.get()
    binding.pk, binding.valid_from, binding.valid_until = None, ends, ends + WEEK
    binding._state.adding = True
    night.payer.bindings.update(valid_until=ends)
    binding.save()
    assert night.codes(night.nightly()) == []


def test_no_role_at_all_is_said_so(night):
    night.payer.bindings.all().delete()
    [problem] = night.problems(night.nightly())
    assert problem.text.startswith("No role of payer gives workflow.execute")


def test_a_policy_is_asked_for_each_run_at_its_own_hour(night):
    when = "when { context.weekday == 7 };"
    text = f'@id("no-sunday") @reason("Not on Sundays") forbid (principal, action, resource) {when}'
    policy = policies.create_policy(tenant_id=night.tenant.pk, name="Sundays", text=text, actor=ADMIN)
    [problem] = night.problems(night.nightly(resource_policy=policy))
    assert (problem.code, problem.mend) == ("authorization_denied", Mend.EDIT_POLICY)
    assert problem.text.startswith("Not on Sundays: the run of Sun ")


@pytest.mark.parametrize(
    ("rule", "most"),
    [
        ("context.weekday == 9", 7),
        ("context.hour == 25", 24),
        ('context["weekday"] == 9 && context.hour == 25', 7 * 24),
        (r'context["h\u{6f}ur"] == 25', MOST_ASKED + 8 * 24),
        ('context.scheduledFor == "never"', MOST_ASKED + 8 * 24),
    ],
)
def test_of_a_schedule_that_comes_each_minute_a_policy_is_asked_for_what_it_sees(night, monkeypatch, rule, most):
    asked, ask = [], engine.ask

    def counted(*given):
        asked.append(given)
        return ask(*given)

    monkeypatch.setattr(engine, "ask", counted)
    text = f'@id("x") @reason("Never") forbid (principal, action, resource) when {{ {rule} }};'
    policy = policies.create_policy(tenant_id=night.tenant.pk, name="Seldom", text=text, actor=ADMIN)
    found = night.tried(night.nightly(resource_policy=policy, cron_expression="* * * * *"))
    assert (found.is_clear, found.occurrences) == (True, 7 * 24 * 60)
    assert 1 < len(asked) <= most


def test_what_comes_each_minute_is_refused_from_the_first_of_an_hour_that_a_policy_closes(night):
    hour = (night.at.astimezone(ZoneInfo("Europe/Berlin")).hour + 2) % 24  # not the one in which the test runs
    text = f'@id("x") @reason("Closed") forbid (principal, action, resource) when {{ context.hour == {hour} }};'
    policy = policies.create_policy(tenant_id=night.tenant.pk, name="Closed", text=text, actor=ADMIN)
    [problem] = night.problems(night.nightly(resource_policy=policy, cron_expression="* * * * *"))
    assert f"{hour:02}:00 (Europe/Berlin) would be refused" in problem.text


def test_a_secret_that_does_not_resolve_says_why(night):
    [problem] = night.problems(night.nightly(secret_reference=worlds.reference("gone")))
    assert (problem.code, problem.mend) == ("secret_unresolved", Mend.EDIT_SCHEDULE)
    assert "The secret of payer does not resolve (" in problem.text


def test_a_revoked_secret_gets_no_token(night):
    schedule = night.nightly()
    credentials.revoke(night.payer.secrets.get(), reason="leaked", actor=ADMIN)
    [problem] = night.problems(schedule)
    assert (problem.code, problem.mend) == ("secret_not_accepted", Mend.ISSUE_SECRET)
    assert "was revoked on" in problem.text


def test_somebody_elses_secret_is_no_secret_of_it(night):
    other = worlds.bot(night.tenant, "other")
    schedule = night.nightly(secret_reference=worlds.reference("other"))
    problems = {problem.code: problem for problem in night.problems(schedule)}
    assert "is no secret of it" in problems["secret_not_accepted"].text
    assert other.name not in problems["secret_not_accepted"].text


def test_the_end_of_a_secret_counts_from_the_first_run_after_it(night):
    ends = night.at + timedelta(days=2)
    ClientSecret.objects.filter(identity=night.payer).update(expires_at=ends)
    [problem] = night.problems(night.nightly())
    assert problem.code == "secret_ends"
    assert ends <= problem.at < ends + timedelta(days=1)


def rotating(night, *, after):
    old = night.payer.secrets.get()
    new = ClientSecret.objects.create(identity=night.payer, digest="0" * 64, hint="new4", rotate_by=old.rotate_by)
    return Rotation.objects.create(
        identity=night.payer, old=old, new=new, cutover_deadline=night.at + timedelta(days=2), silent_seconds=60,
        after_deadline=after, delivery=Delivery.SHOWN,
    )  # fmt: skip


def test_a_vault_that_still_holds_the_old_secret_fails_once_that_retires(night):
    rotating(night, after=AfterDeadline.RETIRE)
    [problem] = night.problems(night.nightly())
    assert (problem.code, problem.mend) == ("secret_retires", Mend.FINISH_ROTATION)


def test_an_old_secret_that_is_only_alerted_about_goes_on_working(night):
    rotating(night, after=AfterDeadline.ALERT)
    assert night.codes(night.nightly()) == []


def test_a_grant_that_ends_within_the_week_is_named_by_its_first_run_without(night):
    ClientSecret.objects.filter(identity=night.payer).update(stored_at=None)
    schedule = night.nightly()
    ends = night.at + timedelta(days=4)
    night.payer.secret_grants.update(valid_until=ends)
    [problem] = night.problems(schedule)
    assert (problem.code, problem.mend) == ("secret_not_granted", Mend.GRANT_SECRET)
    assert ends <= problem.at < ends + timedelta(days=1)


def test_a_secret_that_may_not_be_read_now_is_not_read(night):
    ClientSecret.objects.filter(identity=night.payer).update(stored_at=None, revoked_at=night.at)
    schedule = night.nightly()
    night.payer.secret_grants.all().delete()
    assert night.codes(schedule) == ["secret_not_granted"]


def test_nobody_who_answers_is_a_problem_that_stops_no_run(night):
    User.objects.filter(pk=night.ann.pk).update(is_active=False)
    [problem] = night.problems(night.nightly())
    assert (problem.code, problem.stops_runs, problem.mend) == ("owner_missing", False, Mend.NAME_OWNER)


def test_an_owner_of_the_schedule_answers_too(night):
    User.objects.filter(pk=night.ann.pk).update(is_active=False)
    assert night.codes(night.nightly(owner=people.person(of=night.tenant))) == []


def test_a_step_that_acts_as_another_identity_is_tried_the_same(night):
    other = worlds.bot(night.tenant, "helper", "workflow.execute")
    other.bindings.update(valid_until=night.at + WEEK * 2)
    changed(other, technical_owner=night.ann)
    step = {**worlds.SAY, "managedIdentityId": str(other.pk), "secretReference": worlds.reference("helper")}
    schedule = night.nightly(step)
    assert night.codes(schedule) == []
    changed(other, state="disabled")
    [problem] = night.problems(schedule)
    assert (problem.identity_id, problem.node, problem.code) == (other.pk, "say", "identity_disabled")
    assert "(step say)" in problem.text


def call(url):
    return {"id": "call", "kind": "http_call", "params": {"url": url}}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://elsewhere.example/pay", "host_not_allowed"),
        ("https://nobody.invalid/pay", "host_unknown"),
        ("https://10.1.2.3/pay", "host_unknown"),
        ("https://{{input.host}}/pay", "step_params"),
    ],
)
def test_a_step_that_cannot_call_where_it_should_is_seen(night, url, code):
    [problem] = night.problems(night.nightly(call(url), allowed_hosts=["nobody.invalid", "10.1.2.3"]))
    assert (problem.code, problem.node, problem.mend) == (code, "call", Mend.EDIT_WORKFLOW)


def test_a_step_that_an_earlier_one_fills_in_is_not_guessed_at(night):
    later = {**call("https://{{steps.say}}/pay"), "after": ["say"]}
    assert night.codes(night.nightly(worlds.SAY, later)) == []


def test_a_step_that_may_call_its_host_is_fine(night, settings):
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    assert night.codes(night.nightly(call("http://127.0.0.1/pay"), allowed_hosts=["127.0.0.1"])) == []


def test_a_step_of_a_kind_that_is_gone_is_seen(night):
    assert night.codes(night.nightly({"id": "fax", "kind": "fax", "params": {}})) == ["step_unknown"]


def test_input_that_fits_the_workflow_no_more_is_seen(night):
    schedule = night.nightly(input_data={"month": "{{schedule.triggerMonth}}"})
    workflow = schedule.workflow
    workflow.input_schema = {"type": "object", "properties": {"month": {"type": "string"}}}
    workflow.save()
    assert night.codes(schedule) == []
    workflow.input_schema = {"type": "object", "properties": {"month": {"type": "integer"}}}
    workflow.save()
    assert night.codes(schedule) == ["input_invalid"]
