"""Reads the tables and the audit after a deadline, and decides. Knows nothing of the product's code."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Query = Callable[[str], list[tuple[Any, ...]]]


@dataclass
class Findings:
    silent: int = 0
    left_open: list[str] = field(default_factory=list)
    not_disabled: list[str] = field(default_factory=list)
    answered_and_touched: list[str] = field(default_factory=list)
    told_other_than_once: list[str] = field(default_factory=list)
    disabled_other_than_once: list[str] = field(default_factory=list)
    campaigns_left: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, list[str]]:
        return {name: value for name, value in vars(self).items() if isinstance(value, list) and value}


def settled(ask: Query) -> int:
    return int(ask("SELECT count(*) FROM identities_reviewitem WHERE state = 'silent'")[0][0])


def left(ask: Query) -> int:
    return int(ask("SELECT count(*) FROM identities_reviewcampaign WHERE state <> 'closed'")[0][0])


def check(ask: Query, *, answered: set[UUID]) -> Findings:
    """`answered` are the items that somebody had answered before the deadline; all are of high tier."""
    found = Findings()
    states = {_id(pk): state for pk, state in ask("SELECT id, state FROM identities_managedidentity")}
    items = ask("SELECT id, identity_id, state, remediation_state FROM identities_reviewitem")
    answers = Counter(
        _id(pk) for (pk,) in ask("SELECT item_id FROM identities_reviewdecision WHERE decision = 'no_response'")
    )
    told, disabled = _events(ask)
    for item, identity, state, remediation in ((_id(a), _id(b), c, d) for a, b, c, d in items):
        records = {kind: told[kind, item] for kind in ("review.unanswered", "review.remediated")}
        if item in answered:
            was_touched = state != "decided" or states[identity] != "active" or disabled[identity] or answers[item]
            found.answered_and_touched += [str(item)] if was_touched or any(records.values()) else []
            continue
        found.silent += state == "silent"
        found.left_open += [str(item)] if state != "silent" else []
        found.not_disabled += [str(item)] if (states[identity], remediation) != ("disabled", "done") else []
        found.told_other_than_once += [str(item)] if {*records.values(), answers[item]} != {1} else []
        found.disabled_other_than_once += [str(item)] if disabled[identity] != 1 else []
    closed = ask("SELECT count(*) FROM audit_auditevent WHERE type = 'campaign.closed'")[0][0]
    campaigns = ask("SELECT id, state FROM identities_reviewcampaign")
    found.campaigns_left += [str(pk) for pk, state in campaigns if state != "closed"]
    found.campaigns_left += ["closed other than once"] if closed != len(campaigns) else []
    return found


def _events(ask: Query) -> tuple[Counter[tuple[str, UUID]], Counter[UUID]]:
    rows = ask("SELECT type, details FROM audit_auditevent WHERE type LIKE 'review.%'")
    told = Counter((kind, _id(_read(details)["item_id"])) for kind, details in rows)
    stops = ask("SELECT subject_id FROM audit_auditevent WHERE type = 'identity.disabled'")
    return told, Counter(_id(subject) for (subject,) in stops)


def _read(details: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(details) if isinstance(details, str) else details
    return found


def _id(value: object) -> UUID:
    return UUID(str(value))
