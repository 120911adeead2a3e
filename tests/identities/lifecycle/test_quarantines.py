"""One action stops an identity everywhere, keeps what was known, and says what is left to do."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.models import RoleBinding, SecretGrant
from identities.credentials.authentication import authenticate
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of as machine_of
from identities.lifecycle import drills, freezing, quarantines, runbook_lines, services as lifecycle
from identities.lifecycle.models import Cause, LineKind, Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.people.models import Notice
from identities.tokens import selectors as issued, services as tokens
from identities.tokens.models import IssuedToken
from scheduling.models import ScheduleRun
from tests.factories import passport, register, runs, tokens as made
from tests.factories.tokens import Bot

pytestmark = pytest.mark.django_db
ADMIN = Actor.system("tests")
REASON = "Seen from an address nobody knows"


@pytest.fixture
def bot() -> Bot:
    return made.bot(permissions=("workflow.execute",))


def called(identity: ManagedIdentity, **facts: Any) -> Quarantine:
    said: dict[str, Any] = {"reason": REASON, "actor": ADMIN}
    return quarantine(identity, **(said | facts))


def external(**facts) -> ManagedIdentity:
    return made.identity(issuance="external", **facts)


def events(row: Quarantine) -> list[str]:
    found = AuditEvent.objects.filter(subject_id=str(row.identity_id)).order_by("id")
    return list(found.values_list("type", flat=True))


def test_without_a_reason_nothing_is_stopped(bot: Bot) -> None:
    with pytest.raises(Invalid) as refused:
        called(bot.identity, reason="  ")
    assert refused.value.errors == {"reason": ["Say why."]}
    assert authenticate(bot.client_id, bot.secret) is not None


def test_a_retired_identity_has_nothing_left_to_stop(bot: Bot) -> None:
    lifecycle.retire(bot.identity, reason="over", actor=ADMIN)
    with pytest.raises(Conflict) as refused:
        called(bot.identity)
    assert refused.value.code == "wrong_state"


def test_the_second_call_changes_nothing(bot: Bot) -> None:
    first = called(bot.identity)
    with pytest.raises(Conflict) as refused:
        called(bot.identity, reason="again")
    assert refused.value.code == "already_quarantined"
    assert list(Quarantine.objects.all()) == [first]


@pytest.mark.parametrize("command", [lifecycle.enable, lifecycle.disable])
def test_no_other_command_leads_out_of_it(bot: Bot, command) -> None:
    called(bot.identity)
    with pytest.raises(Conflict) as refused:
        command(bot.identity, reason="all is well", actor=ADMIN)
    assert "release it first" in refused.value.message
    bot.identity.refresh_from_db()
    assert bot.identity.state == "quarantined"


def test_its_secrets_open_nothing_and_its_tokens_are_dead(bot: Bot) -> None:
    with passport.fresh():
        token = tokens.mint(bot.identity, scope="roles", at=timezone.now())
        row = called(bot.identity)
        bot.identity.refresh_from_db()
        assert authenticate(bot.client_id, bot.secret) is None
        at = timezone.now()
        assert issued.live_token(token.jti, bot.identity.tenant_id, int(at.timestamp()), at) is None
        held = IssuedToken.objects.get(jti=token.jti)
    assert bot.identity.tokens_revoked_at is not None
    assert row.residual_until == held.expires_at
    assert bot.identity.secrets.get().revoked_at is None


def test_the_records_say_who_called_what_was_done_and_how_fast(bot: Bot) -> None:
    row = called(bot.identity)
    expected = ["identity.quarantined", "token.revoked", "quarantine.called", "quarantine.contained"]
    assert [name for name in events(row) if name != "credential.issued"] == [*expected, "quarantine.completed"]
    told = AuditEvent.objects.get(type="quarantine.called")
    assert told.reason == REASON
    assert told.details["evidence_sha256"] == row.evidence_digest
    assert "milliseconds" in AuditEvent.objects.get(type="quarantine.completed").details


def test_it_measures_itself(bot: Bot) -> None:
    row = called(bot.identity)
    bot.identity.refresh_from_db()
    assert row.complete_at == row.contained_at
    assert 0 < (bot.identity.revocation_seconds or 0) < 60
    assert bot.identity.revocation_tested_at is None


def test_the_evidence_is_what_was_known_before_anything_was_changed(bot: Bot) -> None:
    with passport.fresh():
        token = tokens.mint(bot.identity, scope="roles", at=timezone.now())
    run = runs.run(runs.schedule(of=bot.identity.tenant, managed_identity_id=bot.identity.pk))
    row = called(bot.identity)
    row.refresh_from_db()
    kept = row.evidence
    assert kept["missing"] == {}
    assert kept["identity"]["state"] == "active"
    assert [one["jti"] for one in kept["tokens"]["held"]] == [str(token.jti)]
    assert kept["tokens"]["held"][0]["revoked_at"] is None
    assert [one["hint"] for one in kept["credentials"]["secrets"]] == [bot.secret[-4:]]
    assert kept["rights"]["bindings"][0]["role_permissions"] == ["workflow.execute"]
    assert [one["id"] for one in kept["scheduling"]["runs"]] == [str(run.pk)]
    assert kept["scheduling"]["schedules"][0]["is_enabled"] is True
    assert {"findings", "leaks"} == set(kept["findings"])


def test_the_evidence_holds_no_secret_and_has_the_digest_of_its_file(bot: Bot) -> None:
    row = called(bot.identity)
    row.refresh_from_db()
    file = freezing.document(row.evidence)
    assert hashlib.sha256(file).hexdigest() == row.evidence_digest == freezing.digest(json.loads(file))
    assert bot.secret.encode() not in file
    assert bot.identity.secrets.get().digest.encode() not in file


def test_evidence_that_cannot_be_had_does_not_stand_in_the_way(bot: Bot, monkeypatch) -> None:
    from identities.lifecycle.evidence.proof import Proof

    def fail(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(Proof, "of", fail)
    row = called(bot.identity)
    assert row.evidence["missing"] == {"credentials": "RuntimeError"}
    assert row.identity.state == "quarantined"


def test_a_disabled_one_can_be_quarantined_and_its_state_of_before_is_kept(bot: Bot) -> None:
    lifecycle.disable(bot.identity, reason="holiday", actor=ADMIN)
    assert called(bot.identity).previous_state == "disabled"


def test_its_schedules_pause_and_the_effects_say_so(bot: Bot) -> None:
    schedule = runs.schedule(of=bot.identity.tenant, managed_identity_id=bot.identity.pk)
    runs.run(schedule)
    row = called(bot.identity)
    schedule.refresh_from_db()
    assert (schedule.is_enabled, schedule.paused_reason) == (False, "Its managed identity is quarantined")
    assert row.effects["said"] == {"runs": "1 run stops before the next step", "schedules": "1 schedule paused"}
    assert ScheduleRun.objects.get().state == "due"


# The runbook


def test_lines_name_credentials_readable_secrets_trust_and_downstream_systems(bot: Bot) -> None:
    other = made.bot(of=bot.identity.tenant)
    place = {"provider": "local", "vaultUri": "local://default", "secretName": "crm"}
    other.identity.secrets.update(stored_at=place)
    SecretGrant.objects.create(
        identity=bot.identity,
        provider="local",
        vault_uri="local://default",
        secret_name="crm",
        state="granted",
        reason="tests",
        valid_until=timezone.now() + timedelta(days=2),
    )
    ManagedIdentity.objects.filter(pk=bot.identity.pk).update(
        downstream_systems=["ledger"], upstream_trust_source="gitlab.example"
    )
    with passport.fresh():
        tokens.mint(bot.identity, scope="roles", at=timezone.now())
    row = called(bot.identity)
    lines = {line.kind: line for line in row.lines.exclude(kind=LineKind.DOWNSTREAM)}
    assert list(lines) == [LineKind.TRUST_SOURCE, LineKind.CREDENTIAL, LineKind.DEPENDENT_SECRET]
    assert lines[LineKind.DEPENDENT_SECRET].about["identity_id"] == str(other.identity.pk)
    assert other.identity.name in lines[LineKind.DEPENDENT_SECRET].text
    downstream = row.lines.filter(kind=LineKind.DOWNSTREAM)
    assert [line.about["system"] for line in downstream] == ["ledger", "Whoever takes tokens for steward"]
    assert {line.about["until"] for line in downstream} == {row.residual_until.isoformat()}
    assert not any(line.is_required for line in row.lines.all())


def test_the_place_of_its_own_secret_is_no_other_secret(bot: Bot) -> None:
    place = {"provider": "local", "vaultUri": "local://default", "secretName": "own"}
    bot.identity.secrets.update(stored_at=place)
    runs.schedule(of=bot.identity.tenant, managed_identity_id=bot.identity.pk, secret_reference=place)
    kinds = {line.kind for line in called(bot.identity).lines.all()}
    assert LineKind.DEPENDENT_SECRET not in kinds


def test_each_line_has_a_person_and_a_clock_by_tier() -> None:
    tenant = register.tenant()
    owner = register.person(tenant)
    identity = register.identity(tenant, technical_owner=str(owner.pk), risk_tier="high", upstream_trust_source="idp")
    row = called(identity)
    [line] = row.lines.all()
    assert (line.assignee, line.due_at) == (owner, row.called_at + timedelta(hours=1))


def test_those_who_answer_for_it_are_told() -> None:
    tenant = register.tenant()
    owner = register.person(tenant)
    identity = register.identity(tenant, technical_owner=str(owner.pk))
    called(identity)
    notice = Notice.objects.get(person=owner)
    assert (notice.kind, notice.about_id) == ("quarantine", str(identity.pk))


# What is issued elsewhere


def test_an_external_one_is_contained_here_and_not_there_until_the_last_required_line() -> None:
    identity = external(revocation_procedure="1. Call the vendor\n2. Ask for the key's end\n3. Have it in writing")
    made.grant(identity, "run.read")
    row = called(identity)
    lines = list(row.lines.all())
    assert [line.text for line in lines] == ["Call the vendor", "Ask for the key's end", "Have it in writing"]
    assert all(line.is_required for line in lines)
    assert RoleBinding.objects.get().ended_at is not None
    for line in lines:
        row.refresh_from_db()
        identity.refresh_from_db()
        assert row.contained_at is not None
        assert (row.complete_at, identity.revocation_seconds) == (None, None)
        runbook_lines.done(line, actor=ADMIN, note="done")
    row.refresh_from_db()
    identity.refresh_from_db()
    assert row.complete_at is not None
    assert identity.revocation_seconds == pytest.approx((row.complete_at - row.called_at).total_seconds(), abs=0.01)


def test_an_external_one_whose_procedure_nobody_wrote_down_asks_for_it() -> None:
    [line] = called(external()).lines.all()
    assert line.is_required
    assert "Nobody wrote down" in line.text


# Drills and incidents, machines and their limit


def test_a_drill_that_is_under_way_becomes_the_incident(bot: Bot) -> None:
    drill = drills.rehearse(bot.identity, actor=ADMIN)
    row = called(bot.identity)
    drill.refresh_from_db()
    assert drill.closed_at is not None
    assert (drill.release_at, row.release_at) == (None, None)
    assert (row.cause, row.previous_state) == (Cause.PERSON, "active")
    with pytest.raises(Conflict):
        drills.rehearse(bot.identity, actor=ADMIN)


def test_machines_stop_so_many_an_hour_and_then_a_person_decides(monkeypatch) -> None:
    monkeypatch.setattr(quarantines, "MOST_AN_HOUR", 2)
    tenant = register.tenant()
    admin = register.person(tenant)
    machine = machine_of(made.identity(of=tenant))
    for _ in range(2):
        called(made.identity(of=tenant), actor=machine)
    last = made.identity(of=tenant)
    for cause in (Cause.PERSON, Cause.DETECTION):
        with pytest.raises(Conflict) as refused:
            called(last, actor=machine, cause=cause)
        assert refused.value.code == "quarantine_limit"
    with pytest.raises(Conflict):
        called(last, actor=ADMIN, cause=Cause.LEAK)
    assert Notice.objects.get(person=admin, kind="quarantine_limit").about_id == str(last.pk)
    called(last, actor=actor_of(admin), cause=Cause.LEAK)
    called(made.identity(of=register.tenant()), actor=machine)
