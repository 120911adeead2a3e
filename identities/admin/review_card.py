"""One review item as a person reads it in a few seconds: four questions, each answered in one line and its proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identities.admin.finding_rows import TONES
from identities.admin.parts import Badge, Lines, Moment, Quiet
from identities.admin.wording import words
from identities.inventory.portrait.base import kinds as portrait_parts
from identities.recertification.models import Decision, ReviewItem

SHOWN = 5
CALLED = {"technical": "Technical owner", "business": "Business owner", "deputy": "Deputy", "team": "Team"}
DECISIONS = {
    Decision.CERTIFY: ("Certify", "good", "verified"),
    Decision.REDUCE: ("Reduce", "warn", "remove_moderator"),
    Decision.REVOKE: ("Revoke", "bad", "block"),
    Decision.REASSIGN: ("Reassign", "info", "forward"),
    Decision.NO_RESPONSE: ("No response", "quiet", "hourglass_disabled"),
}


@dataclass(frozen=True)
class Row:
    """One line of proof: what, and what is known of it."""

    label: object
    text: object = ""
    hint: str = ""


@dataclass(frozen=True)
class Question:
    """One of the four: its answer in a line, the proof, and whether there is an answer at all."""

    key: str
    icon: str
    title: str
    answer: object
    rows: Sequence[Row]
    is_clear: bool
    nothing: str = ""

    @property
    def shown(self) -> Sequence[Row]:
        return self.rows[:SHOWN]

    @property
    def more(self) -> int:
        return max(len(self.rows) - SHOWN, 0)


@dataclass(frozen=True)
class Binding:
    """One role binding that a reduction may end."""

    id: str
    role: str
    permissions: str
    last_used: object
    is_unused: bool


def questions_of(item: ReviewItem) -> list[Question]:
    """The four, in their order."""
    evidence: Mapping[str, Any] = item.evidence
    unclear = set(item.unclear)
    built = (_owner, _access, _last_used, _dependencies)
    return [build(evidence, unclear) for build in built]


def bindings_of(item: ReviewItem) -> list[Binding]:
    """Its roles, those that nothing used first."""
    chosen = set(item.preselected)
    found = [
        Binding(
            id=str(role.get("bindingId", "")),
            role=str(role.get("role", "")),
            permissions=", ".join(str(each.get("name", "")) for each in role.get("permissions", ())),
            last_used=_at(role.get("lastUsedAt"), "never used"),
            is_unused=str(role.get("bindingId", "")) in chosen,
        )
        for role in item.evidence.get("access", {}).get("roles", ())
    ]
    return sorted(found, key=lambda binding: (not binding.is_unused, binding.role))


def changes_of(item: ReviewItem) -> object:
    """What is different since somebody certified it last, in one line."""
    changes = item.evidence.get("changes") or {}
    if not changes.get("since"):
        return Quiet("Nobody certified it before.")
    lead = Lines([Quiet("Certified"), _at(changes["since"], ""), Quiet(f"by {changes.get('by', '')}")], row=True)
    parts = [Badge(str(part.get("label") or part.get("part")), "warn") for part in changes.get("parts", ())]
    events = int(changes.get("events") or 0)
    said = f"{events} change{'s' if events != 1 else ''} of its row since" if events else "its row is unchanged"
    return Lines([lead, *(parts or [Badge("nothing of it changed", "good")]), Quiet(said)], row=True)


def findings_of(item: ReviewItem) -> list[object]:
    """Its open findings at that moment, the words on hover."""
    found = item.evidence.get("findings") or ()
    drawn: list[object] = [
        Badge(str(each.get("code", "")), TONES.get(each.get("severity"), "quiet"), str(each.get("text", "")))
        for each in found[:6]
    ]
    return [*drawn, Quiet(f"and {len(found) - 6} more")] if len(found) > 6 else drawn


def asked_parts(item: ReviewItem) -> list[str]:
    """The parts that are asked again after drift, as a person calls them."""
    return [str(getattr(portrait_parts.get(part), "label", words(str(part)))) for part in item.asks]


def decision_badge(word: str) -> Badge:
    """A decision in its words."""
    label, tone, _ = DECISIONS.get(Decision(word), (words(word), "quiet", "")) if word else ("open", "info", "")
    return Badge(label, tone)


def _owner(evidence: Mapping[str, Any], unclear: set[str]) -> Question:
    people = evidence.get("owner") or {}
    named: dict[str, Mapping[str, Any]] = {key: people[key] for key in CALLED if people.get(key)}
    first = next((one for one in named.values() if one.get("active")), None)
    rows = [Row(CALLED[key], _person(key, one)) for key, one in named.items()]
    answer: object = first.get("label") if first else "Nobody who could answer for it"
    return Question("owner", "person", "Who owns it", answer, rows, "owner" not in unclear, "No owner is on record.")


def _person(key: str, one: Mapping[str, Any]) -> object:
    label = str(one.get("label") or "")
    if not one.get("active"):
        return Lines([label, Badge("empty" if key == "team" else "not active", "bad")], row=True)
    if key == "team":
        members = int(one.get("members") or 0)
        return Lines([label, Quiet(f"{members} member{'s' if members != 1 else ''}")], row=True)
    return label


def _access(evidence: Mapping[str, Any], unclear: set[str]) -> Question:
    access = evidence.get("access") or {}
    unused = set(access.get("unused") or ())
    roles, places = access.get("roles") or [], access.get("secretReferences") or []
    elsewhere = access.get("elsewhere") or []
    ordered = sorted(roles, key=lambda role: role.get("bindingId") not in unused)
    rows = [_role(role, is_unused=role.get("bindingId") in unused) for role in ordered]
    rows += [Row(str(place.get("place", "")), _at(place.get("lastUsedAt"), "never read")) for place in places]
    rows += [Row("Elsewhere", ", ".join(map(str, elsewhere)))] if elsewhere else []
    said = [_count(len(roles), "role") if roles else "No role here"]
    said += [f"{len(unused)} unused"] if unused else []
    said += [_count(len(places), "secret")] if places else []
    said += ["and rights elsewhere"] if elsewhere else []
    answer: object = ", ".join(said) if rows else "Nothing here"
    return Question(
        "access", "key", "What it may do, and what of that was used", answer, rows, "access" not in unclear,
        "It holds no role and reads no secret.",
    )  # fmt: skip


def _role(role: Mapping[str, Any], *, is_unused: bool) -> Row:
    names = ", ".join(str(each.get("name", "")) for each in role.get("permissions") or ())
    last = _at(role.get("lastUsedAt"), "never used")
    text = Lines([last, Badge("unused", "warn")], row=True) if is_unused else last
    return Row(str(role.get("role", "")), text, names)


def _last_used(evidence: Mapping[str, Any], unclear: set[str]) -> Question:
    used = evidence.get("lastUsed") or {}
    sources = used.get("from") or []
    rows = [Row(str(each.get("address") or "unknown address"), _at(each.get("at"), "")) for each in sources]
    runs, days = int(used.get("runs") or 0), int(used.get("days") or 0)
    rows.insert(0, Row("Runs", f"{runs} in {days} days"))
    state = str(used.get("useState") or "")
    answer = Lines([_at(used.get("at"), "Never"), Badge(words(state).lower(), _USE.get(state, "quiet"))], row=True)
    return Question(
        "lastUsed", "schedule", "When and from where last used", answer, rows, "lastUsed" not in unclear
    )  # fmt: skip


_USE = {"used": "good", "dormant": "bad", "unobserved": "warn"}


def _dependencies(evidence: Mapping[str, Any], unclear: set[str]) -> Question:
    found = evidence.get("dependencies") or {}
    total, items = int(found.get("total") or 0), found.get("items") or []
    rows = [
        Row(words(str(each.get("kind", ""))), Lines([str(each.get("label", "")), Quiet(each.get("detail") or "")]))
        for each in items
    ]
    answer = f"{_count(total, 'thing')} would break" if total else "Nothing is known that would break"
    return Question(
        "dependencies", "account_tree", "What breaks if it is removed", answer, rows, "dependencies" not in unclear,
        "No schedule, system or secret hangs on it.",
    )  # fmt: skip


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _at(text: object, never: str) -> Moment | Quiet:
    return Moment(datetime.fromisoformat(str(text))) if text else Quiet(never)
