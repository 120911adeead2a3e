"""The commands that stop an identity, by plan or in an incident, and those that end the stop."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from identities.admin.commands import Call, Command, Done, button
from identities.admin.forms import ReasonForm, moment
from identities.admin.pages import page_of
from identities.admin.parts import Block, Empty, Fact, Facts, Table
from identities.admin.quarantine_commands import ONE, TWO, released
from identities.admin.wording import words
from identities.errors import Conflict
from identities.inventory.dependencies.base import dependencies_of
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State, may_become
from identities.lifecycle import drills, pausing, releases, selectors
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.tokens.models import IssuedToken

USUAL_PAUSE = timedelta(hours=1)
SHOWN = 20


class PauseForm(ReasonForm):
    """Until when, and why."""

    until = moment(label="Resumes by itself at", required=False, help_text="Left empty: when somebody resumes it.")
    field_order = ("until", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("until", (timezone.now() + USUAL_PAUSE).replace(second=0, microsecond=0))


class DrillForm(ReasonForm):
    """How long, and why; in production, of high tier, said twice."""

    minutes = forms.IntegerField(
        label="Minutes", min_value=1, max_value=drills.MOST_MINUTES, initial=drills.MINUTES,
        help_text="After them it is released by itself. You may release it before.",
    )  # fmt: skip
    field_order = ("minutes", "reason", "is_confirmed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("reason", drills.REHEARSED)

    def extra_fields(self) -> dict[str, forms.Field]:
        if not (isinstance(self.obj, ManagedIdentity) and drills.asks_twice(self.obj)):
            return {}
        label = "I know that every call of it in production fails meanwhile"
        return {"is_confirmed": forms.BooleanField(label=label, required=True)}


def stops(identity: ManagedIdentity) -> list[Block]:
    """What will stop, in figures and by name: asked before, not found out after."""
    found = dependencies_of(identity)
    rows = [[words(one.kind), one.label, one.detail] for one in found[:SHOWN]]
    live = IssuedToken.objects.live(timezone.now()).filter(identity=identity).count()
    facts = [
        Fact("Live tokens", live, "They die at once."),
        Fact("Known to depend on it", len(found), f"The first {SHOWN} are listed." if len(found) > SHOWN else ""),
    ]
    if identity.account_id is not None:
        facts.append(Fact("Its account", "signs in no more", "The service user is disabled, and its sessions end."))
    if identity.ends_elsewhere:
        facts.append(Fact("Issued elsewhere", "stopped here first", "Its revocation procedure opens as a checklist."))
    empty = Empty("Nothing known depends on it", "No schedule runs as this identity.", icon="check_circle")
    return [Facts("What stops", facts), Table("What stops working", ["Kind", "Name", "What happens"], rows, empty)]


def _quarantine(call: Call) -> Done:
    row = quarantine(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done(f"{call.obj} is quarantined. This is its runbook.", href=page_of(row))


def _drill(call: Call) -> Done:
    row = drills.rehearse(call.obj, actor=call.actor, **call.values)
    return Done(f"The drill is under way; {call.obj} is released by itself.", href=page_of(row))


def _release(call: Call) -> Done:
    row = selectors.standing(call.obj)
    if row is None:
        raise Conflict("It is not quarantined any more.", code="not_quarantined")
    return Done(released(row, reason=call.values["reason"], actor=call.actor), href=page_of(call.obj))


def _said(identity: ManagedIdentity) -> str:
    row: Quarantine | None = selectors.standing(identity)
    return TWO if row is not None and releases.needs_two(row) else ONE


def _may(target: State) -> Any:
    return lambda identity: may_become(State(identity.state), target)


BUTTONS = (
    button(
        pausing.pause,
        key="pause",
        label="Pause",
        icon="pause_circle",
        fields=PauseForm,
        done="{obj} rests. Who comes meanwhile is kept.",
        applies=_may(State.PAUSED),
        notes=stops,
        title="Pause",
        intro="Planned and reversible: no token, no run, until it resumes by itself. Whoever still needs it shows up.",
        confirm="Its tokens die now and stay dead. Runs that come due meanwhile are refused and not caught up.",
    ),
    button(
        pausing.resume,
        key="resume",
        label="Resume",
        icon="play_circle",
        primary=True,
        done="{obj} works again. Tokens from before stay dead.",
        applies=lambda identity: identity.state == State.PAUSED,
    ),
    Command(
        key="drill",
        label="Drill",
        icon="science",
        run=_drill,
        form=DrillForm,
        applies=_may(State.QUARANTINED),
        notes=stops,
        title="Rehearse its quarantine",
        submit="Begin the drill",
        intro="The very same stop, in earnest, for some minutes: how long it takes is measured and kept.",
        confirm="While it lasts nothing of it works.",
    ),
    Command(
        key="quarantine",
        label="Quarantine",
        icon="shield_lock",
        danger=True,
        run=_quarantine,
        form=ReasonForm,
        applies=_may(State.QUARANTINED),
        notes=stops,
        title="Quarantine",
        intro="For an incident. Evidence is frozen first; then tokens die, secrets open nothing, schedules pause, runs "
        "stop before their next step, and the runbook says what is left to do.",
        confirm="It stops at once everywhere here. Only a release ends it; of high tier that takes two people.",
    ),
    Command(
        key="release",
        label="Release",
        icon="lock_open",
        primary=True,
        run=_release,
        form=ReasonForm,
        applies=lambda identity: identity.state == State.QUARANTINED,
        title="Release from quarantine",
        intro=_said,
        confirm="Its secrets open doors again, its schedules run again. Revoke what may be known first.",
    ),
)
