"""Preflight: a schedule is tried for its next seven days, and what would fail then is said today."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import services as audit
from audit.actors import Actor
from audit.events import Outcome
from audit.moments import zulu
from identities.events import VaultEvent
from identities.inventory import posture
from identities.inventory.answering import answer_for
from identities.people import notices
from identities.people.models import User
from scheduling.events import ScheduleEvent
from scheduling.models import Preflight, Schedule
from scheduling.preflight.checks.base import Bearer
from scheduling.preflight.problems import Problem
from scheduling.preflight.trying import Found, try_out

KIND = "preflight"


def preflight(schedule: Schedule, *, at: datetime, actor: Actor) -> Preflight:
    """Try every occurrence of the seven days after `at`, keep the verdict, and answer it. Outside of transactions.

    Without effect on what is tried: no run, no token, no decision, no mark of use. Each secret that was read from a
    vault is recorded; a verdict that differs from the one before is recorded and told to whoever answers, each problem
    once; the identities concerned are judged for findings within seconds. Of two at once the later one is kept. A
    schedule that is deleted meanwhile answers an unsaved row.
    """
    found = try_out(schedule, at=at)
    with transaction.atomic():
        return _keep(schedule, found, actor)


def problems_of(row: Preflight) -> list[Problem]:
    """What it found, as values."""
    return [Problem.from_json(each) for each in row.problems]


def _keep(schedule: Schedule, found: Found, actor: Actor) -> Preflight:
    before = Preflight.objects.filter(schedule=schedule).first()
    concerned = {each.identity_id for each in [*found.problems, *(problems_of(before) if before else [])]}
    posture.mark({key for key in concerned if key is not None})
    is_there = Schedule.objects.select_for_update(no_key=True).filter(pk=schedule.pk, deleted_at=None).exists()
    before = Preflight.objects.filter(schedule=schedule).first()
    known = {each.key: each for each in problems_of(before)} if before else {}
    problems = sorted((each.seen_before(known, found.at) for each in found.problems), key=_rank)
    row = before or Preflight(schedule=schedule)
    if not is_there or (before is not None and before.checked_at > found.at):
        return row
    row.checked_at, row.until = found.at, found.until
    row.occurrence_at = found.occurrences[0] if found.occurrences else None
    row.occurrences, row.is_clear = len(found.occurrences), not problems
    row.problems = [each.as_json() for each in problems]
    row.save()
    _record_reads(schedule, found.bearers, actor)
    _say(schedule, problems, known.keys(), found.bearers, actor)
    return row


def _rank(problem: Problem) -> tuple[bool, str]:
    """What stops runs first, and of that the nearest: lists are ordered by the first of a schedule's problems."""
    return not problem.stops_runs, zulu(problem.at) if problem.at else ""


def _record_reads(schedule: Schedule, bearers: Sequence[Bearer], actor: Actor) -> None:
    for bearer in bearers:
        if not bearer.reads_secret:
            continue
        audit.record(
            VaultEvent.SECRET_READ,
            actor=actor,
            subject=schedule.subject,
            reason="Preflight",
            details={**bearer.reference, "identity_id": str(bearer.identity_id), "preflight": True},
        )


def _say(
    schedule: Schedule,
    problems: Sequence[Problem],
    known: Collection[tuple[str, str, str]],
    bearers: Sequence[Bearer],
    actor: Actor,
) -> None:
    """Record a verdict that is news, and tell each new problem once to those who answer."""
    if {each.key for each in problems} == set(known):
        return
    event = ScheduleEvent.PREFLIGHT_FAILED if problems else ScheduleEvent.PREFLIGHT_CLEARED
    audit.record(
        event,
        actor=actor,
        subject=schedule.subject,
        outcome=Outcome.FAILURE if problems else Outcome.SUCCESS,
        reason=" ".join(each.text for each in problems)[:500],
        details={"problems": [_fact(each) for each in problems]},
    )
    for problem in problems:
        if problem.key not in known:
            _tell(schedule, problem, bearers)


def _fact(problem: Problem) -> dict[str, Any]:
    moment = zulu(problem.at) if problem.at else None
    return {"code": problem.code, "at": moment, "identityId": str(problem.identity_id or ""), "node": problem.node}


def _tell(schedule: Schedule, problem: Problem, bearers: Sequence[Bearer]) -> None:
    what = f"{schedule.name} would fail" if problem.stops_runs else f"Nobody answers for {schedule.name}"
    since = zulu(problem.since) if problem.since else ""
    notices.tell(
        _people(schedule, problem.identity_id, bearers),
        tenant_id=schedule.tenant_id,
        kind=KIND,
        key=f"{KIND}:{schedule.pk}:{problem.code}:{str(problem.identity_id or '')[:8]}:{since}",
        subject=what[:200],
        text=problem.text,
        about=schedule.subject,
    )


def _people(schedule: Schedule, identity_id: UUID | None, bearers: Sequence[Bearer]) -> list[User]:
    """Who answers for the identity concerned, else for the schedule's own, and the schedule's owner."""
    named = {bearer.identity_id: bearer.identity for bearer in bearers if bearer.identity}
    identity = named.get(identity_id or schedule.managed_identity_id) or named.get(schedule.managed_identity_id)
    owner = [schedule.owner] if schedule.owner else []
    return [*owner, *(answer_for(identity) if identity else [])]
