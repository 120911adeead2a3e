"""Which identities share a place in a vault: at most two queries for many identities."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from identities.credentials.models import ClientSecret, ExternalCredential
from identities.credentials.selectors import alive
from identities.detections.facts import CredentialFact, Neighbour, SharedPlace
from identities.detections.held import Held, place_of
from identities.inventory.states import State

#: Named on one finding; a place that more share is shared anyway.
SHOWN = 20
#: Tenant, place, and the source that tells of it where the place is only known within that source.
Place = tuple[UUID, str, str]
_NEIGHBOUR = ("identity__tenant_id", "identity_id", "identity__name", "identity__environment")
_ELSEWHERE = Q(identity__state=State.RETIRED) | ~Q(identity__merged_into=None)


def shared_places(tenant_of: Mapping[UUID, UUID], held: Held, *, at: datetime) -> Mapping[UUID, list[SharedPlace]]:
    """By identity, the places in which the live secrets of others of the same tenant rest too.

    What a source calls a place is one within that source: each cluster has its own "Secret default/token".
    """
    rests = [(identity_id, credential) for identity_id, mine in held.items() for credential in mine]
    users: defaultdict[Place, dict[UUID, Neighbour]] = defaultdict(dict)
    for place, neighbour in (*_theirs(rests, tenant_of), *_ours(rests, tenant_of, at)):
        users[place][neighbour.id] = neighbour
    found: defaultdict[UUID, list[SharedPlace]] = defaultdict(list)
    mine = {(pk, held.stored_at, _within(held.source, held.stored_at)) for pk, held in rests if held.stored_at}
    for identity_id, rest, within in sorted(mine, key=str):
        around = users[tenant_of[identity_id], rest, within]
        others = sorted((it for it in around.values() if it.id != identity_id), key=lambda it: (it.name, str(it.id)))
        if others:
            found[identity_id].append(SharedPlace(rest, tuple(others[:SHOWN])))
    return found


def _theirs(
    rests: Iterable[tuple[UUID, CredentialFact]], tenant_of: Mapping[UUID, UUID]
) -> Iterable[tuple[Place, Neighbour]]:
    places = {held.stored_at for _, held in rests if held.stored_at and not held.is_ours}
    if not places:
        return
    rows: Any = ExternalCredential.objects.filter(stored_at__in=places, is_active=True, gone_at=None)
    rows = rows.filter(identity__tenant_id__in=set(tenant_of.values())).exclude(_ELSEWHERE)
    for tenant_id, pk, name, environment, place, source in rows.values_list(*_NEIGHBOUR, "stored_at", "source"):
        yield (tenant_id, place, _within(source, place)), Neighbour(pk, name, environment)


def _ours(
    rests: Iterable[tuple[UUID, CredentialFact]], tenant_of: Mapping[UUID, UUID], at: datetime
) -> Iterable[tuple[Place, Neighbour]]:
    places = {held.stored_at for _, held in rests if held.stored_at and held.is_ours}
    if not places:
        return
    # Where the address of the vault ends and the name begins is not seen in a place: every ending may be the name.
    names = sorted({"/".join(parts[start:]) for parts in [p.split("/") for p in places] for start in range(len(parts))})
    rows: Any = ClientSecret.objects.filter(alive(at), stored_at__secretName__in=names).exclude(_ELSEWHERE)
    rows = rows.filter(identity__tenant_id__in=set(tenant_of.values()))
    for tenant_id, pk, name, environment, stored_at in rows.values_list(*_NEIGHBOUR, "stored_at"):
        if (place := place_of(stored_at)) in places:
            yield (tenant_id, place, ""), Neighbour(pk, name, environment)


def _within(source: str, place: str) -> str:
    """The source that a place belongs to; none for an address that means the same to everybody."""
    return "" if "://" in place or place.startswith("arn:") else source
