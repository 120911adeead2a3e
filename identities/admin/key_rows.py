"""The tables of an identity's public keys and of what it has elsewhere, with the buttons of each row."""

from datetime import datetime

from identities.admin.pages import command_of
from identities.admin.parts import Badge, Code, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.wording import words
from identities.credentials import selectors as credentials
from identities.credentials.models import ClientKey, ExternalCredential
from identities.inventory.models import ManagedIdentity

SHOWN = 25


def keys_table(identity: ManagedIdentity, *, at: datetime, may_govern: bool) -> Table:
    """Keys it signs with, newest first."""
    keys = list(credentials.keys(identity)[:SHOWN])
    can_add = may_govern and identity.state != "retired" and identity.issuance != "external"
    action = Link("Add public key", command_of(identity, "add-key")) if can_add else None
    empty = Empty(
        "No public key",
        "With one it proves itself by what it signs: there is no secret that could leak.",
        action,
        "vpn_key_off",
    )
    heads = ["Key", "State", "Added", "Rotate by", "Last used", ""]
    rows = [_key_row(identity, key, at, may_govern=may_govern) for key in keys]
    text = "Only the public half is here; what it signs proves that it has the private one."
    return Table("Public keys", heads, rows, empty, text if rows else "", action if rows else None)


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
    heads = ["Credential", "State", "Source", "Renewed", "Ends", "Rotate by", "Last used", ""]
    rows = [_elsewhere_row(identity, one, at, may_govern=may_govern) for one in listed]
    text = "Issued by others: it is rotated and revoked there. The register knows of it, never its value."
    return Table("Credentials elsewhere", heads, rows, empty, text if rows else "", action if rows else None)


def _key_row(identity: ManagedIdentity, key: ClientKey, at: datetime, *, may_govern: bool) -> list[object]:
    live = credentials.is_live(key, at)
    end = Link("Revoke", command_of(identity, "revoke-key", key.pk)) if live and may_govern else ""
    called = [key.name, Code(key.kid)] if key.name else [Code(key.kid)]
    return [
        Lines([*called, Quiet(f"{key.alg}, thumbprint {key.thumbprint[:12]}…")]),
        _key_state(key, at, live=live),
        Lines([Moment(key.created_at), Quiet(f"by {key.created_by}")]),
        Lines([Moment(key.rotate_by), *([Lines([Quiet("ends"), Moment(key.expires_at)], row=True)] if key.expires_at
              else [])]) if live else "–",
        Lines([Moment(key.last_used_at), Quiet(f"{key.uses:,} uses")]),
        end,
    ]  # fmt: skip


def _key_state(key: ClientKey, at: datetime, *, live: bool) -> object:
    if key.revoked_at is not None:
        return Lines([Badge("revoked", "quiet"), Quiet(key.revoked_reason)])
    if not live:
        return Badge("expired", "quiet")
    if key.throttled_at is not None:
        return Badge("slowed down", "warn", "It outlived its cutover: it is served once a minute.")
    return Badge("rotation overdue", "warn") if key.rotate_by < at else Badge("live", "good")


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
    if not found:
        return [Quiet(one.fingerprint)] if one.fingerprint and one.fingerprint != one.name else []
    size = f", {found['key_size']} bits" if found.get("key_size") else ""
    return [Quiet(f"issued by {found.get('issuer')}"), Quiet(f"{found.get('key_algorithm')}{size}")]


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
