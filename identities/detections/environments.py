"""Which environments a text speaks of: "payroll-prod-runner" says production. Pure."""

import re
from collections.abc import Mapping

from identities.inventory.vocabulary import Environment

_WORDS: Mapping[str, str] = {
    **{environment.value: environment.value for environment in Environment},
    "prod": Environment.PRODUCTION.value,
    "prd": Environment.PRODUCTION.value,
    "stag": Environment.STAGING.value,
    "stage": Environment.STAGING.value,
    "stg": Environment.STAGING.value,
    "dev": Environment.DEVELOPMENT.value,
    "devel": Environment.DEVELOPMENT.value,
    "sbx": Environment.SANDBOX.value,
}
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]+|[A-Z]+")
_ALMOST = re.compile(r"(pre|non)[-_ ]?prod(uction)?", re.IGNORECASE)


def environments_in(text: str) -> frozenset[str]:
    """The environments named by whole words of `text`; "product" and "device" name none."""
    plain = _ALMOST.sub(lambda found: " staging " if found.group(1).casefold() == "pre" else " ", text)
    return frozenset(found for word in _WORD.findall(plain) if (found := _WORDS.get(word.casefold())))
