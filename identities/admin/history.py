"""What the audit says, drawn: the timeline of a thing, and one event in full."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from audit import selectors as audit
from audit.models import AuditEvent
from identities.access.matrix import Duty, Reach
from identities.admin.change_control import change_facts
from identities.admin.pages import Tab, address_of, list_of
from identities.admin.parts import Badge, Block, Empty, Entry, Fact, Lines, Link, Moment, Timeline
from identities.admin.scope import Scope
from identities.admin.wording import icon_of, plain, tone_of

SHOWN = 40
KIND_WORDS = {
    "person": "person",
    "service_user": "service user",
    "identity": "identity",
    "system": "Steward",
    "anonymous": "not signed in",
}


def say(event_type: str) -> str:
    """An event's type as a sentence's beginning: `role_binding.granted` is "Role binding granted"."""
    return event_type.replace(".", " ").replace("_", " ").capitalize()


def who(event: Any) -> Lines:
    """Who acted, and what kind of actor that is; an identity also with its client id."""
    kind = KIND_WORDS.get(event.actor_kind, event.actor_kind)
    name = event.actor_label or event.actor_id or kind
    parts: list[object] = [name]
    if kind not in {name, "Steward"}:
        parts.append(Badge(kind, "accent" if event.actor_kind in {"identity", "service_user"} else "quiet"))
    return Lines(parts, row=True)


def about(event: Any) -> str:
    """What an event is about; a run is called by its schedule, whose name its label carries behind a mark."""
    label = event.subject_label or event.subject_id or "–"
    return label.removeprefix("schedule:") if event.subject_kind == "run" else label


def change_lines(changes: Mapping[str, Any]) -> list[str]:
    """Before and after, a line a member."""
    return [_line(name, change) for name, change in changes.items()]


def entries(events: Iterable[AuditEvent]) -> list[Entry]:
    """Events as entries of a timeline."""
    return [
        Entry(
            at=event.recorded_at,
            title=Link(say(event.type), address_of(AuditEvent, event.pk)),
            text="\n".join(filter(None, [event.reason, *change_lines(event.changes)[:6]])),
            tone=tone_of(event.outcome) if event.outcome != "success" else "info",
            icon=icon_of(event.outcome) if event.outcome != "success" else "history",
            facts=change_facts(event.details),
            aside=Lines([who(event), Moment(event.recorded_at)], row=True),
        )
        for event in events
    ]


def timeline_tab(scope: Scope, obj: Any, subject_id: str = "") -> Sequence[Tab]:
    """The timeline of an object as a tab, for those who may read its audit; else no tab."""
    if scope.principal.reach(Duty.READ_AUDIT) is Reach.NONE:
        return ()
    return (Tab("timeline", "Timeline", lambda: timeline(scope, subject_id or str(obj.pk), str(obj))),)


def timeline(scope: Scope, subject_id: str, label: str) -> Sequence[Block]:
    """Everything that was done to one thing, newest first."""
    found = audit.about(scope.principal.visible_tenants(Duty.READ_AUDIT), subject_id)
    if scope.principal.reach(Duty.READ_AUDIT) is Reach.OWN:
        found = found.filter(actor_id=scope.actor.id)
    return [
        Timeline(
            "Timeline",
            entries(found[:SHOWN]),
            Empty(
                "Nothing recorded yet",
                f"Every change of {label} will be listed here, with who made it.",
                icon="history",
            ),
            more=Link("All of it in the audit log", list_of(AuditEvent, q=subject_id)),
        )
    ]


def facts_of(changes: Mapping[str, Any]) -> list[Fact]:
    """Changes as facts."""
    return [Fact(name.replace("_", " ").capitalize(), _line("", change)) for name, change in changes.items()]


def _line(name: str, change: Any) -> str:
    label = f"{name.replace('_', ' ')}: " if name else ""
    if not isinstance(change, Mapping) or not {"previous", "current"} & set(change):
        return f"{label}{_short(change)}"
    before, after = change.get("previous"), change.get("current")
    if before in (None, "", [], {}):
        return f"{label}{_short(after)}"
    return f"{label}{_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        text = ", ".join(f"{name}: {_short(part)}" for name, part in value.items())
    else:
        text = ", ".join(map(_short, value)) if isinstance(value, list) else plain(str(value))
    return text if len(text) <= 160 else f"{text[:157]}…"
