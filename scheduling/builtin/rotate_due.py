"""Node `rotate_due`: new secrets for all that are due and rest in a vault."""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from identities.access.permissions import CREDENTIAL_ROTATE
from identities.access.selectors import permissions_of_role_names
from identities.credentials import by_itself
from identities.credentials.models import DeliveryStep
from identities.errors import DomainError
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import rotations
from scheduling.nodes.base import Answer, Failure, Later, Node, NodeContext, Success

#: Of one turn; what is left then is found again by the next one, which another worker may take.
LONGEST = 240.0
NAMED = 100
BRITTLE = "Its consumer failed to change over before: somebody should be there when it is rotated."


class RotateDue(Node):
    """Rotates every identity of the tenant whose secret rests in a vault and is due within `within_days`.

    Done again it finds what is left: whatever is being rotated is due no more. It acts as the run's identity, which
    needs `credential.rotate`. Fails where one was refused, after all the others had their turn.
    """

    kind = "rotate_due"
    label = "Rotate secrets that are due"

    @dataclass(frozen=True)
    class Params:
        within_days: int = field(
            default=31, metadata={"minimum": 1, "maximum": 366, "description": "Due within so many days"}
        )

    params: Params

    def execute(self, context: NodeContext) -> Answer:
        held = permissions_of_role_names(context.tenant_id, context.actor.roles)
        if CREDENTIAL_ROTATE not in held:
            return Failure(reason=f"Missing {CREDENTIAL_ROTATE} permission", status=403)
        began = time.monotonic()
        before = (context.scheduled_for or context.step_started_at) + timedelta(days=self.params.within_days)
        told: defaultdict[str, list[str]] = defaultdict(list)
        for identity in by_itself.due(context.tenant_id, before=before, at=context.at):
            if time.monotonic() - began > LONGEST:
                return Later(until=context.at + timedelta(seconds=1))
            kind, said = self._rotate(identity, context)
            context.log.info("node.rotated", identity=identity.name, outcome=kind)
            told[kind].append(said)
        return _answer(told)

    def _rotate(self, identity: ManagedIdentity, context: NodeContext) -> tuple[str, str]:
        if identity.brittle:
            return "left", f"{identity.name}: {BRITTLE}"
        try:
            done = rotations.rotate(
                identity, reason="Due, and rotates by itself", actor=context.actor.as_actor()
            ).rotation
        except DomainError as error:
            return "refused", f"{identity.name}: {error.message}"
        if done is not None and done.delivery_step != DeliveryStep.DONE:
            return "waiting", f"{identity.name}: {done.delivery_reason}"
        return "rotated", identity.name


def _answer(told: dict[str, list[str]]) -> Answer:
    refused = told.get("refused", [])
    if refused:
        done = len(told.get("rotated", []))
        return Failure(reason=f"{len(refused)} refused, {done} rotated. First: {refused[0]}")
    kinds = ("rotated", "waiting", "left")
    counts = {kind: len(told.get(kind, [])) for kind in kinds}
    return Success(payload={**counts, "identities": {kind: told.get(kind, [])[:NAMED] for kind in kinds}})
