"""What routes ask of machines, read off the routes."""

from identities.access.matrix import Duty
from identities.access.permissions import PERMISSIONS
from identities.service_users.doors import doors
from identities.service_users.least_role import CLOSED


def test_people_are_governed_by_people() -> None:
    assert doors()["govern", "user"] == {CLOSED}


def test_one_answer_where_all_routes_ask_the_same() -> None:
    assert doors()["read_register", "run"] == {"run.read"}
    assert doors()["govern", "schedule"] == {"schedule.write"}


def test_no_route_asks_for_what_is_no_permission_or_stands_in_no_row_of_the_matrix() -> None:
    assert len(doors()) > 50
    for (duty, _), asked in doors().items():
        assert Duty(duty)
        assert asked <= PERMISSIONS | {CLOSED}
