"""Disabling many identities at once, for what has to be done within minutes: all that disabling one does."""

from collections.abc import Sequence

from django.db import transaction

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity
from identities.inventory.moving import move_held
from identities.inventory.states import State
from identities.lifecycle.effects.base import Change, run_effects
from identities.tokens import services as tokens


@transaction.atomic
def disable_held(rows: Sequence[ManagedIdentity], *, reason: str, actor: Actor) -> None:
    """As `services.disable` for each, all or none; the caller holds the rows and has them as the database has them.

    A fixed number of statements for any number of rows, and what effects take. Raises Invalid, Conflict.
    """
    move_held(rows, target=State.DISABLED, reason=reason, actor=actor)
    tokens.kill_tokens_held(rows, actor=actor, reason=reason)
    for row in rows:
        run_effects(row, change=Change.DISABLED, reason=reason, actor=actor)
