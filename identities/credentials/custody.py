"""Custody: who was ever shown the text of a secret, and which of those secrets still work (OWASP NHI1)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Q, QuerySet

from audit import services as audit
from audit.actors import Actor, ActorKind
from identities.credentials.models import ClientSecret, SecretShowing
from identities.credentials.naming import subject_of
from identities.credentials.selectors import alive
from identities.events import CredentialEvent
from identities.inventory.models import ManagedIdentity
from identities.people.models import User

_LABEL = 254
#: Actors that are accounts of the portal: their id is that of a User.
_ACCOUNTS = frozenset({ActorKind.PERSON, ActorKind.SERVICE_USER})


@transaction.atomic
def note_shown(secret: ClientSecret, *, actor: Actor) -> SecretShowing:
    """Keep that `actor` is about to be answered the text of `secret`: call it before the text leaves.

    Where this fails, the text is not to be shown. Once for each secret and actor; the record keeps every time.
    """
    person = _account(actor)
    shown, _ = SecretShowing.objects.get_or_create(
        secret=secret, label=actor.label[:_LABEL], defaults={"person": person}
    )
    audit.record(
        CredentialEvent.SHOWN,
        actor=actor,
        subject=subject_of(secret),
        details={"identity_id": str(secret.identity_id), "hint": secret.hint},
    )
    return shown


def shown_to(secret_ids: Collection[UUID]) -> Mapping[UUID, list[SecretShowing]]:
    """By secret, who was shown it, the first first. One query."""
    found: defaultdict[UUID, list[SecretShowing]] = defaultdict(list)
    rows = SecretShowing.objects.filter(secret_id__in=secret_ids).select_related("person")
    for showing in rows.order_by("shown_at", "pk"):
        found[showing.secret_id].append(showing)
    return found


def live_secrets_seen_by(user: User, at: datetime) -> QuerySet[ClientSecret]:
    """The secrets that this person was shown and that still open a door, of whatever tenant, the oldest first."""
    rows = ClientSecret.objects.filter(alive(at), showings__person=user).select_related("identity")
    return rows.order_by("created_at", "pk")


def identities_seen_into_by(user_id: UUID, at: datetime) -> QuerySet[ManagedIdentity]:
    """The identities whose door such a secret opens."""
    secrets = ClientSecret.objects.filter(alive(at), showings__person_id=user_id)
    return ManagedIdentity.objects.filter(pk__in=secrets.order_by().values("identity_id"))


def known_to(user_id: UUID, tenant_ids: Collection[UUID] | None) -> User | None:
    """The person, for who governs these tenants: one of their own, or one who was shown something of theirs."""
    people = User.objects.filter(pk=user_id)
    if tenant_ids is not None:
        seen = SecretShowing.objects.filter(person_id=user_id, secret__identity__tenant_id__in=tenant_ids)
        people = people.filter(Q(tenant_id__in=tenant_ids) | Q(Exists(seen)))
    return people.first()


def _account(actor: Actor) -> User | None:
    if actor.kind not in _ACCOUNTS:
        return None
    try:
        return User.objects.filter(pk=UUID(actor.id)).first()
    except ValueError:
        return None
