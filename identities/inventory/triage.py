"""Red, amber, green: one rule a code, each with the sentence that names the fact (S3-45…47). Pure.

Red: may do much harm, or nobody answers for it. Amber: something known is wrong, or something is not known. Green:
nothing speaks against it, its scope is bounded and its end is written down. Codes are stable: lists, reports and
tickets name them. A sentence gives dates, not ages, so that it stays true while nothing changes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from identities.inventory import completeness, orphans, rhythm
from identities.inventory.assessable import Assessable
from identities.inventory.dormancy import Use
from identities.inventory.standards import Standards
from identities.inventory.vocabulary import AuthMethod, BlastRadius, PrivilegeLevel, Triage, UseState

HIGH_PRIVILEGE = frozenset({PrivilegeLevel.HIGH.value, PrivilegeLevel.ADMIN.value})
FAR_REACHING = frozenset({BlastRadius.PRIVILEGED.value, BlastRadius.HUMAN_IMPERSONATING.value})
#: Ways whose secret lasts until somebody changes it.
LASTING = frozenset({AuthMethod.STATIC_API_KEY.value, AuthMethod.LONG_LIVED_SECRET.value, AuthMethod.PASSWORD.value})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an identity has its colour: a stable code, the colour it calls for, and one sentence."""

    code: str
    colour: Triage
    text: str

    def as_json(self) -> dict[str, str]:
        """As the row keeps it and the API answers it."""
        return {"code": self.code, "colour": self.colour.value, "reason": self.text}


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at."""

    facts: Assessable
    use: Use
    standards: Standards
    at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """One code. `says` answers the sentence where the rule applies, else an empty text."""

    code: str
    colour: Triage
    says: Callable[[Case], str]


def reasons_for(facts: Assessable, *, use: Use, standards: Standards, at: datetime) -> list[Reason]:
    """Every reason for its colour, red before amber; never empty: green has one too."""
    if facts.is_over:
        return [MERGED if facts.is_merged else _of_retired(facts)]
    case = Case(facts, use, standards, at)
    said = [(rule, rule.says(case)) for rule in RULES]
    return [Reason(rule.code, rule.colour, text) for rule, text in said if text] or [BOUNDED]


def colour_of(reasons: Sequence[Reason]) -> Triage:
    """The worst colour that a reason calls for."""
    colours = {reason.colour for reason in reasons}
    return next((colour for colour in (Triage.RED, Triage.AMBER) if colour in colours), Triage.GREEN)


BOUNDED = Reason("bounded", Triage.GREEN, "Its scope is bounded, somebody answers for it, and its end is written down.")

MERGED = Reason("merged", Triage.GREEN, "It was merged into another row of the register, which is judged in its stead.")


def _of_retired(facts: Assessable) -> Reason:
    """Retired here means dead for what we issue; of what others issue we know only what they report."""
    if not facts.is_ours and facts.reported_by and facts.unreported_since is None:
        sources = ", ".join(facts.reported_by)
        return Reason("retired_but_reported", Triage.AMBER, f"It is retired here, but {sources} still reports it.")
    return Reason("retired", Triage.GREEN, "It is retired: nothing works for it any more, the row stays as evidence.")


def _no_owner(case: Case) -> str:
    return orphans.why_ownerless(case.facts.chain) if orphans.is_ownerless(case.facts.chain) else ""


def _high_privilege(case: Case) -> str:
    level, radius = case.facts.privilege_level, case.facts.blast_radius
    said = [f"its privilege level is {level}"] if level in HIGH_PRIVILEGE else []
    said += [f"its blast radius is {_words(radius)}"] if radius in FAR_REACHING else []
    return f"It may do much harm: {' and '.join(said)}." if said else ""


def _human_shared_admin(case: Case) -> str:
    if case.facts.auth_method != AuthMethod.HUMAN_SHARED_ADMIN:
        return ""
    return "It uses an administrator's account that people share: nobody can tell who did what."


def _rotation_overdue(case: Case) -> str:
    due = case.facts.rotate_by
    return f"Its secret should have been rotated by {_day(due)}." if due is not None and due <= case.at else ""


def _rotation_unknown(case: Case) -> str:
    of = case.facts
    if of.ends_here or of.auth_method not in LASTING or of.rotate_by is not None:
        return ""
    return f"It proves itself with a {_method(of.auth_method)} whose age nobody knows."


def _dormant(case: Case) -> str:
    if case.use.state is not UseState.DORMANT:
        return ""
    used = case.facts.last_used_at
    since = f"Last used on {_day(used)}" if used else f"Never used since it was made on {_day(case.facts.created_at)}"
    allowed = rhythm.span(int(case.use.cadence.allowed.total_seconds()))
    why = {
        "stated": f"its cadence ({case.facts.expected_cadence}) explains {allowed} of silence",
        "schedule": f"its schedules explain {allowed} of silence",
    }.get(case.use.cadence.origin, f"{allowed} of silence are the limit where no cadence is known")
    return f"{since}, and {why}: it may be dead, or a forgotten dependency about to fail."


def _unobserved(case: Case) -> str:
    if case.use.state is not UseState.UNOBSERVED:
        return ""
    if case.facts.ends_here:
        return f"It has not begun to work: it is {case.facts.state}."
    return "Nobody observes its use: no source has told when it was last used."


def _no_review_date(case: Case) -> str:
    if case.facts.review_by is not None or case.facts.expires_at is not None:
        return ""
    return "It has neither a review date nor an end."


def _review_overdue(case: Case) -> str:
    due = case.facts.review_by
    is_overdue = due is not None and due < case.at.astimezone(UTC).date()
    return f"Its review was due by {_day(due)}." if is_overdue else ""


def _purpose_ended(case: Case) -> str:
    end = case.facts.expires_at
    if end is None or end > case.at:
        return ""
    return f"Its purpose ended on {_day(end)}, and it is still {case.facts.state}."


def _user_account(case: Case) -> str:
    if case.facts.account_id is None:
        return ""
    return "Software works with a user account here: a managed identity does the same without a password or a session."


def _human_style_password(case: Case) -> str:
    if case.facts.auth_method != AuthMethod.PASSWORD:
        return ""
    return "It signs in with a password, as a person would: passwords are shared, reused and seldom changed."


def _scope_unknown(case: Case) -> str:
    if case.facts.privilege_level or case.facts.blast_radius:
        return ""
    return "Neither its privilege level nor its blast radius is known, so nothing bounds its scope."


def _auth_method_unknown(case: Case) -> str:
    return "Nobody knows how it proves itself." if case.facts.proven_by == AuthMethod.UNKNOWN else ""


def _auth_method_not_allowed(case: Case) -> str:
    of = case.facts
    if of.auth_method in (AuthMethod.UNKNOWN, AuthMethod.HUMAN_SHARED_ADMIN):
        return ""
    if case.standards.allows(of.auth_method, kind=of.kind, tier=of.risk_tier):
        return ""
    return f"The identity policy allows no {_method(of.auth_method)} for this kind at {of.risk_tier} risk."


def _lifecycle_undocumented(case: Case) -> str:
    """Two questions: what ends it, and how. What we issue, we can end: there the second is answered by Steward."""
    of = case.facts
    lacks = [] if of.deprovisioning_trigger or of.expires_at else ["what ends it"]
    lacks += [] if of.revocation_procedure or of.ends_here else ["how it is switched off"]
    return f"It is not written down {' and '.join(lacks)}." if lacks else ""


def _purpose_unknown(case: Case) -> str:
    return "" if case.facts.purpose else "Nobody has written down what it is for."


def _no_team(case: Case) -> str:
    return (
        ""
        if case.facts.has_team
        else "It belongs to no team, so it counts as orphaned: a person who leaves takes the knowledge along."
    )


def _no_ticket_or_repository(case: Case) -> str:
    if case.facts.ticket or case.facts.repository:
        return ""
    return "Neither a ticket nor a repository tells where it comes from, so it counts as orphaned."


def _missing_tags(case: Case) -> str:
    lacking = completeness.missing_tags(case.facts)
    return f"Mandatory tags are missing: {', '.join(lacking)}." if lacking else ""


RULES: tuple[Rule, ...] = (
    Rule("human_shared_admin", Triage.RED, _human_shared_admin),
    Rule("no_owner", Triage.RED, _no_owner),
    Rule("high_privilege", Triage.RED, _high_privilege),
    Rule("purpose_ended", Triage.AMBER, _purpose_ended),
    Rule("rotation_overdue", Triage.AMBER, _rotation_overdue),
    Rule("rotation_unknown", Triage.AMBER, _rotation_unknown),
    Rule("dormant", Triage.AMBER, _dormant),
    Rule("unobserved", Triage.AMBER, _unobserved),
    Rule("review_overdue", Triage.AMBER, _review_overdue),
    Rule("no_review_date", Triage.AMBER, _no_review_date),
    Rule("user_account", Triage.AMBER, _user_account),
    Rule("human_style_password", Triage.AMBER, _human_style_password),
    Rule("auth_method_unknown", Triage.AMBER, _auth_method_unknown),
    Rule("auth_method_not_allowed", Triage.AMBER, _auth_method_not_allowed),
    Rule("scope_unknown", Triage.AMBER, _scope_unknown),
    Rule("lifecycle_undocumented", Triage.AMBER, _lifecycle_undocumented),
    Rule("purpose_unknown", Triage.AMBER, _purpose_unknown),
    Rule("no_team", Triage.AMBER, _no_team),
    Rule("no_ticket_or_repository", Triage.AMBER, _no_ticket_or_repository),
    Rule("missing_tags", Triage.AMBER, _missing_tags),
)
#: Every code there is, with its colour, in the order in which a page shows them.
CODES: dict[str, Triage] = {
    **{rule.code: rule.colour for rule in RULES},
    "retired_but_reported": Triage.AMBER,
    "retired": Triage.GREEN,
    MERGED.code: Triage.GREEN,
    BOUNDED.code: Triage.GREEN,
}


def _day(moment: date | datetime | None) -> str:
    if moment is None:
        return ""
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return f"{day.day} {day:%b} {day.year}"


def _words(value: str) -> str:
    return value.replace("_", " ")


def _method(value: str) -> str:
    """A way to prove oneself inside a sentence: "static API key", "OAuth, delegated"."""
    label = str(dict(AuthMethod.choices).get(value, _words(value)))
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
