"""A deed on many identities between its pages: kept in the session, so that nothing is half-told if one goes away."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from identities.lifecycle.bulk import Deed, Outcome, carry_out

KEY, KEPT = "steward.bulk", 3
#: Of one request: then the page shows how far it is, and goes on.
SECONDS = 1.5


class Job:
    """Which identities, what to do with them, and what became of each so far. `data` is JSON."""

    def __init__(self, request: HttpRequest, token: str, data: dict[str, Any]) -> None:
        self.request, self.token, self.data = request, token, data

    @classmethod
    def begin(cls, request: HttpRequest, *, deed: str, tenant_id: UUID, ids: Sequence[UUID], back: str) -> "Job":
        """A new one; of earlier ones the last few stay."""
        data = {"deed": deed, "tenant": str(tenant_id), "ids": [str(one) for one in ids], "back": back,
                "input": None, "outcomes": []}  # fmt: skip
        job = cls(request, secrets.token_urlsafe(9), data)
        kept = dict(list(request.session.get(KEY, {}).items())[-(KEPT - 1) :])
        request.session[KEY] = {**kept, job.token: data}
        return job

    @classmethod
    def find(cls, request: HttpRequest, token: str) -> "Job | None":
        """The job of this session, or None."""
        data = request.session.get(KEY, {}).get(token)
        return cls(request, token, data) if data else None

    @property
    def ids(self) -> list[UUID]:
        return [UUID(one) for one in self.data["ids"]]

    @property
    def tenant_id(self) -> UUID:
        return UUID(self.data["tenant"])

    @property
    def is_confirmed(self) -> bool:
        return self.data["input"] is not None

    @property
    def left(self) -> list[UUID]:
        """Those that have no outcome yet."""
        return self.ids[len(self.data["outcomes"]) :]

    @property
    def outcomes(self) -> Iterator[Outcome]:
        return (Outcome(UUID(pk), name, done, text) for pk, name, done, text in self.data["outcomes"])

    def confirm(self, values: Mapping[str, Any]) -> None:
        """From now on it is carried out; `values` is the form as it was sent."""
        self.data["input"] = dict(values)
        self._keep()

    def go_on(self, deed: Deed, *, reason: str, actor: Any) -> None:
        """Carry out what fits into one request, and keep what became of it row by row."""
        until = time.monotonic() + SECONDS
        try:
            with closing(carry_out(deed, self.left, reason=reason, actor=actor, tenant_ids={self.tenant_id})) as done:  # type: ignore[type-var]
                for one in done:
                    self.data["outcomes"].append([str(one.identity_id), one.name, one.is_done, one.text])
                    if time.monotonic() > until:
                        break
        finally:
            self._keep()

    def _keep(self) -> None:
        jobs = self.request.session.get(KEY, {})
        jobs[self.token] = self.data
        self.request.session[KEY] = jobs
        self.request.session.save()
