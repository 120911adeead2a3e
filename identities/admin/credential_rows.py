"""The table of what an identity proves itself with here: its secrets and keys, those that work first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery

from identities.admin.pages import command_of, list_of
from identities.admin.parts import Badge, Code, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.parts.markup import markup
from identities.admin.wording import ACCENT, BAD, GOOD, QUIET, WARN
from identities.credentials import due, selectors as credentials
from identities.credentials.models import ClientKey, ClientSecret, Rotation, SecretShowing
from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind, ManagedIdentity, TenantStandards
from identities.inventory.standards import DEFAULTS, Standards, standards_from

SHOWN = 25
HEADS = ("Credential", "State", "Issued", "Rotate by", "Used", "Shown to", "")
TEXT = (
    "Of a secret Steward keeps a keyed hash and the last four characters, of a key its public half. Two of a kind work "
    "at once only while one replaces the other."
)
WHY = {
    "portal": "It cannot get a token until it has a secret or a key.",
    "federated": "Its platform vouches for it: it needs neither.",
}

Credential = ClientSecret | ClientKey


def ours_table(
    identity: ManagedIdentity, *, rotation: Rotation | None, at: datetime, may_govern: bool, may_issue: bool
) -> Table:
    """Secrets and keys in one list, `rotation` being the open one, with the ways to more. Two queries."""
    secret = Link("Issue secret", command_of(identity, "issue-secret")) if may_issue else None
    key = Link("Add public key", command_of(identity, "add-key")) if may_issue else None
    empty = Empty("No secret and no key", WHY[identity.issuance], secret, "key_off")
    held = held_by(identity, at)
    rules = next((getattr(one, "rules", None) for one in held), None)
    view = _View(identity, standards_from(rules) if rules else DEFAULTS, rotation, at, may_govern)
    rows = [view.row(one) for one in held]
    more = Link("Every rotation of it", list_of(Rotation, q=identity.client_id))
    return Table(
        "Secrets and keys", HEADS, rows, empty, TEXT if rows else "", secret if rows else None, more=more, also=key
    )


def held_by(identity: ManagedIdentity, at: datetime) -> Sequence[Credential]:
    """Those that work, newest first, then the latest of those that ended. Two queries."""
    seen = SecretShowing.objects.filter(secret=OuterRef("pk")).order_by("person__is_active", "-shown_at")
    counted = seen.order_by().values("secret").annotate(n=Count("pk")).values("n")
    secrets = _latest(credentials.secrets(identity), at).annotate(
        shown_to=Subquery(seen.values("label")[:1]),
        shown_to_left=Exists(seen.filter(person__is_active=False)),
        shown_times=Subquery(counted),
    )
    found: list[Credential] = list(secrets[:SHOWN])
    found += _latest(credentials.keys(identity), at)[:SHOWN]
    found.sort(key=lambda one: (credentials.is_live(one, at), one.created_at), reverse=True)
    return found[:SHOWN]


def _latest(rows: "QuerySet[Any, Any]", at: datetime) -> "QuerySet[Any, Any]":
    until = exceptions.excepted_until(at, kind=ExceptionKind.ROTATION_BEYOND_MAXIMUM)
    rules = TenantStandards.objects.filter(tenant=OuterRef("identity__tenant")).values("rules")[:1]
    found: QuerySet[Any, Any] = rows.annotate(until=until, rules=Subquery(rules))
    return found.order_by(F("revoked_at").desc(nulls_first=True), "-created_at", "pk")


@dataclass(frozen=True)
class _View:
    """What every row needs to know."""

    identity: ManagedIdentity
    standards: Standards
    rotation: Rotation | None
    at: datetime
    may_govern: bool

    def row(self, one: Credential) -> list[object]:
        live = credentials.is_live(one, self.at)
        day = self._due(one)
        return [
            _what(one),
            self._state(one, day, live=live),
            Lines([Moment(one.created_at), Quiet(f"by {one.created_by}" if one.created_by else "")]),
            _dates(one, day) if live else "–",
            _used(one),
            _shown_to(one, live=live),
            self._ways(one) if live and self.may_govern else "",
        ]

    def _due(self, one: Credential) -> datetime:
        return due.effective(
            created_at=one.created_at,
            own=one.rotate_by,
            renewed_at=one.renewed_at,
            expires_at=one.expires_at,
            excepted_until=getattr(one, "until", None),
            identity=self.identity,
            standards=self.standards,
        )

    def _state(self, one: Credential, day: datetime, *, live: bool) -> object:
        if one.revoked_at is not None:
            return Lines([Badge("revoked", QUIET), Quiet(one.revoked_reason)])
        if not live:
            return Badge("expired", QUIET, "It had an end of its own, which has passed.")
        said = [Badge("rotation overdue", WARN) if day < self.at else Badge("live", GOOD)]
        if one.throttled_at is not None:
            said.append(Badge("slowed down", WARN, "It outlived its cutover: it is served once a minute."))
        going = self.rotation
        if going is not None and one.pk in (going.old_id, going.old_key_id):
            said.append(Badge("being replaced", WARN))
        elif going is not None and one.pk in (going.new_id, going.new_key_id):
            said.append(Badge("replaces it", ACCENT))
        return Lines(said)

    def _ways(self, one: Credential) -> Lines:
        revoke = "revoke-key" if isinstance(one, ClientKey) else "revoke-secret"
        ways = (("Renew", "renew"), ("Revoke", revoke))
        return Lines([Link(word, command_of(self.identity, key, one.pk)) for word, key in ways])


def _what(one: Credential) -> Lines:
    if isinstance(one, ClientSecret):
        place = one.stored_at or {}
        where = f"in {place.get('vaultUri')}, {place.get('secretName')}" if place else ""
        return Lines([Lines([Badge("secret"), Code(str(one))], row=True), *([Quiet(where)] if where else [])])
    thumb = f"{one.thumbprint[:12]}…"
    own = one.kid if one.kid != one.thumbprint else ""
    said: list[object] = [Lines([Badge("key"), one.name or Code(own or thumb)], row=True)]
    if one.name and own:
        said.append(Quiet(f"id {own}"))
    return Lines([*said, Quiet(f"{one.alg}, thumbprint {thumb}" if own or one.name else one.alg)])


def _dates(one: Credential, day: datetime) -> object:
    ends = [Lines([Quiet("ends"), Moment(one.expires_at)], row=True)] if one.expires_at else []
    return Lines([Moment(day), *ends])


def _used(one: Credential) -> object:
    if one.last_used_at is None:
        return Quiet("never")
    if one.uses <= 1:
        return Lines([Moment(one.last_used_at), Quiet("once")])
    return Lines([Moment(one.last_used_at), Quiet(f"{one.uses:,} uses,"), Quiet(_first(one))])


def _first(one: Credential) -> object:
    return markup("first {}", Moment(one.first_used_at, "not known"))


def _shown_to(one: Credential, *, live: bool) -> object:
    if isinstance(one, ClientKey):
        return Quiet("nobody: the private half was never here")
    return _seen_by(getattr(one, "shown_to", None), getattr(one, "shown_times", None) or 0, one, live=live)


def _seen_by(label: str | None, times: int, one: ClientSecret, *, live: bool) -> object:
    """Who has left is named before the others."""
    if not label:
        return Quiet("nobody")
    left = [Badge("account disabled", BAD if live else QUIET)] if getattr(one, "shown_to_left", False) else []
    return Lines([label, *left, *([Quiet(f"and {times - 1} more")] if times > 1 else [])])
