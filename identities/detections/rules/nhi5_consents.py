"""NHI5-CONSENTS: one OAuth client with several consents that its purpose does not speak of."""

import re
from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import AuthMethod, Kind

SEVERAL = 2
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: Words of a consent that name no kind of data.
_PLAIN = frozenset(
    {"read", "write", "readwrite", "all", "send", "manage", "full", "access", "basic", "graph", "microsoft", "api",
     "https", "www", "googleapis", "com", "auth", "user", "directory", "offline", "openid", "profile", "email"}
)  # fmt: skip
_STEM = 4


class Consents(Rule):
    """Two or more consents whose kind of data is named neither in the purpose nor among the downstream systems."""

    code = "NHI5-CONSENTS"
    category = "NHI5"
    severity = Severity.MEDIUM
    title = "Consents beyond its purpose"
    why = "Each consent is access to somebody's data, given with one click and seldom taken back."
    mend = "Take back the consents that the purpose does not need, or describe the purpose as it is."
    field = "purpose"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if facts.kind != Kind.OAUTH_CLIENT and facts.auth_method != AuthMethod.OAUTH_DELEGATED:
            return
        known = " ".join((facts.purpose, facts.description, facts.application, *facts.downstream_systems)).casefold()
        given = [*facts.downstream_permissions, *(name for held in facts.live_credentials for name in held.scope)]
        beyond = [name for name in dict.fromkeys(given) if _is_beyond(name, known)]
        if len(beyond) >= SEVERAL:
            listed = ", ".join(beyond[:6]) + (f" and {len(beyond) - 6} more" if len(beyond) > 6 else "")
            yield Observation(f"Its purpose does not speak of: {listed}.", details={"consents": beyond[:50]})


def _is_beyond(consent: str, known: str) -> bool:
    named = consent.partition(" (")[0]  # what follows says how it was given: "(delegated for everybody)"
    kinds = [word.casefold() for word in _WORDS.findall(named) if word.casefold() not in _PLAIN]
    return bool(kinds) and not any(kind[:_STEM] in known for kind in kinds)
