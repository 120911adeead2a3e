"""Commands on resource policies; text is checked before it is kept."""

from uuid import UUID

from django.db import transaction

from audit import changes, services as audit
from audit.actors import Actor, Subject
from identities.errors import Conflict, Invalid
from identities.events import PolicyEvent
from identities.policies import engine
from identities.policies.hashing import content_hash
from identities.policies.models import ResourcePolicy

MAX_NAME = 120


def validate(text: str) -> list[str]:
    """What is wrong with `text`, each sentence naming the rule or its line; empty if it can be kept."""
    try:
        engine.compile(text)
    except engine.BadPolicy as bad:
        return bad.problems
    return []


@transaction.atomic
def create_policy(*, tenant_id: UUID, name: str, text: str, actor: Actor) -> ResourcePolicy:
    """Keep a policy. Raises Invalid for text that does not hold and for a name already taken."""
    policy = ResourcePolicy(tenant_id=tenant_id, name=name.strip(), text=text, content_hash=content_hash(text))
    _check(policy)
    policy.save()
    _record(PolicyEvent.CREATED, policy, actor, changes.made({"text": policy.text}))
    return policy


@transaction.atomic
def change_policy(
    policy: ResourcePolicy, *, actor: Actor, name: str | None = None, text: str | None = None, reason: str = ""
) -> ResourcePolicy:
    """Change name, text or both; the next decision asks the new text. Raises Invalid."""
    locked = ResourcePolicy.objects.select_for_update().get(pk=policy.pk)
    before = {"name": locked.name, "text": locked.text}
    locked.name = locked.name if name is None else name.strip()
    locked.text = locked.text if text is None else text
    locked.content_hash = content_hash(locked.text)
    _check(locked)
    locked.save()
    after = {"name": locked.name, "text": locked.text}
    found = changes.between(before, after)
    if found:
        _record(PolicyEvent.CHANGED, locked, actor, found, reason)
    return locked


@transaction.atomic
def remove_policy(policy: ResourcePolicy, *, actor: Actor, reason: str = "") -> None:
    """Take a policy away. Raises Conflict while anything is ruled by it: removing it would open that up."""
    locked = ResourcePolicy.objects.select_for_update().get(pk=policy.pk)
    if _is_used(locked):
        raise Conflict(f"Policy '{locked.name}' still rules something: take it off there first.", code="policy_in_use")
    _record(PolicyEvent.REMOVED, locked, actor, changes.between({"text": locked.text}, {}), reason)
    locked.delete()


def subject_of(policy: ResourcePolicy) -> Subject:
    """A policy as the audit names it."""
    return Subject(kind="policy", id=str(policy.id), label=policy.name, tenant_id=policy.tenant_id)


def _check(policy: ResourcePolicy) -> None:
    errors: dict[str, list[str]] = {}
    if not policy.name or len(policy.name) > MAX_NAME or not policy.name.isprintable():
        errors["name"] = [f"Between 1 and {MAX_NAME} printable characters."]
    elif ResourcePolicy.objects.filter(tenant_id=policy.tenant_id, name=policy.name).exclude(pk=policy.pk).exists():
        errors["name"] = ["A policy of this tenant has this name."]
    if problems := validate(policy.text):
        errors["text"] = problems
    if errors:
        raise Invalid(errors)


def _is_used(policy: ResourcePolicy) -> bool:
    """Does any row of an upper floor point here? Asked of the relations themselves, so that no floor is named."""
    relations = [
        field
        for field in ResourcePolicy._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete
    ]
    return any(
        relation.related_model._meta.base_manager.filter(**{relation.field.name: policy}).exists()  # type: ignore[union-attr]
        for relation in relations
    )


def _record(
    event: PolicyEvent,
    policy: ResourcePolicy,
    actor: Actor,
    changed: changes.Changes,
    reason: str = "",
) -> None:
    audit.record(
        event,
        actor=actor,
        subject=subject_of(policy),
        reason=reason,
        changes=changed,
        details={"content_hash": policy.content_hash},
    )
