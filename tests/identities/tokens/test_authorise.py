"""May it have a token?"""

from datetime import UTC, datetime, timedelta

import pytest

from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.tokens import authorise

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        *(({"state": state.value}, "identity_disabled") for state in State if state is not State.ACTIVE),
        ({"expires_at": AT}, "identity_expired"),
        ({"expires_at": AT - timedelta(days=1)}, "identity_expired"),
        ({"issuance": "external"}, "identity_external"),
        ({}, ""),
        ({"expires_at": AT + timedelta(seconds=1)}, ""),
        ({"issuance": "federated"}, ""),
        ({"business_owner_label": "left the company"}, ""),
    ],
)
def test_the_answer_has_a_code_of_its_own(facts: dict, code: str) -> None:
    assert authorise.refusal(ManagedIdentity(name="bot", **facts), AT) == code
