"""Codes that come at once: one right code opens one door, and guesses are counted whoever else is guessing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from audit.models import AuditEvent
from identities.errors import DomainError
from identities.people import proofs
from identities.people.models import User
from tests.factories import factors, people

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 24


def outcomes(user: User, code: str) -> Counter[str]:
    """What came of the same code, sent by many at once."""

    def one(_: int) -> str:
        try:
            return proofs.prove_code(user, code=code, source="test").value
        except DomainError as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(one, range(AT_ONCE)))


def test_of_many_with_one_right_code_one_gets_in():
    person = people.person()
    app, _ = factors.with_app(person)
    found = outcomes(person, app.code())
    assert found["totp"] == 1
    assert found["totp"] + found["second_factor_wrong"] + found["too_many_failures"] == AT_ONCE


def test_of_many_with_one_recovery_code_one_gets_in():
    person = people.person()
    _, codes = factors.with_app(person)
    assert outcomes(person, codes[0])["recovery_codes"] == 1


def test_of_many_guesses_ten_are_looked_at():
    person = people.person()
    app, _ = factors.with_app(person)
    assert outcomes(person, app.wrong()) == {"second_factor_wrong": 10, "too_many_failures": AT_ONCE - 10}
    assert AuditEvent.objects.filter(type="user.second_factor_refused").count() == 10
