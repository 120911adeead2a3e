"""The commands on a quarantine: release it, and work through its lines: tick, assign, rotate, revoke."""

from typing import Any
from uuid import UUID

from django import forms

from audit.actors import Actor
from identities.access.matrix import Duty
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import CommandForm, ReasonForm
from identities.admin.pages import address_of, command_of, page_of
from identities.admin.scope import Scope
from identities.admin.searching import OfTenant
from identities.credentials import keys, services as credentials
from identities.credentials.models import ClientKey, ClientSecret, Rotation
from identities.credentials.places import resting
from identities.errors import Conflict, Refused
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import releases, rotations, runbook_lines, selectors
from identities.lifecycle.models import LineKind, Quarantine, QuarantineLine
from identities.people.models import User

NOT_YOURS = "This line is given to somebody else."
ONE = "It gets back the state it had, and the schedules and role bindings that the quarantine took. Tokens stay dead."
TWO = f"{ONE} It is of high tier: one person asks, another one releases within a day."


class NoteForm(CommandForm):
    """What was seen."""

    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="How you know, such as a ticket or who confirmed it. Never paste a secret here.",
    )


class AssigneeForm(CommandForm):
    """To whom."""

    person = OfTenant(User, label="Person", where={"is_agent": False, "is_active": True}, by=("email",))
    renamed = {"assignee": "person"}


