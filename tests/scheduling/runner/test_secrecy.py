"""A secret and a token are in no store but the vault and in no line of a log, whatever way a run takes (promise 16)."""

import base64
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.db import connection

from audit.actors import Actor
from identities.credentials import services as credentials
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from scheduling import tasks
from scheduling.models import RunState
from scheduling.nodes.base import Node
from tests.scheduling.runner import receiver
from tests.scheduling.runner.receiver import Receiver
from tests.scheduling.runner.world import ADMIN, World, again, bot, reference, text_of_secret

OURS = ("audit_", "identities_", "scheduling_", "django_", "axes_", "oauth2_")


@pytest.fixture
def payroll(settings) -> Iterator[Receiver]:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiver.listening() as listening:
        yield listening


def secret_of(identity: ManagedIdentity) -> str:
    place = SecretReference.from_json(reference(identity.name))
    return vaults.read_secret(place, identity.tenant_id, actor=Actor.system("tests")).reveal()


def spellings(text: str, client_id: str) -> dict[str, str]:
    """The ways in which a secret could lie somewhere without being seen at a glance."""
    raw = text.encode()
    return {
        "plain": text,
        "base64": base64.b64encode(raw).decode().rstrip("="),
        "basic": base64.b64encode(f"{client_id}:{text}".encode()).decode().rstrip("="),
        "hex": raw.hex(),
        "url": quote(text, safe=""),
        "backwards": text[::-1],
    }


def everything_stored() -> str:
    """Each value of each table, as text."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(OURS):
                cursor.execute(f'SELECT * FROM "{table}"')
                found += [repr(row) for row in cursor.fetchall()]
    return "\n".join(found)


def test_no_way_through_a_run_leaves_a_secret_or_a_token_behind(
    world: World, payroll, settings, caplog, capfd, monkeypatch
):
    class Leaky(Node):
        kind = "leaky-for-test"
        label = "Leaky"
        Params = type("Params", (), {"__dataclass_fields__": {}})

        def execute(self, context):
            raise RuntimeError(f"could not send {vars(context.http)}")

    messages: list[str] = []
    monkeypatch.setattr(tasks.execute, "delay", messages.append)
    caplog.set_level(logging.DEBUG)
    for name in ("requests", "urllib3", "oauthlib", "oauth2_provider", "django"):
        caplog.set_level(logging.DEBUG, logger=name)
    secret = secret_of(world.payer)
    other = bot(world.tenant, "other")
    secrets = {secret: world.payer.client_id, secret_of(other): other.client_id}

    good = world.schedule(payroll.node(), allowed_hosts=[payroll.host], max_attempts=2, overlap_policy="allow")
    assert world.fire(good).state == RunState.SUCCEEDED
    payroll.answers = [500]
    assert again(world.fire(good)).state == RunState.SUCCEEDED
    payroll.answers = [403]
    assert world.fire(good).state == RunState.FAILED
    try:
        leaky = world.schedule({"id": "leak", "kind": "leaky-for-test"})
        assert world.fire(leaky).state == RunState.FAILED
    finally:
        del Node.kinds["leaky-for-test"]
    # Passport refuses: another's secret, a revoked one, an identity that was stopped; and it is away.
    assert world.fire(world.schedule(secret_reference=reference("other"))).code == "mint_refused"
    address, settings.PASSPORT_URL = settings.PASSPORT_URL, "http://127.0.0.1:1"
    assert world.fire(good).state == RunState.DUE
    settings.PASSPORT_URL = address
    tasks.tick()
    credentials.revoke(text_of_secret(world.payer), reason="leaked", actor=ADMIN)
    assert world.fire(good).code == "mint_refused"
    lifecycle.disable(world.payer, reason="incident", actor=ADMIN)
    assert world.fire(good).code == "identity_disabled"

    out, err = capfd.readouterr()
    places = {
        "database": everything_stored(),
        "log": "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records),
        "output": out + err,
        "broker": "\n".join(messages),
    }
    found = [
        (place, spelling)
        for place, text in places.items()
        for one, client_id in secrets.items()
        for spelling, sought in spellings(one, client_id).items()
        if sought in text
    ]
    assert found == []
    assert all(world.payer.client_id in places[place] for place in ("database", "log")), "nothing was looked at"
    tokens = set(payroll.tokens())
    assert len(tokens) >= 3
    signatures = [token.rpartition(".")[2] for token in tokens]
    assert not [(place, mark) for place, text in places.items() for mark in signatures if mark in text]


def test_a_receiver_that_echoes_the_token_does_not_get_it_into_the_run(world: World, payroll):
    def echo(request: receiver.Request) -> None:
        payroll.body = {"you sent": request.headers["authorization"]}

    payroll.before = echo
    run = world.fire(world.schedule(payroll.node(), allowed_hosts=[payroll.host]))
    assert run.state == RunState.SUCCEEDED
    assert payroll.tokens()[0] not in everything_stored()
    assert "redacted" in str(run.steps.get(name="pay").output)
