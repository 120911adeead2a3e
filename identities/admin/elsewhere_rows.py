"""The table of what an identity has elsewhere, with the buttons of each row."""

from datetime import datetime

from identities.admin.pages import command_of, page_of
from identities.admin.parts import Badge, Code, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.wording import words
from identities.credentials.models import ExternalCredential
from identities.inventory.models import ManagedIdentity

SHOWN = 25
#: So much of a fingerprint tells two apart; the whole is on hover.
MOST_SAID = 24


def elsewhere_table(identity: ManagedIdentity, *, at: datetime, may_govern: bool) -> Table:
    """What others issued, with when it ends and when it is due."""
    listed = ExternalCredential.objects.filter(identity=identity).order_by("gone_at", "source", "kind", "pk")[:SHOWN]
    can_add = may_govern and identity.state != "retired"
    action = Link("Add key or certificate", command_of(identity, "add-elsewhere")) if can_add else None
    empty = Empty(
        "No credential is known",
        "Its sources name none. An import of its keys would, or enter one by hand.",
        action,
        icon="key_off",
    )
    if identity.account_id is not None:
        text = "It signs in with its account. Of keys that it has elsewhere nothing is known."
        way = Link("Its account", page_of(identity, tab="account"))
        empty = Empty("Its password is its credential", text, way, icon="password")
    heads = ["Credential", "State", "Source", "Renewed", "Ends", "Rotate by", "Last used", ""]
    rows = [_elsewhere_row(identity, one, at, may_govern=may_govern) for one in listed]
    text = "Issued by others: it is rotated and revoked there. The register knows of it, never its value."
    return Table("Credentials elsewhere", heads, rows, empty, text if rows else "", action if rows else None)


def _elsewhere_row(
    identity: ManagedIdentity, one: ExternalCredential, at: datetime, *, may_govern: bool
) -> list[object]:
    buttons: object = ""
    if may_govern and one.gone_at is None:
        edit = Link("Edit dates", command_of(identity, "change-elsewhere", one.pk))
        buttons = Lines([edit, Link("It is gone", command_of(identity, "gone-elsewhere", one.pk))])
    return [
        Lines([words(one.kind), Code(one.name or one.external_id), *_certified(one)]),
        _elsewhere_state(one, at),
        Lines([one.source, Quiet(f"lay open in {one.exposed_in}")] if one.exposed_in else [one.source]),
        Moment(one.last_rotated_at or one.created_at, "not known"),
        Moment(one.expires_at, "no end known"),
        Moment(one.rotate_by, "by risk tier"),
        Moment(one.last_used_at, "not seen"),
        buttons,
    ]


def _certified(one: ExternalCredential) -> list[object]:
    found = one.certificate
    said: list[object] = []
    if one.fingerprint and one.fingerprint != one.name:
        said.append(Badge(_short(one.fingerprint), "quiet", f"Fingerprint {one.fingerprint}"))
    if found:
        size = f", {found['key_size']} bits" if found.get("key_size") else ""
        said += [Quiet(f"issued by {found.get('issuer')}"), Quiet(f"{found.get('key_algorithm')}{size}")]
    return said


def _short(fingerprint: str) -> str:
    return fingerprint if len(fingerprint) <= MOST_SAID else f"{fingerprint[: MOST_SAID - 1]}…"


def _elsewhere_state(one: ExternalCredential, at: datetime) -> Badge:
    if one.gone_at:
        return Badge("gone", "quiet") if one.source == "by hand" else Badge("no longer reported", "quiet")
    if one.exposed_in:
        return Badge("exposed", "bad", "Its value lay open: treat it as leaked.")
    if one.expires_at is not None and one.expires_at <= at:
        return Badge("ended", "bad")
    if one.rotate_by is not None and one.rotate_by <= at:
        return Badge("rotation overdue", "warn")
    return Badge("active", "info") if one.is_active else Badge("disabled")
