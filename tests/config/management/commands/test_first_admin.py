"""The first administrator is made once, and their password is shown only when nobody chose it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from identities.people.models import User
from identities.tokens.models import SigningKey

pytestmark = pytest.mark.django_db


def _said() -> str:
    out = StringIO()
    call_command("first_admin", stdout=out)
    return out.getvalue()


def test_a_weak_password_is_refused_and_nobody_is_made(settings):
    settings.ADMIN_PASSWORD = "short"
    with pytest.raises(CommandError, match="password"):
        _said()
    assert not User.objects.exists()


def test_a_generated_password_is_shown_and_signs_in():
    said = dict(line.split()[:2] for line in _said().splitlines())
    admin = User.objects.get(email="admin@steward.localhost")
    assert admin.is_platform_admin
    assert admin.check_password(said["Password"])
    assert SigningKey.objects.count() == 1


def test_a_chosen_password_is_not_shown(settings):
    settings.ADMIN_PASSWORD = "Chosen-Password-2026"
    assert "Chosen" not in _said()


def test_there_is_one_first_administrator():
    _said()
    with pytest.raises(CommandError, match="already"):
        _said()
    assert User.objects.count() == 1