class RotateForm(ReasonForm):
    """Why, said already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        line = self.obj
        if isinstance(line, QuarantineLine):
            self.initial.setdefault("reason", f"{line.quarantine.identity.name}, which could read it, is quarantined")


def released(row: Quarantine, *, reason: str, actor: Actor) -> str:
    """Release, or be the first of two; what to say of it."""
    after = releases.release_or_ask(row, reason=reason, actor=actor)
    if after.closed_at is None:
        return "Your word is kept. Another person has to release it within a day."
    return f"{after.identity} is released: it is {after.identity.state}. Tokens from before stay dead."


def _release(call: Call) -> Done:
    return Done(released(call.obj, reason=call.values["reason"], actor=call.actor), obj=call.obj)


def _tick(call: Call) -> Done:
    if not _governs(call.scope, call.obj) and call.item.assignee_id != call.scope.user.pk:
        raise Refused(NOT_YOURS)
    runbook_lines.done(call.item, note=call.values["note"], actor=call.actor)
    return Done("The line is done.", obj=call.obj)


def _assign(call: Call) -> Done:
    person = call.values["person"]
    runbook_lines.assign(call.item, person=person, actor=call.actor)
    return Done(f"{person} sees to it.", obj=call.obj)


def _rotate(call: Call) -> Done:
    holder = _holder(call.item)
    secret = _resting(call.item, holder)
    if holder is None or secret is None:
        raise Conflict("No secret of an identity of Steward rests there any more.", code="nothing_to_rotate")
    rotations.rotate(holder, reason=call.values["reason"], secret=secret, actor=call.actor)
    begun = Rotation.objects.filter(identity=holder, ended_at=None).first()
    where = address_of(Rotation, begun.pk) if begun else page_of(holder, tab="credentials")
    return Done("A new secret is on its way. End the old one here as soon as its users have the new one.", href=where)


def _revoke(call: Call) -> Done:
    found = _credential(call.item)
    if found is None:
        raise Conflict("This credential has ended already.", code="already_revoked")
    if isinstance(found, ClientKey):
        keys.revoke_key(found, reason=call.values["reason"], actor=call.actor)
    else:
        credentials.revoke(found, reason=call.values["reason"], actor=call.actor)
    runbook_lines.done(call.item, note="Revoked.", actor=call.actor)
    return Done("It is revoked for good.", obj=call.obj)


def _line(row: Quarantine, line_id: str) -> QuarantineLine | None:
    try:
        found = selectors.lines_of(row).filter(pk=UUID(line_id)).first()
    except ValueError:
        return None
    if found is not None:
        found.quarantine = row
    return found


def _holder(line: QuarantineLine) -> ManagedIdentity | None:
    key = line.about.get("identity_id")
    return ManagedIdentity.objects.filter(pk=key, tenant_id=line.quarantine.tenant_id).first() if key else None


def _resting(line: QuarantineLine, holder: ManagedIdentity | None) -> ClientSecret | None:
    """The newest live secret of the holder in the place that the line names."""
    place = (line.about.get("vault_uri"), line.about.get("secret_name"))
    found = resting(holder).order_by("-created_at") if holder else ()
    return next((secret for secret in found if (secret.uri, secret.secret) == place), None)


def _credential(line: QuarantineLine) -> ClientSecret | ClientKey | None:
    key, of = line.about.get("credential_id"), line.quarantine.identity_id
    if line.about.get("credential_kind") == "client_key":
        return ClientKey.objects.filter(pk=key, identity_id=of, revoked_at=None).first()
    return ClientSecret.objects.filter(pk=key, identity_id=of, revoked_at=None).first()


def _governs(scope: Scope, row: Quarantine) -> bool:
    return scope.may(Duty.GOVERN, row.tenant_id)


def _is_open(thing: Any) -> bool:
    if isinstance(thing, QuarantineLine):
        return thing.done_at is None and thing.quarantine.closed_at is None
    return thing.closed_at is None


def _is_of(kind: LineKind) -> Any:
    return lambda thing: _is_open(thing) and (not isinstance(thing, QuarantineLine) or thing.kind == kind)


def ways_of(row: Quarantine, line: QuarantineLine, scope: Scope) -> list[tuple[str, str]]:
    """The buttons of a line for this person: one that does it where Steward can, then tick and assign."""
    if not _is_open(line):
        return []
    governs = _governs(scope, row)
    found = []
    if governs and line.kind == LineKind.DEPENDENT_SECRET and "identity_id" in line.about:
        found.append(("Rotate", command_of(row, "rotate-dependent", line.pk)))
    if governs and line.kind == LineKind.CREDENTIAL:
        found.append(("Revoke", command_of(row, "revoke-own", line.pk)))
    if governs or (line.assignee_id == scope.user.pk and scope.may(Duty.REPORT, row.tenant_id)):
        found.append(("Tick", command_of(row, "line-done", line.pk)))
    if governs:
        found.append(("Assign", command_of(row, "line-assign", line.pk)))
    return found


BUTTONS = (
    Command(
        key="release",
        label="Release",
        icon="lock_open",
        run=_release,
        form=ReasonForm,
        applies=_is_open,
        title="Release from quarantine",
        intro=lambda row: TWO if releases.needs_two(row) else ONE,
        confirm="Its secrets open doors again, its schedules run again. Revoke what may be known first.",
    ),
    Command(
        key="line-done",
        label="Tick",
        icon="check",
        duty=Duty.REPORT,
        run=_tick,
        form=NoteForm,
        item=_line,
        listed=False,
        applies=_is_open,
        title="This is done",
        intro=lambda line: line.text,
        submit="It is done",
    ),
    Command(
        key="line-assign",
        label="Assign",
        icon="person_add",
        run=_assign,
        form=AssigneeForm,
        item=_line,
        listed=False,
        applies=_is_open,
        title="Give this line to somebody",
        intro=lambda line: line.text,
    ),
    Command(
        key="rotate-dependent",
        label="Rotate",
        icon="autorenew",
        run=_rotate,
        form=RotateForm,
        item=_line,
        listed=False,
        applies=_is_of(LineKind.DEPENDENT_SECRET),
        title="Rotate a secret that it could read",
        intro=lambda line: f"{line.text}. The new one goes to the same place; nobody sees it. The old one works on "
        "until it is ended, so that those who use it are not cut off.",
    ),
    Command(
        key="revoke-own",
        label="Revoke",
        icon="key_off",
        danger=True,
        run=_revoke,
        form=ReasonForm,
        item=_line,
        listed=False,
        applies=_is_of(LineKind.CREDENTIAL),
        title="Revoke its own credential",
        intro=lambda line: line.text,
        confirm="Nothing brings it back: after a release the identity needs a new one.",
    ),
)  # fmt: skip
