"""What is done for service users without anybody asking: accounts from before get their row in the register."""

from uuid import UUID

import structlog
from django.db import transaction

from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from identities.errors import DomainError
from identities.events import PersonEvent
from identities.people.models import User
from identities.service_users import enrolling

log = structlog.get_logger(__name__)
ACTOR = "service users"


def ensure_rows(*, limit: int = 50) -> int:
    """Enter the accounts that have no row, `limit` at most; answers how many. One query where there is none.

    Whoever made an account answers for it, where the audit still tells and they are there. Each in a transaction of its
    own: one that cannot be entered is logged and holds up no other.
    """
    missing = User.objects.filter(enrolling.machines(), register_row=None).order_by("created_at", "pk")
    return sum(_enter(user_id) for user_id in list(missing.values_list("pk", flat=True)[:limit]))


def _enter(user_id: UUID) -> bool:
    try:
        with transaction.atomic():
            user = User.objects.select_for_update(no_key=True).get(pk=user_id)
            if enrolling.row_of(user) is not None:
                return False
            actor = Actor.system(ACTOR, user.tenant_id)
            enrolling.enter(user, owner=_maker(user), actor=actor)
    except DomainError as error:
        log.warning("service_user.not_entered", user_id=str(user_id), code=error.code, reason=error.message)
        return False
    return True


def _maker(user: User) -> User | None:
    """The person who made the account, as the audit tells it."""
    made = AuditEvent.objects.filter(type=PersonEvent.CREATED, subject_id=str(user.pk), actor_kind=ActorKind.PERSON)
    maker = made.values_list("actor_id", flat=True).first()
    return enrolling.able_owner(user, maker) if maker else None
