"""The report of a campaign as a file: a page that prints well, a CSV no spreadsheet runs, or JSON."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string

from audit.moments import zulu
from identities.programme import sheets
from identities.recertification import scope
from identities.recertification.models import Decision, OnSilence, ReviewDecision
from identities.recertification.pace import Pace
from identities.recertification.reporting import CampaignReport, Line

#: So many items stand on the page; CSV and JSON hold every one.
MOST_ON_PAGE = 2000
HEADERS = (
    "Identity", "Client id", "Environment", "Risk tier", "Reviewer", "Asked", "State", "Decision", "Reason",
    "Decided by", "Decided at", "Seconds", "Batch", "Recommended", "Because", "Not clear", "Evidence SHA-256",
    "Evidence of", "Reminders", "Escalated", "Remediation", "What was done", "Remedied at", "Hours to remedy", "Undone",
    "Certified until", "Snapshot SHA-256", "Seal", "Every answer", "Who was asked",
)  # fmt: skip
SILENCES: Mapping[OnSilence, str] = {
    OnSilence.BY_TIER: "by tier: high is disabled, medium loses what nothing used, low is marked",
    OnSilence.DISABLE: "it is disabled",
    OnSilence.REDUCE: "it loses what nothing used",
    OnSilence.REMIND: "it is marked as not certified",
}
SEALS: Mapping[bool | None, str] = {None: "", True: "holds", False: "BROKEN"}


def answer(report: CampaignReport, *, file_format: str) -> HttpResponseBase:
    """The report in one of its formats, never kept by a cache."""
    made = {"json": _json, "csv": _csv, "html": _html}[file_format](report)
    made["Cache-Control"] = "no-store"
    return made


def _csv(report: CampaignReport) -> HttpResponseBase:
    title = f"campaign {report.campaign.name}"
    rows = (cells(line) for line in report.lines())
    return sheets.file_response(
        title, report.made_at, count=report.summary["items"], file_format="csv", headers=HEADERS, rows=rows
    )


def cells(line: Line) -> Sequence[Any]:
    """One item as a row, in the order of `HEADERS`."""
    item, last, kept = line.item, line.last, line.snapshot
    return [
        item.identity.name,
        item.identity.client_id,
        item.identity.environment,
        item.risk_tier,
        item.reviewer_label,
        item.opened_at,
        item.state,
        item.decision,
        item.decision_reason,
        item.decided_by_label,
        item.decided_at,
        last.seconds if last else None,
        last.batch_size if last else None,
        item.recommendation,
        item.recommendation_reason,
        ", ".join(map(str, item.unclear)),
        item.evidence_hash,
        item.evidence_at,
        item.reminders,
        item.escalated_at,
        item.remediation_state if item.decision else "",
        item.remediation.get("text", ""),
        item.remediated_at,
        line.hours,
        "; ".join(f"{each.undone_at:%Y-%m-%d %H:%M} {each.undone_by}: {each.undone_reason}" for each in _undone(line)),
        kept.certified_until if kept else None,
        kept.digest if kept else "",
        SEALS[line.seal_holds],
        "; ".join(f"{each.at:%Y-%m-%d %H:%M} {each.by_label}: {each.decision} {each.reason}" for each in line.answers),
        "; ".join(_asked(each) for each in item.trail),
    ]


def _undone(line: Line) -> list[ReviewDecision]:
    return [each for each in line.answers if each.undone_at is not None]


def _asked(step: Mapping[str, Any]) -> str:
    return " ".join(str(step[name]) for name in ("at", "label", "why") if step.get(name))


def _json(report: CampaignReport) -> HttpResponseBase:
    campaign = report.campaign
    body = {
        "campaign": {
            "id": str(campaign.pk),
            "name": campaign.name,
            "scope": campaign.scope,
            "reviewerRule": campaign.reviewer_rule,
            "onSilence": campaign.on_silence,
            "state": campaign.state,
            "openedAt": _zulu(campaign.opened_at),
            "dueAt": _zulu(campaign.due_at),
            "closedAt": _zulu(campaign.closed_at),
            "closedReason": campaign.closed_reason,
            "createdBy": campaign.created_by,
        },
        "madeAt": _zulu(report.made_at),
        "madeBy": report.made_by,
        "summary": _summary(report.summary),
        "reviewers": [_pace(pace) for pace in report.reviewers],
        "items": [_item(line) for line in report.lines()],
    }
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})


def _summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {_SUMMARY.get(name, name): value for name, value in summary.items()}


_SUMMARY = {
    "not_ready_for_production": "notReadyForProduction",
    "against_recommendation": "againstRecommendation",
    "mean_hours_to_remedy": "meanHoursToRemedy",
}


def _pace(pace: Pace) -> dict[str, Any]:
    return {
        "reviewer": pace.reviewer,
        "answered": pace.answered,
        "open": pace.open,
        "medianSeconds": pace.median_seconds,
        "batchShare": round(pace.batch_share, 3),
        "againstShare": round(pace.against_share, 3),
        "signals": pace.signals,
    }


def _item(line: Line) -> dict[str, Any]:
    item, kept = line.item, line.snapshot
    return {
        "id": str(item.pk),
        "identityId": str(item.identity_id),
        "identity": item.identity.name,
        "environment": item.identity.environment,
        "riskTier": item.risk_tier,
        "reviewer": item.reviewer_label,
        "trail": item.trail,
        "openedAt": _zulu(item.opened_at),
        "state": item.state,
        "recommendation": item.recommendation,
        "recommendationReason": item.recommendation_reason,
        "unclear": item.unclear,
        "evidence": item.evidence,
        "evidenceHash": item.evidence_hash,
        "evidenceAt": _zulu(item.evidence_at),
        "decision": item.decision,
        "decisionReason": item.decision_reason,
        "decidedBy": item.decided_by_label,
        "decidedAt": _zulu(item.decided_at),
        "reminders": item.reminders,
        "escalatedAt": _zulu(item.escalated_at),
        "remediation": {
            "state": item.remediation_state,
            "text": item.remediation.get("text", ""),
            "at": _zulu(item.remediated_at),
            "hours": line.hours,
        },
        "answers": [_answer(each) for each in line.answers],
        "certifiedUntil": _zulu(kept.certified_until) if kept else None,
        "snapshotHash": kept.digest if kept else "",
        "sealHolds": line.seal_holds,
    }


def _answer(each: ReviewDecision) -> dict[str, Any]:
    return {
        "decision": each.decision,
        "reason": each.reason,
        "by": each.by_label,
        "at": _zulu(each.at),
        "evidenceHash": each.evidence_hash,
        "seconds": each.seconds,
        "batchSize": each.batch_size,
        "undoneAt": _zulu(each.undone_at),
        "undoneBy": each.undone_by,
        "undoneReason": each.undone_reason,
    }


def _html(report: CampaignReport) -> HttpResponseBase:
    shown, broken, left = _shown(report)
    context = {
        "report": report,
        "campaign": report.campaign,
        "summary": report.summary,
        "scope": scope.words(report.campaign.scope),
        "silence": SILENCES[OnSilence(report.campaign.on_silence)],
        "carried_out": _span(report.summary["mean_hours_to_remedy"]),
        "decisions": [
            (str(Decision(word).label).capitalize(), count) for word, count in report.summary["decisions"].items()
        ],
        "lines": shown,
        "broken": broken,
        "left": left,
    }
    return HttpResponse(render_to_string("steward/campaign_report.html", context))


def _shown(report: CampaignReport) -> tuple[list[Line], int, int]:
    """The items of the page, how many seals are broken among all, and how many items the page leaves out."""
    shown: list[Line] = []
    broken = left = 0
    lines: Iterator[Line] = report.lines()
    for line in lines:
        broken += line.seal_holds is False
        if len(shown) < MOST_ON_PAGE:
            shown.append(line)
        else:
            left += 1
    return shown, broken, left


def _span(hours: float | None) -> str:
    """A mean of hours as one reads it."""
    if hours is None:
        return "–"
    return "at once" if hours < 1 / 60 else f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.1f} h"


def _zulu(at: datetime | None) -> str | None:
    return zulu(at) if at is not None else None
