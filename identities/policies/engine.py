"""The one door to Cedar: text in, prepared handles kept, plain values out. An error anywhere is a deny."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cedarpy

from identities.policies.schema import SCHEMA
from identities.policies.statements import Statement, split

MAX_TEXT = 32_768
MAX_RULES = 100
# Cedar's parser recurses: some three thousand levels end the process, so text is measured before it is parsed.
MAX_TOKENS, MAX_DEPTH = 1000, 50

NO_RULE = "no rule allows it"
FAILED = "the policy could not be evaluated"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy, by the name and reason its author gave it."""

    id: str
    reason: str
    permits: bool


@dataclass(frozen=True)
class Compiled:
    """A policy ready to be asked: the parsed handle, and its rules by the id Cedar gives them, in text order."""

    handle: cedarpy.PolicySet
    rules: Mapping[str, Rule]

    @property
    def has_permit(self) -> bool:
        return any(rule.permits for rule in self.rules.values())


@dataclass(frozen=True, slots=True)
class Question:
    """May `principal` do `action` to `resource`? Entities as (type, id, attributes)."""

    principal: tuple[str, str, Mapping[str, Any]]
    action: str
    resource: tuple[str, str, Mapping[str, Any]]
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy said, and which of its rules matched."""

    allowed: bool
    reason: str
    rule_ids: tuple[str, ...]


class BadPolicy(ValueError):
    """Text that is no policy of ours; `problems` are sentences that name the line or the rule."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@lru_cache(maxsize=1024)
def compile(text: str) -> Compiled:  # noqa: A001 - what is done to a policy, as to a pattern
    """Parse and check `text` once; the result is kept by the text's hash. Raises BadPolicy."""
    statements = split(text)
    if problems := _size_problems(text, statements) or _syntax_problems(statements):
        raise BadPolicy(problems)
    handle = cedarpy.PolicySet.from_str(text)
    rules, problems = _rules(handle, statements)
    problems += _schema_problems(text, statements)
    if problems:
        raise BadPolicy(problems)
    return Compiled(handle=handle, rules=rules)


def ask(compiled: Compiled, question: Question) -> Answer:
    """Put the question. A matching forbid denies with its own reason; any error denies.

    Where no rule matched: a policy of forbids alone permits the rest, one that holds a permit denies (a2-14).
    """
    try:
        result = cedarpy.is_authorized(_request(question), compiled.handle, _entities(question), _schema())
    except (ValueError, TypeError):
        return Answer(allowed=False, reason=FAILED, rule_ids=())
    matched = sorted(result.diagnostics.reasons, key=list(compiled.rules).index)
    ids = tuple(compiled.rules[name].id for name in matched)
    if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
        return Answer(allowed=False, reason=FAILED, rule_ids=ids)
    if result.allowed:
        return Answer(allowed=True, reason=compiled.rules[matched[0]].reason, rule_ids=ids)
    if matched:
        return Answer(allowed=False, reason=compiled.rules[matched[0]].reason, rule_ids=ids)
    if compiled.has_permit:
        return Answer(allowed=False, reason=NO_RULE, rule_ids=())
    return Answer(allowed=True, reason="", rule_ids=())


def _size_problems(text: str, statements: list[Statement]) -> list[str]:
    if len(text) > MAX_TEXT:
        return [f"A policy has at most {MAX_TEXT} characters."]
    if not statements:
        return ["A policy has at least one rule."]
    if len(statements) > MAX_RULES:
        return [f"A policy has at most {MAX_RULES} rules."]
    return [
        f"{each.name}: too long or too deep; split it into several rules."
        for each in statements
        if each.tokens > MAX_TOKENS or each.depth > MAX_DEPTH
    ]


def _syntax_problems(statements: list[Statement]) -> list[str]:
    """Cedar says what is wrong but not where; rule by rule, the place is known."""
    problems = []
    for each in statements:
        try:
            parsed = cedarpy.PolicySet.from_str(each.text)
        except ValueError as error:
            problems.append(f"{each.name}: {error}")
        else:
            if parsed.templates():
                problems.append(f"{each.name}: a rule with a ?slot cannot be used here.")
            elif len(parsed) != 1:
                problems.append(f"{each.name}: not a rule.")
    return problems


def _rules(handle: cedarpy.PolicySet, statements: list[Statement]) -> tuple[dict[str, Rule], list[str]]:
    try:
        policies = handle.to_pst().static_policies
    except ValueError as error:
        return {}, [f"The policy is too complex: {error}"]
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    seen: set[str] = set()
    for position, each in enumerate(statements):
        name = f"policy{position}"
        notes = policies[name].annotations
        rule = Rule(id=notes.get("id", ""), reason=notes.get("reason", ""), permits=policies[name].effect == "permit")
        missing = [f'@{note}("…")' for note in ("id", "reason") if not notes.get(note, "").strip()]
        if missing:
            problems.append(f"{each.name}: {' and '.join(missing)} must stand before it.")
        elif rule.id in seen:
            problems.append(f"{each.name}: another rule has this @id.")
        seen.add(rule.id)
        rules[name] = rule
    return rules, problems


def _schema_problems(text: str, statements: list[Statement]) -> list[str]:
    problems: list[str] = []
    for error in cedarpy.validate_policies(text, _schema()).errors:
        position = error.policy_id.removeprefix("policy")
        where = statements[int(position)].name if position.isdigit() else "The policy"
        problems.append(f"{where}: {error.error.removeprefix(f'for policy `{error.policy_id}`, ')}")
    return problems


def _request(question: Question) -> dict[str, Any]:
    return {
        "principal": {"type": question.principal[0], "id": question.principal[1]},
        "action": {"type": "Action", "id": question.action},
        "resource": {"type": question.resource[0], "id": question.resource[1]},
        "context": dict(question.context),
    }


def _entities(question: Question) -> str:
    return json.dumps(
        [
            {"uid": {"type": kind, "id": name}, "attrs": dict(attributes), "parents": []}
            for kind, name, attributes in (question.principal, question.resource)
        ]
    )


@lru_cache(maxsize=1)
def _schema() -> cedarpy.Schema:
    return cedarpy.Schema.from_str(SCHEMA)
