"""What the evidence speaks for, in one sentence, and which of the four questions it leaves open (S3-66). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identities.inventory.vocabulary import Issuance, UseState
from identities.recertification.models import Decision

NOT_READY = "Not ready for production: {questions}."
#: What an open question means, in the words of the four.
OPEN_QUESTIONS = {
    "owner": "nobody is known who owns it",
    "access": "it is not known what it may do",
    "lastUsed": "nobody observes whether it is used",
    "dependencies": "it is used, and nobody knows what breaks without it",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the row says beside the evidence."""

    issuance: str
    expires_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A decision, why, the bindings a reduction would take, and the questions without an answer."""

    decision: Decision
    reason: str
    preselected: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


def recommend(evidence: Mapping[str, Any], known: Known) -> Recommendation:
    """The first that applies: it ended, it is silent, nobody answers for it; unused roles; else certify."""
    unused = tuple(evidence["access"]["unused"])
    unclear = tuple(unclear_questions(evidence, known))
    if why := _why_revoke(evidence, known):
        return Recommendation(Decision.REVOKE, why, unused, unclear)
    if unused:
        return Recommendation(Decision.REDUCE, _why_reduce(evidence["access"]["roles"], unused), unused, unclear)
    return Recommendation(Decision.CERTIFY, _why_certify(evidence, unclear), (), unclear)


def unclear_questions(evidence: Mapping[str, Any], known: Known) -> list[str]:
    """Those of the four to which the data have no answer; "nothing" is an answer where we would know."""
    access, last_used, breaks = evidence["access"], evidence["lastUsed"], evidence["dependencies"]
    holds = access["roles"] or access["secretReferences"] or access["elsewhere"]
    open_ones = {
        "owner": not answers(evidence["owner"]),
        "access": known.issuance == Issuance.EXTERNAL and not holds,
        "lastUsed": last_used["at"] is None and last_used["useState"] == UseState.UNOBSERVED,
        "dependencies": last_used["at"] is not None and not (breaks["total"] or breaks.get("pending")),
    }
    return [question for question, is_open in open_ones.items() if is_open]


def answers(owner: Mapping[str, Any]) -> bool:
    """Is there somebody active who answers for it: an owner, the deputy, or a team with members?"""
    return any(one is not None and one["active"] for one in owner.values())


def in_words(unclear: Sequence[str]) -> str:
    """The open questions as one sentence; empty where there is none."""
    said = [OPEN_QUESTIONS.get(question, question) for question in unclear]
    return NOT_READY.format(questions="; ".join(said)) if said else ""


def _why_revoke(evidence: Mapping[str, Any], known: Known) -> str:
    last_used = evidence["lastUsed"]
    if known.expires_at is not None and known.expires_at <= known.at:
        return f"Its purpose ended on {known.expires_at:%d %b %Y}."
    if last_used["useState"] == UseState.DORMANT:
        since = f"since {_day(last_used['at'])}" if last_used["at"] else "ever"
        return f"It was not used {since}, which is longer than its cadence explains."
    if not answers(evidence["owner"]):
        return "Nobody who could answer for it is left."
    return ""


def _why_reduce(roles: Sequence[Mapping[str, Any]], unused: Sequence[str]) -> str:
    names = ", ".join(role["role"] for role in roles if role["bindingId"] in unused)
    many = len(unused) > 1
    return f"{len(unused)} of {len(roles)} roles {'were' if many else 'was'} not used for long: {names}."


def _why_certify(evidence: Mapping[str, Any], unclear: Sequence[str]) -> str:
    if unclear:
        return in_words(unclear)
    at = evidence["lastUsed"]["at"]
    used = f"It was last used on {_day(at)}" if at else "It is new and not used yet"
    return f"{used}, somebody answers for it, and it holds no role that is unused."


def _day(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%d %b %Y}"
