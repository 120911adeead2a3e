"""Review items in tables and on their page: what was asked, answered and done about one identity."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from identities.admin.campaign_rows import item_state_badge, remedy_badge
from identities.admin.pages import list_of, page_of
from identities.admin.parts import (
    Badge,
    Block,
    Code,
    Empty,
    Entry,
    Fact,
    Facts,
    Lines,
    Link,
    Moment,
    Notice,
    Quiet,
    Table,
    Timeline,
)
from identities.admin.review_card import (
    DECISIONS,
    asked_parts,
    changes_of,
    decision_badge,
    findings_of,
    questions_of,
)
from identities.admin.wording import tone_of
from identities.recertification import recommending
from identities.recertification.models import Decision, ReviewCampaign, ReviewItem

HEADERS = ("Identity", "Tier", "Reviewer", "Recommended", "Decision", "What came of it")


def items_table(rows: Sequence[ReviewItem], campaign: ReviewCampaign) -> Table:
    """The first items of a campaign, and the way to all of them with their filters."""
    shown = [
        [
            Lines([Link(item.identity.name, page_of(item)), Quiet(item.identity.environment)]),
            Badge(item.risk_tier, tone_of(item.risk_tier)),
            item.reviewer_label or Badge("nobody", "bad"),
            advice(item),
            answer(item),
            came_of_it(item),
        ]
        for item in rows
    ]
    empty = Empty("No item", "Nothing of its scope is there to be asked about.", icon="quiz")
    every = Link("All items, with filters", list_of(ReviewItem, campaign=str(campaign.pk)))
    return Table("Items", HEADERS, shown, empty, action=every if rows else None, more=every)


def advice(item: ReviewItem) -> object:
    """What is recommended, the reason on hover; loud where a question has no answer."""
    if not item.recommendation:
        return Quiet("–")
    label, tone, _ = DECISIONS[Decision(item.recommendation)]
    parts: list[object] = [Badge(label, tone, item.recommendation_reason)]
    return Lines([*parts, Badge("not clear", "bad", recommending.in_words(item.unclear))] if item.unclear else parts)


def answer(item: ReviewItem) -> object:
    """What was decided, by whom, when; or that it waits."""
    if not item.decision:
        return item_state_badge(item)
    is_others = item.decided_by_label != item.reviewer_label
    by = [Quiet(item.decided_by_label or "at the deadline")] if is_others else []
    return Lines([decision_badge(item.decision), *by, Moment(item.decided_at)])


def came_of_it(item: ReviewItem) -> object:
    """Its remedy in a word and a sentence."""
    if not item.decision:
        return ""
    return Lines([remedy_badge(item), Quiet(item.remediation.get("text", ""))])


def question_blocks(item: ReviewItem) -> list[Block]:
    """The question as it was put: recommendation, the four with their proof, what changed, findings."""
    blocks: list[Block] = []
    if item.recommendation:
        label, tone, icon = DECISIONS[Decision(item.recommendation)]
        says_more = item.recommendation_reason != recommending.in_words(item.unclear)
        text = item.recommendation_reason if says_more else "But a question is open: see below."
        blocks.append(Notice(f"{label} is recommended.", text, tone, icon))
    if item.unclear:
        blocks.append(Notice(recommending.in_words(item.unclear), "", "bad", "help"))
    if item.asks:
        said = ", ".join(asked_parts(item))
        blocks.append(Notice("Only what changed after it was certified is asked.", said, "info", "difference"))
    for question in questions_of(item):
        rows = [[row.label, Lines([row.text, Quiet(row.hint)])] for row in question.rows]
        nothing = Empty(question.nothing or "Nothing is known.", icon=question.icon)
        title = question.title if question.is_clear else f"{question.title} (not clear)"
        blocks.append(Table(title, ["What", "What is known"], rows, nothing, text=_plain(question.answer)))
    return [*blocks, _around(item)]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else ""


def _around(item: ReviewItem) -> Facts:
    found = findings_of(item)
    facts = [
        Fact("What changed", changes_of(item), wide=True),
        Fact("Open findings", Lines(found, row=True) if found else "none", wide=True),
        Fact("Evidence of", Moment(item.evidence_at, exact=True)),
        Fact("SHA-256 of the evidence", Code(item.evidence_hash, copy=True), "Each answer names it.", wide=True),
    ]
    return Facts("Beside it", facts)


def history_blocks(item: ReviewItem) -> list[Block]:
    """Each answer it got, and who was asked in turn."""
    given = [
        Entry(
            answer.at,
            Lines(
                [decision_badge(answer.decision), *([Badge("undone", "info")] if answer.undone_at else [])], row=True
            ),
            "\n".join(filter(None, [answer.reason, _undone(answer)])),
            DECISIONS[Decision(answer.decision)][1],
            DECISIONS[Decision(answer.decision)][2],
            [
                Fact("Took", f"{answer.seconds:.1f} s" if answer.seconds is not None else ""),
                Fact("Given together", f"{answer.batch_size}" if answer.batch_size > 1 else ""),
                Fact("On evidence", Code(answer.evidence_hash[:16]) if answer.evidence_hash else ""),
            ],
            Lines([answer.by_label, Moment(answer.at)], row=True),
        )
        for answer in item.decisions.order_by("-at", "pk")
    ]
    nothing = Empty("No answer yet", "Each answer will stand here, also one that is undone.", icon="forum")
    rows = [
        [str(step.get("label") or "nobody"), _moment(step.get("at")), str(step.get("why") or "")] for step in item.trail
    ]
    asked = Table("Who was asked", ["Reviewer", "When", "Why"], rows, Empty("Nobody yet"))
    return [Timeline("Answers", given, nothing), asked, _came(item)]


def _came(item: ReviewItem) -> Facts:
    until = item.undo_until if item.undo_until and item.undo_until > timezone.now() else None
    facts = [
        Fact("Remediation", remedy_badge(item), item.remediation.get("text", "")),
        Fact("Carried out", Moment(item.remediated_at) if item.remediated_at else ""),
        Fact("Can be undone", Lines([Quiet("until"), Moment(until)], row=True) if until else ""),
        Fact("Reminded", f"{item.reminders} times" if item.reminders else ""),
        Fact("Escalated", Moment(item.escalated_at) if item.escalated_at else ""),
    ]
    return Facts("What came of it", [fact for fact in facts if fact.value])


def _undone(answer: object) -> str:
    at: datetime | None = getattr(answer, "undone_at", None)
    if at is None:
        return ""
    return f"Undone {at:%d %b %Y %H:%M} by {getattr(answer, 'undone_by', '')}: {getattr(answer, 'undone_reason', '')}"


def _moment(text: object) -> object:
    return Moment(datetime.fromisoformat(str(text))) if text else ""
