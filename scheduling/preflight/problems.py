"""Problem: one reason for which a run that is due would not go as planned, and which button mends it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from audit.moments import zulu


class Mend(StrEnum):
    """Which command puts it right; the faces know where its button is."""

    CHOOSE_IDENTITY = "choose_identity"
    ENABLE_IDENTITY = "enable_identity"
    RESUME_IDENTITY = "resume_identity"
    RELEASE_IDENTITY = "release_identity"
    EXTEND_IDENTITY = "extend_identity"
    BIND_ROLE = "bind_role"
    EDIT_POLICY = "edit_policy"
    EDIT_SCHEDULE = "edit_schedule"
    APPROVE_SCHEDULE = "approve_schedule"
    EDIT_WORKFLOW = "edit_workflow"
    ISSUE_SECRET = "issue_secret"  # noqa: S105 - a command
    FINISH_ROTATION = "finish_rotation"
    GRANT_SECRET = "grant_secret"  # noqa: S105 - a command
    NAME_OWNER = "name_owner"


#: It would run, but whom would it tell?
NOBODY_ANSWERS = "owner_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`at` is the first occurrence that would fail; `identity_id` whose problem it is, `node` the step that acts as it.

    `since` is when a preflight first saw it in an unbroken row of them. The text is for people and holds local times.
    """

    code: str
    text: str
    mend: Mend
    at: datetime | None = None
    identity_id: UUID | None = None
    node: str = ""
    since: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two sightings the same problem."""
        return self.code, str(self.identity_id or ""), self.node

    @property
    def stops_runs(self) -> bool:
        return self.code != NOBODY_ANSWERS

    def seen_before(self, earlier: Mapping[tuple[str, str, str], "Problem"], at: datetime) -> Self:
        """The same with the instant since which it is known."""
        known = earlier.get(self.key)
        return replace(self, since=known.since if known and known.since else at)

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "text": self.text,
            "mend": self.mend.value,
            "at": zulu(self.at) if self.at else None,
            "identityId": str(self.identity_id) if self.identity_id else None,
            "node": self.node,
            "since": zulu(self.since) if self.since else None,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """As `as_json` wrote it."""
        return cls(
            code=kept["code"],
            text=kept["text"],
            mend=Mend(kept["mend"]),
            at=datetime.fromisoformat(kept["at"]) if kept.get("at") else None,
            identity_id=UUID(kept["identityId"]) if kept.get("identityId") else None,
            node=kept.get("node", ""),
            since=datetime.fromisoformat(kept["since"]) if kept.get("since") else None,
        )


def local(at: datetime, place: ZoneInfo) -> str:
    """An instant on the schedule's own clock, with the zone's name."""
    there = at.astimezone(place)
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M} ({place.key})"
