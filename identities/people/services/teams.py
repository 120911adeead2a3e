"""Commands on teams: people of one tenant who own things together."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import TeamEvent
from identities.people import standing
from identities.people.actors import subject_of
from identities.people.models import Team, Tenant, User


@transaction.atomic
def create_team(*, tenant: Tenant, name: str, actor: Actor, email: str = "") -> Team:
    """Make a team without members. The name is unique in the tenant whatever its case. Raises Invalid."""
    team = Team(tenant=tenant, name=name, email=email)
    _check(team)
    team.save(force_insert=True)
    audit.record(
        TeamEvent.CREATED,
        actor=actor,
        subject=subject_of(team),
        changes=changes.made({"name": team.name, "email": team.email}),
    )
    return team


@transaction.atomic
def change_team(team: Team, *, actor: Actor, name: str | None = None, email: str | None = None) -> Team:
    """Rename a team or change its address; None leaves a member as it is. Raises Invalid."""
    locked = _lock(team)
    before = {"name": locked.name, "email": locked.email}
    locked.name = locked.name if name is None else name
    locked.email = locked.email if email is None else email
    _check(locked)
    after = {"name": locked.name, "email": locked.email}
    found = changes.between(before, after)
    if found:
        locked.save(update_fields=["name", "email", "updated_at"])
        audit.record(TeamEvent.CHANGED, actor=actor, subject=subject_of(locked), changes=found)
    return locked


@transaction.atomic
def add_member(team: Team, user: User, *, actor: Actor) -> Team:
    """Take `user` into the team; both must be of one tenant (Invalid), and not be in it already (Conflict)."""
    locked = _lock(team)
    if user.tenant_id != locked.tenant_id:
        raise Invalid({"user_id": ["There is no such user."]})
    if locked.members.filter(pk=user.pk).exists():
        raise Conflict(f"{user.email} is a member of {locked.name} already.", code="already_a_member")
    locked.members.add(user)
    standing.team_changed(locked.pk)
    _record_member(TeamEvent.MEMBER_ADDED, locked, user, actor)
    return locked


@transaction.atomic
def remove_member(team: Team, user: User, *, actor: Actor) -> Team:
    """Take `user` out of the team. Raises Conflict for somebody who is not in it."""
    locked = _lock(team)
    if not locked.members.filter(pk=user.pk).exists():
        raise Conflict(f"{user.email} is not a member of {locked.name}.", code="not_a_member")
    locked.members.remove(user)
    standing.team_changed(locked.pk)
    _record_member(TeamEvent.MEMBER_REMOVED, locked, user, actor)
    return locked


def _record_member(event: TeamEvent, team: Team, user: User, actor: Actor) -> None:
    audit.record(event, actor=actor, subject=subject_of(team), details={"user_id": str(user.pk), "email": user.email})


def _lock(team: Team) -> Team:
    return Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _check(team: Team) -> None:
    team.name, team.email = " ".join(team.name.split()), team.email.strip().lower()
    if not team.name or len(team.name) > 120:
        raise Invalid({"name": ["1 to 120 characters."]})
    others = Team.objects.filter(tenant=team.tenant, name__iexact=team.name).exclude(pk=team.pk)
    if others.exists():
        raise Invalid({"name": ["There is a team of this name."]}, code="name_taken")
    if team.email:
        try:
            validate_email(team.email)
        except ValidationError as exc:
            raise Invalid({"email": ["This is not an e-mail address."]}) from exc
