"""A run told step by step: who acted, what was decided and why, how long, with which token, at which attempt."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from identities.admin.parts import Badge, Code, Empty, Entry, Fact, Lines, Moment, Quiet, Timeline
from identities.admin.wording import icon_of, pretty, tone_of, took
from scheduling.models import RunStep, StepState

TITLES = {
    "resolve-identity": "Find the identity",
    "fetch-secret": "Fetch its secret",
    "mint-token": "Get a token",
    "guard": "Ask the guard",
}
UNFINISHED = frozenset({StepState.WAITING, StepState.RUNNING})
#: Shown in their own words, so not again as plain members.
TOLD = frozenset(
    {"reason", "code", "status", "identity", "clientId", "provider", "vaultUri", "secretName", "version", "jti",
     "expiresAt", "until",
     "outcome", "decisionReason", "policyIds", "actor", "token", "decision", "secretReference", "cause"}
)  # fmt: skip


def story(steps: Iterable[RunStep], *, who: str, is_open: bool) -> Timeline:
    """The steps in order, each attempt its own entry; `who` is the run's identity, who acts unless a step says else.

    In a run that has ended nothing waits any more: a step that did was never finished, and says so.
    """
    empty = Empty("It has not begun", "The steps will appear here as they are done.", icon="hourglass_top")
    return Timeline("Steps", [_entry(step, who, is_open=is_open) for step in steps], empty)


def _entry(step: RunStep, who: str, *, is_open: bool) -> Entry:
    detail: Mapping[str, Any] = step.detail or {}
    state = str(step.state) if is_open or step.state not in UNFINISHED else "broken off"
    title: list[object] = [TITLES.get(step.name, step.name)]
    if step.name not in TITLES:
        title.append(Badge(step.kind, "accent"))
    if step.attempt > 1:
        title.append(Badge(f"attempt {step.attempt}", "warn"))
    aside: list[object] = [
        Badge(state, tone_of(state)),
        took(step.started_at, step.finished_at),
        Moment(step.started_at, ""),
    ]
    return Entry(
        at=step.started_at,
        title=Lines(title, row=True),
        text=_sentence(step, detail),
        tone=tone_of(state),
        icon=icon_of(state),
        facts=_facts(step, detail, who),
        aside=Lines([part for part in aside if part], row=True),
    )


def _sentence(step: RunStep, detail: Mapping[str, Any]) -> object:
    if reason := detail.get("reason"):
        code = detail.get("code")
        if code:
            return Lines([reason, Quiet(Lines(["Code", Code(str(code))], row=True))])
        return (
            Lines([reason, Quiet("until"), _moment(detail["until"])], row=True) if detail.get("until") else str(reason)
        )
    if step.name == "guard":
        return _decision(detail)
    return ""


def _moment(text: Any) -> object:
    try:
        return Moment(datetime.fromisoformat(str(text)), exact=True)
    except ValueError:
        return str(text)


def _decision(detail: Mapping[str, Any]) -> str:
    outcome = detail.get("outcome", "")
    said = detail.get("decisionReason") or ("a role permits it" if outcome == "allow" else "")
    rules = ", ".join(detail.get("policyIds") or [])
    return " ".join(
        part
        for part in (f"{'Allowed' if outcome == 'allow' else 'Refused'}: {said}", f"(rule {rules})" if rules else "")
        if part
    )


def _facts(step: RunStep, detail: Mapping[str, Any], who: str) -> list[Fact]:
    token: Mapping[str, Any] = detail.get("token") or detail
    place: Mapping[str, Any] = detail.get("secretReference") or detail
    facts = [
        Fact("Who acted", _who(detail, who)),
        Fact(
            "Secret",
            Lines([Code(place["secretName"]), Quiet(f"in {place.get('vaultUri', '')}")])
            if place.get("secretName")
            else "",
        ),
        Fact("Token", _token(token)),
        Fact("Decision", _decision(detail["decision"]) if detail.get("decision") else ""),
        Fact("Status", str(detail.get("status") or "")),
    ]
    rest = {name: value for name, value in detail.items() if name not in TOLD and value not in (None, "", [], {})}
    facts += [Fact(name, _plain(value)) for name, value in rest.items()]
    if step.output not in (None, "", {}, []):
        facts.append(Fact("Output", _plain(_bare(step.output))))
    return [fact for fact in facts if fact.value]


def _who(detail: Mapping[str, Any], who: str) -> object:
    name, client_id = detail.get("identity") or who, detail.get("clientId")
    if not name:
        return ""
    return Lines([str(name), Code(str(client_id))], row=True) if client_id else str(name)


def _token(token: Mapping[str, Any]) -> object:
    if not token.get("jti"):
        return ""
    parts: list[object] = [Code(str(token["jti"])[:8] + "…")]
    if token.get("expiresAt"):
        parts += [Quiet("ends"), Moment(datetime.fromisoformat(token["expiresAt"]))]
    if token.get("renewed"):
        parts.append(Badge("renewed", "info"))
    return Lines(parts, row=True)


def _bare(output: Any) -> Any:
    """An answer without its headers: a page is for reading."""
    if isinstance(output, dict) and {"status", "headers"} <= set(output):
        return {name: value for name, value in output.items() if name != "headers"}
    return output


def _plain(value: Any) -> object:
    text = pretty(value) if isinstance(value, dict | list) else str(value)
    return Code(text if len(text) <= 600 else f"{text[:600]}…")
