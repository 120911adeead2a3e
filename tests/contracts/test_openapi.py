"""What the OpenAPI document says is what every kind of caller is answered: no 5xx, and nothing it does not name.

STEWARD_TEST_EXAMPLES sets how many requests of each kind an operation gets from each caller, STEWARD_TEST_CALLERS names
some of them (`python -m benchmarks.edges.schema`).
"""

import os
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from identities.access.permissions import PERMISSIONS
from identities.people.models import PortalRole, Tenant, User
from identities.tokens import services as tokens
from tests.contracts.answering import BOTH, Asking, Authorise, Pool
from tests.factories import people, tokens as bots
from tests.scheduling.demo.conftest import at, demo, ground  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("STEWARD_TEST_EXAMPLES", "0"))
CALLERS = {name.strip() for name in os.environ.get("STEWARD_TEST_CALLERS", "").split(",") if name.strip()}
GOVERNING = ("ADMIN", "platform administrator")


def as_person(user: User) -> Authorise:
    def headers() -> Mapping[str, str]:
        return {"Authorization": f"Bearer {tokens.mint_user_token(user, session=uuid4()).access_token}"}

    return headers


def as_machine(bot: bots.Bot) -> Authorise:
    def headers() -> Mapping[str, str]:
        minted = tokens.mint(bot.identity, scope="roles", at=timezone.now())
        return {"Authorization": f"Bearer {minted.access_token}"}

    return headers


@pytest.fixture
def callers(demo: Tenant) -> dict[str, Authorise]:  # noqa: F811
    """Each role of the contract, the platform administrator, an agent, two managed identities, and nobody."""
    found = {str(role): as_person(people.person(of=demo, role=role)) for role in PortalRole}
    found["platform administrator"] = as_person(people.platform_admin(of=demo))
    found["an agent"] = as_person(people.agent(of=demo))
    found["a machine that may all"] = as_machine(bots.bot(of=demo, permissions=tuple(PERMISSIONS)))
    found["a machine that may nothing"] = as_machine(bots.bot(of=demo))
    found["nobody"] = dict
    return {name: authorise for name, authorise in found.items() if name in CALLERS or not CALLERS}


@pytest.fixture
def asking(demo: Tenant) -> Asking:  # noqa: F811
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    pool = Pool()
    pool.gather(Client(), document, as_person(people.person(of=demo))())
    return Asking(document, pool)


def told(asking: Asking) -> str:
    return "\n\n".join(str(one) for one in asking.deviations.values())


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_everybody_is_answered_what_the_document_names(asking, callers):
    """Whoever governs sends what fits and what does not; for the others what fits shows who may, and more is deep."""
    for operation in asking.operations():
        for caller, authorise in callers.items():
            modes = BOTH if EXAMPLES or caller in GOVERNING else BOTH[:1]
            asking.ask(operation, caller, authorise, examples=EXAMPLES or 1, modes=modes)
    print(f"asked {sum(asking.statuses.values())} times: {dict(sorted(asking.statuses.items()))}")  # noqa: T201
    assert asking.statuses[200] > 100, "too few requests found what they asked for"
    assert not asking.deviations, told(asking)
