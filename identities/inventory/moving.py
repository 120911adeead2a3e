"""Moving the state of many identities at once: what `services.set_state` does for one, in as few statements."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import IdentityEvent
from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.inventory.services import MOVED
from identities.inventory.states import State, may_become, only_by
from identities.inventory.subjects import subject_of
from identities.statements.prepared import update_many

STATES = {State.DISABLED: IdentityEvent.DISABLED}


@transaction.atomic
def move_held(rows: Sequence[ManagedIdentity], *, target: State, reason: str, actor: Actor) -> None:
    """Move these to `target`, all or none; the caller holds the rows and has them as the database has them.

    For moves that ask nothing of the row, such as to disabled. Raises Invalid without a reason, Conflict where one has
    no such move, before anything is written.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    for row in rows:
        state = State(row.state)
        if not may_become(state, target) or only_by(state, target):
            raise Conflict(f"Managed identity '{row.name}' is {state}: it cannot become {target}.", code="wrong_state")
    at, said = timezone.now(), []
    for row in rows:
        before = {"state": row.state, "paused_until": row.paused_until.isoformat() if row.paused_until else None}
        row.state, row.state_reason, row.state_changed_at, row.paused_until = target.value, reason.strip(), at, None
        said.append(changes.between(before, {"state": row.state, "paused_until": None}))
    posture.assess_rows(rows, at=at)
    update_many(rows, [*MOVED, *posture.kept_columns()])
    audit.record_many(
        [
            audit.compose(
                STATES[target],
                actor=actor,
                subject=subject_of(row),
                reason=row.state_reason,
                changes=changed,
                details={"client_id": row.client_id},
            )
            for row, changed in zip(rows, said, strict=True)
        ]
    )
