"""The live credentials of many identities, secrets and keys of ours and those of others, as facts: three queries."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery

from identities.credentials.models import ClientKey, ClientSecret, ExternalCredential, SecretShowing
from identities.credentials.selectors import alive
from identities.detections.facts import CredentialFact

Held = Mapping[UUID, list[CredentialFact]]
_OURS = (
    "identity_id", "pk", "hint", "stored_at", "created_at", "rotate_by", "expires_at", "last_used_at", "shown_to",
    "shown_on",
)  # fmt: skip
_KEYS = ("identity_id", "pk", "kid", "created_at", "rotate_by", "expires_at", "last_used_at")
_THEIRS = (
    "identity_id", "pk", "kind", "name", "external_id", "source", "scope", "stored_at", "exposed_in", "created_at",
    "last_rotated_at", "expires_at", "last_used_at",
)  # fmt: skip


def credentials_of(ids: Collection[UUID], *, at: datetime) -> Held:
    """By identity, in a stable order. Ended ones, and those that their source no longer reports, are left out."""
    found: defaultdict[UUID, list[CredentialFact]] = defaultdict(list)
    ours = ClientSecret.objects.filter(alive(at), identity_id__in=ids).order_by("created_at", "pk")
    left = SecretShowing.objects.filter(secret=OuterRef("pk"), person__is_active=False).order_by("shown_at", "pk")
    shown = {"shown_to": Subquery(left.values("label")[:1]), "shown_on": Subquery(left.values("shown_at")[:1])}
    for row in ours.annotate(**shown).values_list(*_OURS):
        identity_id, pk, hint, stored_at, created_at, rotate_by, expires_at, used, shown_to, shown_on = row
        found[identity_id].append(
            CredentialFact(
                pk,
                "client_secret",
                f"…{hint}",
                is_ours=True,
                stored_at=place_of(stored_at),
                created_at=created_at,
                rotate_by=rotate_by,
                expires_at=expires_at,
                last_used_at=used,
                shown_to=shown_to or "",
                shown_at=shown_on,
            )
        )
    keys = ClientKey.objects.filter(alive(at), identity_id__in=ids).order_by("created_at", "pk")
    for identity_id, pk, kid, made, rotate_by, ends, used in keys.values_list(*_KEYS):
        found[identity_id].append(
            CredentialFact(
                pk,
                "public_key",
                kid,
                is_ours=True,
                created_at=made,
                rotate_by=rotate_by,
                expires_at=ends,
                last_used_at=used,
            )
        )
    theirs = ExternalCredential.objects.filter(identity_id__in=ids, is_active=True, gone_at=None)
    for row in theirs.order_by("kind", "name", "pk").values_list(*_THEIRS):
        identity_id, pk, kind, name, external_id, source, scope, stored_at, exposed, made, rotated, ends, used = row
        found[identity_id].append(
            CredentialFact(
                pk,
                kind,
                name or external_id,
                source=source,
                scope=tuple(map(str, scope or ())),
                stored_at=stored_at,
                exposed_in=exposed,
                created_at=made,
                last_rotated_at=rotated,
                expires_at=ends,
                last_used_at=used,
            )
        )
    return found


def place_of(stored_at: object) -> str:
    """A secret reference of ours as one text; the version is no part of the place."""
    if not isinstance(stored_at, Mapping):
        return ""
    return f"{stored_at.get('vaultUri', '')}/{stored_at.get('secretName', '')}"
