"""What who governs sees and does of somebody else's second factor: which kinds, who has none, and the reset."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from identities.access.matrix import Duty
from identities.admin.account_reach import as_far
from identities.admin.commands import Command, button
from identities.admin.filters import WordFilter
from identities.admin.parts import Fact, Quiet
from identities.admin.scope import Scope, scope_of
from identities.people import second_factor
from identities.people.models import User
from identities.people.second_factor import Kind


def _another(scope: Scope, user: User) -> bool:
    """Somebody else, whom they reach: one's own is taken away on one's own page, with the password."""
    return user.pk != scope.user.pk and as_far(scope, user)


RESET: Command = button(
    second_factor.reset,
    key="second-factor",
    label="Reset second factor",
    icon="phonelink_erase",
    danger=True,
    applies=lambda user: bool(second_factor.factors(user)),
    reaches=_another,
    confirm="Their app, their passkeys and their recovery codes open nothing any more, and their API sessions end. Be "
    "sure that it is them who ask: until they set up a new one, their password alone is enough.",
    done="{obj} has no second factor any more.",
)


def fact_of(user: User, *, may_govern: bool) -> list[Fact]:
    """Which ones a person has, by their kinds; nobody else is told whose password is enough."""
    if not may_govern:
        return []
    kinds = sorted({"app" if one.kind is Kind.APP else "passkey" for one in second_factor.factors(user)})
    return [Fact("Second factor", ", ".join(kinds) or Quiet("none"))]


class SecondFactorFilter(WordFilter):
    """Who has one and who has none, for who governs."""

    title = "Second factor"
    parameter_name = "second_factor"
    words = (("set", "Set up"), ("none", "None"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return self.words if scope_of(request).may(Duty.GOVERN) else ()

    def where(self, value: str) -> Q:
        has_one = second_factor.has_one()
        return has_one if value == "set" else ~has_one
