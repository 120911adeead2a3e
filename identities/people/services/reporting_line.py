"""Who stands above whom: asked when somebody leaves things behind."""

from django.db import transaction

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Invalid
from identities.events import PersonEvent
from identities.people.actors import subject_of
from identities.people.models import User
from identities.people.services import rules

#: A line of command longer than this is a circle or a mistake.
LONGEST_LINE = 50


@transaction.atomic
def set_manager(user: User, *, manager: User | None, actor: Actor, reason: str = "") -> User:
    """Name who is asked when this person leaves; None names nobody.

    Raises Invalid naming `manager` for oneself, a service user, a disabled account, somebody of another tenant and a
    circle; Refused as `change_user`.
    """
    locked = User.objects.select_for_update(no_key=True, of=("self",)).select_related("manager").get(pk=user.pk)
    rules.check_account(locked, actor)
    if manager is not None:
        _check(locked, manager)
    before = {"manager": locked.manager.email if locked.manager else ""}
    locked.manager = manager
    if found := changes.between(before, {"manager": manager.email if manager else ""}):
        locked.save(update_fields=["manager", "updated_at"])
        audit.record(PersonEvent.CHANGED, actor=actor, subject=subject_of(locked), reason=reason.strip(), changes=found)
    return locked


def _check(user: User, manager: User) -> None:
    if user.is_agent or manager.is_agent:
        raise Invalid({"manager": ["A service user has no manager and is none: its owner stands in the register."]})
    if manager.tenant_id != user.tenant_id:
        raise Invalid({"manager": ["There is no such person."]})
    if not manager.is_active:
        raise Invalid({"manager": ["This person's account is disabled."]})
    above: User | None = manager
    for _ in range(LONGEST_LINE):
        if above is None:
            return
        if above.pk == user.pk:
            raise Invalid({"manager": ["Nobody stands above themselves: this would close a circle."]})
        # Anew from the table: what hangs on the row in hand may be older.
        above = User.objects.filter(reports=above.pk).first()
    raise Invalid({"manager": ["The line above this person has no end."]})
