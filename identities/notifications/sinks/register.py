"""The kinds of channel there are: every `Sink` class in this folder, by kind."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import identities.notifications.sinks
from identities.errors import Invalid
from identities.notifications.sinks.base import Sink


def installed() -> dict[str, type[Sink]]:
    """Every kind, in the order of its label."""
    return dict(sorted(_all().items(), key=lambda item: item[1].label))


def sink_class(kind: str) -> type[Sink]:
    """Raises `Invalid` (member `kind`) for a kind nobody knows."""
    found = _all().get(kind)
    if found is None:
        raise Invalid({"kind": [f"must be one of {', '.join(installed())}"]})
    return found


@cache
def _all() -> dict[str, type[Sink]]:
    for module in iter_modules(identities.notifications.sinks.__path__):
        import_module(f"identities.notifications.sinks.{module.name}")
    return Sink.kinds
