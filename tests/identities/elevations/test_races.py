"""Many hands at once: of break-glass one use succeeds, of a question one is asked."""

import pytest

from identities.access.models import RoleBinding
from identities.elevations import break_glass
from identities.errors import Conflict
from tests.identities.elevations.conftest import Cast
from tests.scheduling.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_uses_at_once_exactly_one_succeeds(cast: Cast) -> None:
    grant = cast.armed()

    def use(number: int) -> str:
        try:
            break_glass.use(grant, reason=f"{number}", actor=cast.actor("asker" if number % 2 else "security"))
        except Conflict as error:
            return error.code
        return "done"

    assert sorted(race(4, use)) == ["break_glass_used"] * 3 + ["done"]
    assert RoleBinding.objects.count() == 1


def test_of_many_questions_at_once_one_is_asked(cast: Cast) -> None:
    def ask(_: int) -> str:
        try:
            cast.ask()
        except Conflict as error:
            return error.code
        return "done"

    assert sorted(race(4, ask)) == ["done"] + ["elevation_asked"] * 3
