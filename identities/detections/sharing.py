"""Which of many identities may serve several workloads by an exception, and until when: one query."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind


def shared_until(ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, datetime]:
    """By identity, the end of the exception that holds at `at`; one a kind lives at a time."""
    rows = exceptions.of(ids, at=at, kind=ExceptionKind.SHARED_IDENTITY)
    return dict(rows.order_by("expires_at").values_list("identity_id", "expires_at"))
