"""Django's own questions, answered from the matrix."""

from uuid import uuid4

import pytest

from identities.access.backends import PortalBackend
from tests.factories import people as cast

pytestmark = pytest.mark.django_db
backend = PortalBackend()


@pytest.mark.parametrize(
    ("role", "may_view", "may_change"),
    [("READ_ONLY", True, False), ("ANALYST", True, False), ("AUDITOR", True, False), ("ADMIN", True, True)],
)
def test_a_permission_of_django_is_a_row_of_the_matrix(role, may_view, may_change):
    user = cast.person(role=role)
    assert user.has_perm("identities.view_role") is may_view
    for verb in ("add", "change", "delete"):
        assert user.has_perm(f"identities.{verb}_role") is may_change
    assert user.has_perms(["identities.view_role", "identities.change_role"]) is may_change
    assert user.is_superuser is False


def test_somebody_disabled_may_nothing():
    assert not cast.person(is_active=False).has_perm("identities.view_role")


def test_a_session_ends_with_its_person():
    user, gone = cast.person(), cast.person(is_active=False)
    assert backend.get_user(str(user.pk)) == user
    assert backend.get_user(gone.pk) is None
    assert backend.get_user(uuid4()) is None
    assert backend.get_user("1") is None


@pytest.mark.parametrize("credentials", [{}, {"username": "x"}, {"password": "x"}, {"username": "", "password": "x"}])
def test_half_a_pair_of_credentials_is_none(credentials):
    assert backend.authenticate(None, **credentials) is None
