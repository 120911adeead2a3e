"""The cells of the register's list: what one row shows, from its own columns alone. No question is asked for a row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from identities.admin.mends import mend_of
from identities.admin.pages import address_of, list_of
from identities.admin.parts import Badge, Lines, Link, Moment, Quiet
from identities.admin.parts.markup import joined, markup
from identities.admin.wording import span, tone_of, words
from identities.inventory.auth_methods import VERDICTS
from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import AuthMethod, Kind, Triage, UseState

TRIAGE_TONES = {Triage.RED: "bad", Triage.AMBER: "warn", Triage.GREEN: "good"}
LABELS = {value: words(value) if str(label).istitle() else str(label) for value, label in AuthMethod.choices} | {
    AuthMethod.LONG_LIVED_SECRET.value: "Long-lived secret"
}
KINDS = {value: words(value) for value in Kind.values}
#: What a row is drawn from: the list reads nothing else.
READ = (
    "tenant", "name", "kind", "triage", "triage_reasons", "environment", "state", "state_reason", "issuance",
    "business_owner", "business_owner_label", "technical_owner", "technical_owner_label", "owner_team",
    "owner_team__name", "is_orphaned", "auth_method", "rotate_by", "last_rotated_at", "use_state", "last_used_at",
    "completeness", "reported_by", "unreported_since", "account",
)  # fmt: skip
SOON = timedelta(days=14)
_TONES = {
    AuthMethod.FEDERATED: "good", AuthMethod.MTLS: "good", AuthMethod.VAULT_DYNAMIC: "good",
    AuthMethod.OAUTH_DELEGATED: "info", AuthMethod.AGENT_BROKER: "info", AuthMethod.CONDITIONAL_SERVICE_ACCOUNT: "warn",
    AuthMethod.LONG_LIVED_SECRET: "warn", AuthMethod.UNKNOWN: "warn",
}  # fmt: skip
#: Tone, verdict and the whole sentence of each way of authentication.
JUDGED = {
    method: (_TONES.get(AuthMethod(method), "bad"), said.verdict, said.sentence) for method, said in VERDICTS.items()
}


@dataclass(frozen=True)
class Row:
    """One row of the list: its cells in the order of the columns, drawn, and the reasons behind its colour."""

    pk: str
    name: str
    cells: SafeString
    reasons: SafeString


def rows_of(identities: Sequence[ManagedIdentity], *, at: datetime, may_mend: Callable[[UUID], bool]) -> list[Row]:
    """The rows as the page shows them; `may_mend` says whether the reader may change rows of a tenant."""
    allowed = {tenant: may_mend(tenant) for tenant in {identity.tenant_id for identity in identities}}
    return [
        Row(
            str(it.pk), it.name,
            # Drawn here: a template asks eight things of every cell, and there are hundreds.
            joined('<td data-label="{}">{}</td>', [
                ("Identity", _name(it)), ("Triage", _triage(it)), ("Where", _where(it)), ("Owner", _owner(it)),
                ("Proves itself by", _proof(it)), ("Rotation", _rotation(it, at)), ("Last used", _use(it)),
                ("Complete", _completeness(it)), ("Source", _source(it)),
            ]),
            reasons_of(it, may_mend=allowed[it.tenant_id]),
        )
        for it in identities
    ]  # fmt: skip


def reasons_of(it: ManagedIdentity, *, may_mend: bool) -> SafeString:
    """Every reason for the colour, each with the button that mends it where the reader may press it."""
    said = [
        (TRIAGE_TONES.get(one.get("colour"), "quiet"), one.get("reason", ""), _mend(it, one, may_mend=may_mend))
        for one in it.triage_reasons
    ]
    return joined('<li class="sw-{}"><p>{}</p>{}</li>', said)


def _mend(it: ManagedIdentity, reason: Mapping[str, Any], *, may_mend: bool) -> object:
    link = mend_of(it, str(reason.get("code"))) if may_mend else None
    return markup('<a class="sw-button" href="{}">{}</a>', link.href, link.text) if link else ""


def _name(it: ManagedIdentity) -> object:
    return markup(
        '<a class="sw-name" href="{}">{}</a><small>{}</small>',
        address_of(type(it), it.pk),
        it.name,
        KINDS.get(it.kind, it.kind),
    )


def _triage(it: ManagedIdentity) -> object:
    count = len(it.triage_reasons)
    said = f"{count} reason" + ("" if count == 1 else "s")
    return markup(
        '<button type="button" class="sw-badge sw-{} sw-why" popovertarget="why-{}" title="{}">{}</button>',
        TRIAGE_TONES.get(Triage(it.triage), "quiet"), it.pk, f"Why: {said}", it.triage,
    )  # fmt: skip


def _where(it: ManagedIdentity) -> object:
    place = Badge(it.environment, tone_of(it.environment)) if it.environment else Quiet("not known")
    state = Quiet("active") if it.state == "active" else Badge(it.state, tone_of(it.state), it.state_reason)
    return Lines([place, state])


def _owner(it: ManagedIdentity) -> object:
    team = Quiet(str(it.owner_team)) if it.owner_team_id else Quiet("no team")
    for role in ("business_owner", "technical_owner"):
        known, label = getattr(it, f"{role}_id"), getattr(it, f"{role}_label")
        if known:
            return Lines([Link(_person(label), list_of(type(it), owner=str(known))), team])
    named = it.business_owner_label or it.technical_owner_label
    badge = Badge("orphaned" if it.is_orphaned else "no owner", "warn", "Nobody answers for it")
    return Lines([badge, Quiet(f"{_person(named)} (not matched)") if named else team])


def _person(label: str) -> str:
    return label.partition("@")[0] if "@" in label else label


def _proof(it: ManagedIdentity) -> object:
    if it.auth_method == AuthMethod.UNKNOWN and it.issuance != "external":
        # What we issue ourselves is known, whatever was written down.
        return Lines(["Client secret" if it.issuance == "portal" else "Federated", Quiet("issued here")])
    tone, verdict, sentence = JUDGED.get(it.auth_method, ("quiet", "", ""))
    label = LABELS.get(it.auth_method, it.auth_method)
    said = markup('<span class="sw-verdict sw-{}" title="{}">{}</span>', tone, sentence, verdict)
    return said if it.auth_method == AuthMethod.UNKNOWN else Lines([label, said])


def _rotation(it: ManagedIdentity, at: datetime) -> object:
    age = Quiet(f"{span(at - it.last_rotated_at)} old") if it.last_rotated_at else Quiet("age not known")
    if it.rotate_by is None:
        return age if it.last_rotated_at else Quiet("–")
    if it.rotate_by < at:
        return Lines([Badge(f"{span(at - it.rotate_by)} late", "bad"), age])
    due = f"in {span(it.rotate_by - at)}"
    return Lines([Badge(due, "warn") if it.rotate_by - at < SOON else due, age])


def _use(it: ManagedIdentity) -> object:
    if it.use_state == UseState.UNOBSERVED:
        return Lines([Badge("not observed", "quiet"), Moment(it.last_used_at, "")])
    seen = Moment(it.last_used_at, "never seen")
    return Lines([seen, Badge("dormant", "warn")]) if it.use_state == UseState.DORMANT else seen


def _completeness(it: ManagedIdentity) -> object:
    tone = "good" if it.completeness >= 80 else "warn" if it.completeness >= 50 else "bad"
    return markup(
        '<span class="sw-known sw-{}" title="{} of 100 points of what must be known"><progress max="100" value="{}">'
        "</progress><span>{}</span></span>",
        tone, it.completeness, it.completeness, it.completeness,
    )  # fmt: skip


def _source(it: ManagedIdentity) -> object:
    sources = it.reported_by
    if it.unreported_since is not None:
        return Badge("no longer reported", "warn", f"Since {it.unreported_since:%d %b %Y}")
    if not sources:
        return Quiet("its account" if it.account_id else "by hand")
    first = markup('<span class="sw-clip" title="{}">{}</span>', ", ".join(sources), sources[0])
    return Lines([first, Quiet(f"and {len(sources) - 1} more")]) if len(sources) > 1 else first
