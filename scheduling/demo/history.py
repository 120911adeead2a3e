"""The thirty days before: what no command can tell, because every command is of now.

A service says when something happens by happening. So the loader, and nothing else, sets past dates on rows that its
own commands have just made, and inserts rows of runs, tokens, decisions and daily numbers that the past would have
left. It does so here and nowhere else, from its own `at`; the audit is never touched: what it holds of the demo it
recorded when the demo was loaded.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F

from audit.actors import Actor
from identities.access.models import RoleBinding
from identities.credentials.models import ClientSecret
from identities.credentials.rotation_dates import rotate_by
from identities.detections import services as detections
from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State
from identities.people.models import Team, Tenant, User
from identities.policies.models import DecisionOutcome
from identities.programme import services as programme
from identities.programme.models import DailySnapshot
from identities.statements.prepared import insert_many, update_many
from identities.tokens.models import SigningKey
from identities.tokens.settings import access_token_lifetime
from scheduling.demo import (
    applications,
    estate,
    past_credentials,
    past_findings,
    past_imports,
    past_rotations,
    past_runs,
    plans,
    trend,
)
from scheduling.demo.past_runs import PastRuns, Setting
from scheduling.demo.shapes import DAY, HOUR, Grant
from scheduling.models import RunState, Schedule, ScheduleRun, Workflow, WorkflowVersion

SINCE_DAYS = 30
FOUNDED = 1200 * DAY
#: Of a secret that was replaced: how long it was used, and how long it went on beside its successor.
SERVED, OVERLAP = 75 * DAY, 2 * DAY
REPLACED = "Rotated"
#: Clients that ask for tokens by themselves, without a schedule: so many a day.
ASKING = {"metrics-collector": 8, "gateway-checker": 13, "register-keeper": 2}
#: When a state was reached that was not the first one, in days before now.
MOVED = {State.DISABLED: 14.5, State.RETIRED: 5, State.PAUSED: 2, State.QUARANTINED: 0.09}


def is_written(tenant: Tenant) -> bool:
    """Has this demo its past already?"""
    return ScheduleRun.objects.filter(tenant=tenant).exists()


@transaction.atomic
def write(tenant: Tenant, at: datetime, actor: Actor) -> None:
    """Give the demo its past, as seen from `at`; judge it by the register's own rules, and keep the days' numbers."""
    rows = {row.name: row for row in ManagedIdentity.objects.filter(tenant=tenant)}
    _age_company(tenant, at)
    past_imports.age(tenant, at)
    _age_identities(tenant, at)
    runs = _write_runs(tenant, rows, at)
    _age_secrets(tenant, at)
    past_credentials.write(tenant, at)
    _age_bindings(tenant, at)
    ids = list(ManagedIdentity.objects.filter(tenant=tenant).values_list("pk", flat=True))
    posture.refresh(ids, at=at)
    detections.evaluate(ids, at=at)
    past_findings.write(tenant, at, actor)
    _write_days(tenant, runs, at)


def _age_company(tenant: Tenant, at: datetime) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(created_at=at - FOUNDED)
    for model in (User, Team):
        model.objects.filter(tenant=tenant).update(created_at=at - FOUNDED)


def _age_identities(tenant: Tenant, at: datetime) -> None:
    """When each was entered, last used and brought into its state; imported ones by their records."""
    wanted = {identity.name: identity for identity in estate.IDENTITIES}
    first_seen = past_imports.first_seen(tenant)
    rows = list(ManagedIdentity.objects.filter(tenant=tenant))
    for row in rows:
        known = wanted.get(row.name)
        if row.pk in first_seen:
            row.created_at = first_seen[row.pk]
        elif known is not None:
            row.created_at = at - known.age * DAY - 3 * HOUR
            row.last_used_at = at - known.used * DAY if known.used is not None else None
        moved = MOVED.get(State(row.state))
        row.state_changed_at = max(at - moved * DAY, row.created_at) if moved else row.created_at
        row.provenance = past_imports.dated(row, at)
    update_many(rows, ["created_at", "last_used_at", "state_changed_at", "provenance"])


def _age_secrets(tenant: Tenant, at: datetime) -> None:
    """Secrets of some age, and before them the ones that they replaced: a digest to which no secret belongs."""
    wanted = {identity.name: identity for identity in estate.IDENTITIES}
    standards = standards_of(tenant.pk)
    # Of a pair that overlaps the one that is replaced; the other one, and what leaked, have dates of their own.
    rows = ClientSecret.objects.filter(identity__tenant=tenant, revoked_at=None, rotations_to=None)
    found = list(rows.select_related("identity"))
    former: dict[ClientSecret, ClientSecret] = {}
    for secret in found:
        who = secret.identity
        known = wanted[who.name]
        secret.created_at = at - known.rotated * DAY
        secret.rotate_by = rotate_by(
            secret.created_at, who.risk_tier,
            internet_exposed=who.internet_exposed, own_days=who.rotation_interval_days, standards=standards,
        )  # fmt: skip
        # Whose purpose has ended has a secret that ended with it, and is still there.
        secret.expires_at = who.expires_at if who.expires_at and who.expires_at < at else None
        if who.name == applications.SHARING:
            secret.stored_at = {**(secret.stored_at or {}), "secretName": applications.SHARED}
        secret.last_used_at, secret.uses = who.last_used_at, max(3, 7 * known.rotated)
        if secret.created_at - SERVED > who.created_at and not who.leaks.exists():
            former[secret] = _former(secret)
    update_many(found, ["created_at", "rotate_by", "expires_at", "last_used_at", "uses", "stored_at"])
    insert_many(list(former.values()))
    past_rotations.write(former)


def _former(secret: ClientSecret) -> ClientSecret:
    return ClientSecret(
        identity_id=secret.identity_id,
        digest=secrets.token_hex(32),
        hint=secrets.token_hex(2),
        created_at=secret.created_at - SERVED,
        created_by=secret.created_by,
        stored_at=secret.stored_at,
        rotate_by=secret.created_at + OVERLAP,
        revoked_at=secret.created_at + OVERLAP,
        revoked_reason=REPLACED,
        last_used_at=secret.created_at,
        uses=520,
    )


def _age_bindings(tenant: Tenant, at: datetime) -> None:
    grants = {(identity.name, grant.role): grant for identity in estate.IDENTITIES for grant in identity.grants}
    found = list(RoleBinding.objects.filter(identity__tenant=tenant).select_related("identity", "role"))
    for binding in found:
        grant: Grant = grants[binding.identity.name, binding.role.name]
        binding.valid_from = binding.created_at = max(binding.identity.created_at, at - 330 * DAY)
        binding.last_used_at = at - grant.used * DAY if grant.used is not None else None
    update_many(found, ["valid_from", "created_at", "last_used_at"])


def _write_runs(tenant: Tenant, rows: Mapping[str, ManagedIdentity], at: datetime) -> PastRuns:
    into = PastRuns()
    kid = SigningKey.objects.filter(retired_at=None).values_list("kid", flat=True).first() or ""
    schedules = {row.name: row for row in Schedule.objects.filter(tenant=tenant).select_related("workflow")}
    roles = {identity.name: tuple(grant.role for grant in identity.grants) for identity in estate.IDENTITIES}
    for plan in plans.PLANS:
        if plan.past is None:
            continue
        schedule, who = schedules[plan.name], rows[plan.identity]
        setting = Setting(
            plan, schedule, who, kid, settings.PASSPORT_ISSUER, roles[plan.identity], access_token_lifetime()
        )
        _settle(schedule, past_runs.write(setting, at, into), at - (plan.past.days + 20) * DAY)
    _write_tokens(rows, kid, at, into)
    for found in (into.runs, into.steps, into.tokens, into.decisions):
        insert_many(found)
    # The column is filled in by the clock; a run is made when it is due.
    ScheduleRun.objects.filter(pk__in=[run.pk for run in into.runs]).update(created_at=F("scheduled_for"))
    _note_uses(into)
    return into


def _settle(schedule: Schedule, runs: Sequence[tuple[ScheduleRun, past_runs.Ending]], made: datetime) -> None:
    """What its past leaves on a schedule: its age, and that it is blocked where its last runs were."""
    Schedule.objects.filter(pk=schedule.pk).update(created_at=made, updated_at=made)
    Workflow.objects.filter(pk=schedule.workflow_id).update(created_at=made, updated_at=made)
    WorkflowVersion.objects.filter(workflow_id=schedule.workflow_id).update(created_at=made)
    blocked: list[tuple[ScheduleRun, past_runs.Ending]] = []
    for run, ending in runs:
        blocked = [*blocked, (run, ending)] if ending.cause else [] if ending.state == RunState.SUCCEEDED else blocked
    if blocked:
        last, ending = blocked[-1]
        Schedule.objects.filter(pk=schedule.pk).update(
            blocked_since=blocked[0][0].finished_at,
            blocked_code=ending.cause,
            blocked_reason=last.reason,
            blocked_run_id=last.pk,
        )


def _write_tokens(rows: Mapping[str, ManagedIdentity], kid: str, at: datetime, into: PastRuns) -> None:
    """Tokens of those who ask by themselves, spread over each day; fewer at the weekend."""
    life = access_token_lifetime()
    for name, a_day in ASKING.items():
        for days in range(SINCE_DAYS):
            count = a_day if (at - days * DAY).weekday() < 5 else a_day // 2
            for number in range(count):
                issued = at - days * DAY - (number + 1) * DAY / (count + 1)
                into.tokens.append(past_runs.token(rows[name], kid, issued, life, uuid4()))


def _note_uses(into: PastRuns) -> None:
    """The last token of an identity was its last use, as when Passport issues one."""
    last: dict[Any, datetime] = {}
    for token in into.tokens:
        last[token.identity_id] = max(token.issued_at, last.get(token.identity_id, token.issued_at))
    for row in ManagedIdentity.objects.filter(pk__in=last):
        used = max(last[row.pk], row.last_used_at or last[row.pk])
        ManagedIdentity.objects.filter(pk=row.pk).update(last_used_at=used)


def _write_days(tenant: Tenant, runs: PastRuns, at: datetime) -> None:
    """A snapshot a day, of the tenant and of each team, worked back from today's."""
    programme.take_snapshot(tenant.pk, at)
    tokens = _by_day(token.issued_at for token in runs.tokens)
    denials = _by_day(one.at for one in runs.decisions if one.outcome == DecisionOutcome.DENY)
    days = []
    for row in DailySnapshot.objects.filter(tenant=tenant, day=at.date()):
        for ago in range(1, SINCE_DAYS + 1):
            numbers = trend.past_numbers(row.numbers, days_ago=ago)
            day = at.date() - timedelta(days=ago)
            if row.team_id is None:
                refused = 1 if ago % 7 == 3 else 0
                numbers |= {"tokens_today": [tokens[day], None, None], "failed_sign_ins": [refused, None, None]}
                numbers |= {"violations": [denials[day], None, None]}
            taken = datetime.combine(day, datetime.min.time(), tzinfo=at.tzinfo) + trend.LAST_COUNT
            days.append(DailySnapshot(tenant=tenant, team_id=row.team_id, day=day, numbers=numbers, taken_at=taken))
    insert_many(days)


def _by_day(moments: Iterable[datetime]) -> Counter[date]:
    return Counter(moment.date() for moment in moments)
