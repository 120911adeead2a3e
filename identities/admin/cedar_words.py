"""Cedar rules in plain words, for people who do not read Cedar. Pure. The text itself always stands beside them."""

import re

#: The clauses below are looked for in quadratic time.
LONGEST = 4000

_CLAUSE = re.compile(r"\b(when|unless)\s*\{(.*?)\}\s*(?=when\b|unless\b|;|$)", re.DOTALL)
_SCOPE = re.compile(r"\b(permit|forbid)\s*\((.*?)\)\s*(?=when\b|unless\b|;|$)", re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*")
_WORDS: tuple[tuple[str, str], ...] = (
    (r'principal\.roles\.contains\(\s*"([^"]*)"\s*\)', r"it holds the role \1"),
    (r"principal\.isServiceAccount\s*==\s*true", "a machine runs it"),
    (r"principal\.isServiceAccount\s*==\s*false", "a person runs it"),
    (r"principal\.isServiceAccount\b", "a machine runs it"),
    (r"principal\.riskTier", "its risk tier"),
    (r"principal\.certifiedUntil", "the end of its certificate (seconds)"),
    (r"principal\.certified\s*==\s*true", "it is certified"),
    (r"principal\.certified\s*==\s*false", "it is not certified"),
    (r"principal\.certified\b", "it is certified"),
    (r"principal\.environment", "its environment"),
    (r"principal\.clientId", "its client id"),
    (r"principal\.tenantId", "its tenant"),
    (r"principal\.(\w+)", r"its \1"),
    (r"resource\.name", "the workflow's name"),
    (r"resource\.tenantId", "the workflow's tenant"),
    (r"context\.scheduledFor", "the scheduled time"),
    (r"context\.weekday", "the weekday (1 is Monday)"),
    (r"context\.day\b", "the day of the month"),
    (r"context\.(\w+)", r"the \1"),
    (r"\[([^\]]*)\]\.contains\(([^)]*)\)", r"\2 is one of \1"),
    (r"\s*==\s*", " is "),
    (r"\s*!=\s*", " is not "),
    (r"\s*>=\s*", " is at least "),
    (r"\s*<=\s*", " is at most "),
    (r"\s*>\s*", " is more than "),
    (r"\s*<\s*", " is less than "),
    (r"\s*&&\s*", " and "),
    (r"\s*\|\|\s*", " or "),
    (r"!\s*(?=[(\w])", "not "),
    (r'"([^"]*)"', r"\1"),
)


def in_words(text: str) -> str:
    """One rule as a sentence: "Refused when the hour is less than 6." What it cannot say it shows as written."""
    if len(text) > LONGEST:
        return "A rule too long for a sentence: read it as it is written."
    bare = _COMMENT.sub("", text)
    verdict = "Refused" if re.search(r"\bforbid\s*\(", bare) else "Allowed"
    parts = [_whom(bare)]
    for kind, condition in _CLAUSE.findall(bare):
        parts.append(f"{'unless' if kind == 'unless' else 'when'} {_say(condition)}")
    said = " ".join(part for part in parts if part)
    return f"{verdict} {said}." if said else f"{verdict} always."


def _whom(text: str) -> str:
    found = _SCOPE.search(text)
    scope = found.group(2) if found else ""
    if "principal is User" in scope:
        return "for people"
    if "principal is Identity" in scope:
        return "for identities"
    if match := re.search(r"principal\s*==\s*(\S+)", scope):
        return f"for {match.group(1).rstrip(',')}"
    return ""


def _say(condition: str) -> str:
    said = " ".join(condition.split())
    for pattern, words in _WORDS:
        said = re.sub(pattern, words, said)
    return " ".join(said.split())
