"""The events that somebody may subscribe to: every word that Steward records, but those of telling itself."""

from collections.abc import Collection
from enum import StrEnum
from functools import cache
from typing import Any

from django.db.models import Q

from identities import events
from identities.errors import Invalid
from identities.notifications.concerns import base

#: Whoever were told of these would be told of being told.
OF_TELLING = (events.NoticeEvent, events.DeliveryEvent)
WHOLE_SUBJECT = ".*"
MOST = 50


def known() -> list[str]:
    """Every event that may be subscribed to, in order."""
    return _known(tuple(sorted(base.kinds)))


def check(types: Any) -> list[str]:
    """`types` as they are kept; Invalid (member `types`) for a word nobody records, or none at all.

    An exact word, or all of a subject: `run.*`.
    """
    if not isinstance(types, list | tuple) or not all(isinstance(word, str) for word in types):
        raise Invalid({"types": ["must be a list of events"]})
    wanted = list(dict.fromkeys(word.strip() for word in types))
    if not 1 <= len(wanted) <= MOST:
        raise Invalid({"types": [f"name 1 to {MOST} events"]})
    unknown = [word for word in wanted if not _is_known(word)]
    if unknown:
        raise Invalid({"types": [f"there is no event {word[:80]!r}" for word in unknown]})
    return wanted


def hears(types: Collection[str], event: str) -> bool:
    """Whether one of `types` means this event. Pure."""
    return any(event == word or (word.endswith(WHOLE_SUBJECT) and event.startswith(word[:-1])) for word in types)


def those_of(types: Collection[str]) -> Q:
    """The condition on `type` that is the same as `hears`; of nothing it finds nothing."""
    wide = [word[:-1] for word in types if word.endswith(WHOLE_SUBJECT)]
    found = Q(type__in=sorted(word for word in types if not word.endswith(WHOLE_SUBJECT)))
    for prefix in sorted(set(wide)):
        found |= Q(type__startswith=prefix)
    return found


def _is_known(word: str) -> bool:
    if word.endswith(WHOLE_SUBJECT):
        return any(event.startswith(word[:-1]) for event in known())
    return word in known()


@cache
def _known(_kinds: tuple[str, ...]) -> list[str]:
    ours = [thing for thing in vars(events).values() if isinstance(thing, type) and issubclass(thing, StrEnum)]
    brought = [words for concern in base.kinds.values() for words in concern.events]
    told = [words for words in (*ours, *brought) if words is not StrEnum and words not in OF_TELLING]
    return sorted({str(word) for words in told for word in words})
