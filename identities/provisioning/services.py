"""Plan a document, apply it whole or not at all, write the register out, and say how far the two have drifted."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from audit import services as audit
from audit.actors import Actor, Subject
from identities.errors import Conflict, DomainError, Invalid, Refused
from identities.events import ProvisioningEvent
from identities.people.models import Tenant
from identities.provisioning import rendering
from identities.provisioning.document import Document
from identities.provisioning.planning import Action, Change, Plan, Values, Verb, differences
from identities.provisioning.reading import read
from identities.provisioning.schemas import VERSION
from identities.provisioning.sections.base import Section, sections

#: As much of the diff as one audit record holds; the digest stands for all of it.
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Drift:
    """`plan` is what the document would change back; `unlisted` what the register holds and the document does not."""

    plan: Plan
    unlisted: Sequence[tuple[str, str]]

    @property
    def is_none(self) -> bool:
        return not self.plan.actions and not self.unlisted


def plan(text: str, *, tenant: Tenant) -> Plan:
    """What the document would change. Changes nothing. Raises Invalid with one line a complaint, each with its line."""
    document = read(text)
    actions: list[Action] = []
    unchanged = 0
    for section in sections():
        found, same = _planned(section, document, tenant)
        actions += found
        unchanged += same
    return Plan(actions, unchanged)


def rehearse(plan: Plan, *, tenant: Tenant, actor: Actor) -> None:
    """Carry the plan out and take it all back, to know that it can be. Raises what `apply` would.

    Not rehearsed: what speaks to a vault.
    """
    with transaction.atomic():
        _carry_out([action for action in plan.actions if not _section(action).networked], tenant, actor, "rehearsal")
        transaction.set_rollback(True)


def apply(
    text: str, *, tenant: Tenant, actor: Actor, reason: str = "", allow_privilege: bool = False, commit: str = ""
) -> Plan:
    """Carry out everything that differs, in one transaction, and record it with commit and diff (S4-49).

    Refused (`widens_privilege`) where an action widens privilege and `allow_privilege` was not said. Secrets are made
    after that transaction, each with its vault: where one fails, what came before it stays and Unavailable names it.
    What the document does not name is left alone.
    """
    made = plan(text, tenant=tenant)
    if made.widening and not allow_privilege:
        first = made.widening[0]
        many = len(made.widening)
        raise Refused(
            f"{many} {'action widens' if many == 1 else 'actions widen'} privilege; the first: {first.section} "
            f"{first.key}: {'; '.join(first.weight.widens)}. Read the plan, then say --allow-privilege.",
            code="widens_privilege",
        )
    if not made.actions:
        return made
    why = reason.strip() or "Applied as code."
    with transaction.atomic():
        _carry_out([action for action in made.actions if not _section(action).networked], tenant, actor, why)
        digest = hashlib.sha256(text.encode()).hexdigest()
        _record(made, tenant, actor=actor, reason=why, source={"commit": commit, "digest": digest})
    for action in made.actions:
        if _section(action).networked:
            _carry_out([action], tenant, actor, why)
    return made


def export(tenant: Tenant, *, only: Sequence[str] = ()) -> str:
    """The document that would give today's state: planning it changes nothing. Holds no secret."""
    chosen = [section for section in sections() if not only or section.kind in only]
    return rendering.document(VERSION, {section.kind: section.current(tenant) for section in chosen})


def drift(text: str, *, tenant: Tenant) -> Drift:
    """How far register and document have come apart. Only sections that the document has are asked for the unlisted."""
    document = read(text)
    unlisted = []
    for section in sections():
        if section.kind not in document.values:
            continue
        listed = {section.key(section.read(entry)).casefold() for entry in document.values[section.kind]}
        held = [section.key(values) for values in section.current(tenant)]
        unlisted += [(section.kind, key) for key in held if key.casefold() not in listed]
    return Drift(plan(text, tenant=tenant), unlisted)


def _planned(section: Section, document: Document, tenant: Tenant) -> tuple[list[Action], int]:
    entries = document.values.get(section.kind) or []
    if not entries:
        return [], 0
    held = {section.key(values).casefold(): values for values in section.current(tenant)}
    seen: dict[str, int] = {}
    actions = []
    for number, entry in enumerate(entries):
        line = document.line_of((section.kind, number))
        values = _at_line(line, section.kind, partial(section.read, entry))
        key = section.key(values)
        if (first := seen.setdefault(key.casefold(), line)) != line:
            raise Invalid(f"Line {line}: {section.kind}: '{key}' stands on line {first} already.")
        if action := _action(section, key, values, held.get(key.casefold()), line):
            actions.append(action)
    return actions, len(entries) - len(actions)


def _action(section: Section, key: str, values: Values, before: Values | None, line: int) -> Action | None:
    if before is None:
        changes = [Change(member, None, value) for member, value in values.items() if value not in (None, "", [], {})]
        weight = section.weigh(None, changes)
        return Action(section.kind, key, Verb.CREATE, changes, "not in the register", weight, values, line)
    changes = differences(before, values, section.absent)
    if not changes:
        return None
    weight = section.weigh(before, changes)
    return Action(section.kind, key, Verb.CHANGE, changes, "says something else", weight, values, line)


def _carry_out(actions: Sequence[Action], tenant: Tenant, actor: Actor, reason: str) -> None:
    for action in actions:
        _at_line(action.line, f"{action.section}: {action.key}", partial(_do, action, tenant, actor, reason))


def _do(action: Action, tenant: Tenant, actor: Actor, reason: str) -> None:
    section = _section(action)
    if action.verb is Verb.CREATE:
        section.create(tenant, action.values, actor=actor, reason=reason)
    else:
        section.change(tenant, action.values, action.changes, actor=actor, reason=reason)


def _at_line(line: int, about: str, do: Callable[[], Any]) -> Any:
    """The answer of `do`; a refusal is told with its line."""
    try:
        return do()
    except Invalid as error:
        members = "; ".join(f"{member}: {' '.join(texts)}" for member, texts in error.errors.items()) or error.message
        raise Invalid(f"Line {line}: {about}: {members}", code=error.code) from error
    except DomainError as error:
        raise type(error)(f"Line {line}: {about}: {error.message}", code=error.code) from error


def _record(made: Plan, tenant: Tenant, *, actor: Actor, reason: str, source: Mapping[str, str]) -> None:
    told = rendering.lines(made)
    details: Mapping[str, object] = {
        **source,
        "diff": told[:MOST_LINES],
        "diff_lines": len(told),
        "created": made.count(Verb.CREATE),
        "changed": made.count(Verb.CHANGE),
        "widens": [f"{action.section}: {action.key}" for action in made.widening[:MOST_LINES]],
    }
    subject = Subject(kind="tenant", id=str(tenant.pk), label=tenant.name, tenant_id=tenant.pk)
    audit.record(ProvisioningEvent.APPLIED, actor=actor, subject=subject, reason=reason, details=details)


def _section(action: Action) -> Section:
    found = next((section for section in sections() if section.kind == action.section), None)
    if found is None:
        raise Conflict(f"There is no section {action.section}.")
    return found
