"""No secret is in any store but the vault: twenty good and bad paths of a real portal, and a look around (promise 16).

The portal runs at DEBUG in a process of its own. Looked at are its database file, its logs, its mail, what it printed,
every answer of its API, pages, commands and metrics, and, where there is Redis, every command the broker was sent.
"""

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.canary.forms import forms, hits
from tests.journeys.canary.portal import Portal

LOCAL = {"provider": "local", "vaultUri": "local://default"}
DEAD = {"provider": "hashicorp-vault", "vaultUri": "http://127.0.0.1:9"}
WHY = {"reason": "canary"}
SHOWN = r"nhi_[a-z]+_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}"
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(params=[pytest.param("memory", marks=pytest.mark.long), pytest.param("real", marks=pytest.mark.broker)])
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    made = Portal(tmp_path, "memory://" if request.param == "memory" else os.environ["CELERY_BROKER_URL"])
    with listening_to(made):
        made.start()
        made.sign_in_to_the_admin()
        try:
            yield made
        finally:
            made.stop()


@contextlib.contextmanager
def listening_to(portal: Portal) -> Iterator[None]:
    """Keep every command that Redis is sent, as its own monitor tells them."""
    if not portal.broker.startswith("redis"):
        yield
        return
    import redis

    client = redis.Redis.from_url(portal.broker)
    with client.monitor() as monitor:

        def listen() -> None:
            with contextlib.suppress(redis.RedisError, OSError, ValueError):
                for told in monitor.listen():
                    portal.answers.append(("the broker", str(told).encode()))

        threading.Thread(target=listen, daemon=True).start()
        yield


def test_a_secret_is_nowhere_but_in_its_vault(portal: Portal):
    world = World(portal)
    for path in PATHS:
        path(world)
    world.gather_what_lies_in_vaults()
    portal.ask("GET", "/metrics")
    portal.stop()
    assert len(PATHS) >= 20
    assert len(portal.secrets) >= 10, "too little was planted: the test showed nothing"
    assert (portal.folder / "data" / "steward.db").stat().st_size > 100_000
    assert hits(portal.secrets, portal.places()) == []


@pytest.mark.parametrize("form", ["plain", "hex", "utf-16", "base64+0", "base64+1", "base64+2"])
def test_the_look_finds_what_lies_in_any_form_and_at_any_place(form):
    secret = "nhi_prod_" + "aB3" * 14 + "x_123456"
    lying = b"before " + forms(secret)[form] + b" after"
    assert hits([secret], [("a place", b"nothing"), ("another", lying)]) == [f"…3456 as {form} in another"]


class World:
    """What the paths leave for each other."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        made = portal.done("POST", "/api/identities", facts("canary", issueSecret=True), shows="clientSecret")
        self.identity, self.client_id = made["id"], made["clientId"]
        self.secret = portal.secrets[-1]
        role = portal.done("POST", "/api/roles", {"name": "canary", "permissions": ["workflow.execute"]})
        self.role = role["name"]

    def credential(self, identity: str = "") -> dict[str, Any]:
        """The newest live secret."""
        rows = self.portal.done("GET", f"/api/identities/{identity or self.identity}/credentials")["results"]
        live = [row for row in rows if not row.get("revokedAt")]
        return max(live, key=lambda row: str(row["createdAt"]))

    def vaulted(self, name: str, **more: Any) -> dict[str, Any]:
        """An identity whose secret nobody ever saw, with a role."""
        place = {**LOCAL, "secretName": f"{name}/secret"}
        body = facts(name, storeSecretAt=place, **more)
        made: dict[str, Any] = self.portal.done("POST", "/api/identities", body)
        binding = {"identityId": made["id"], "role": self.role, "validUntil": "2099-01-01T00:00:00Z", **WHY}
        self.portal.done("POST", "/api/roleBindings", binding)
        return {**made, "place": place}

    def run(self, name: str, *nodes: dict[str, Any], attempts: int = 1) -> dict[str, Any]:
        """One run of these nodes to its end, as an identity whose secret rests in the vault."""
        portal, bot = self.portal, self.vaulted(name)
        workflow = {"id": f"wf-{name}", "name": name, "nodes": list(nodes), "allowedHosts": ["127.0.0.1:9"]}
        portal.done("POST", "/flowstudio/api/workflows", workflow)
        schedule = portal.done("POST", "/flowstudio/api/schedules", schedule_of(name, bot, attempts))
        begun = portal.done("POST", f"/flowstudio/api/schedules/{schedule['id']}/runNow", WHY)
        address = f"/flowstudio/api/runs/{begun['runId']}"
        ended = {"succeeded", "failed", "refused", "cancelled", "expired"}
        portal.until(lambda: portal.done("GET", address)["state"] in ended)
        return {**portal.done("GET", address), "bot": bot}

    def gather_what_lies_in_vaults(self) -> None:
        """Read the local vault as the portal would, so that what nobody saw is looked for as well."""
        done = self.portal.command("shell", "-v", "0", "-c", READ_VAULT)
        name, _ = self.portal.answers.pop()
        assert name == "manage.py shell"
        assert done.returncode == 0, done.stderr[-2000:]
        self.portal.secrets += json.loads(done.stdout.decode().splitlines()[-1])


READ_VAULT = """
import json
from audit.actors import Actor
from identities.vaults import services as vaults
from identities.vaults.models import LocalSecret
from identities.vaults.references import SecretReference
found = []
for row in LocalSecret.objects.exclude(ciphertext=""):
    place = SecretReference(provider="local", vault_uri="local://default", secret_name=row.name)
    found.append(vaults.read_secret(place, row.tenant_id, actor=Actor.system("test")).reveal())
print(json.dumps(sorted(set(found))))
"""


def facts(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "environment": "development", "purpose": "Carries a canary.", **more}


def schedule_of(name: str, bot: dict[str, Any], attempts: int) -> dict[str, Any]:
    return {
        "name": name, "workflowId": f"wf-{name}", "cronExpression": "0 4 1 1 *", "timezone": "UTC",
        "managedIdentityId": bot["id"], "secretReference": bot["place"], "inputData": {},
        "retryPolicy": {"maxAttempts": attempts, "backoffSeconds": 1},
    }  # fmt: skip


def is_shown_once_by_the_api(world: World) -> None:
    made = world.portal.done("POST", "/api/identities", facts("shown", issueSecret=True), shows="clientSecret")
    world.portal.done("GET", f"/api/identities/{made['id']}")


def is_shown_once_by_the_admin(world: World) -> None:
    made = world.portal.done("POST", "/api/identities", facts("by-hand"))
    page = f"/admin/identities/managedidentity/{made['id']}"
    world.portal.page(f"{page}/do/issue-secret/", {"secret": "show"}, shows=SHOWN)
    world.portal.page(f"{page}/change/?tab=credentials")
    world.portal.page(f"{page}/change/?tab=timeline")


def goes_straight_into_the_vault(world: World) -> None:
    world.vaulted("straight")


def cannot_be_stored(world: World) -> None:
    token = "hvs.canary-token-of-a-vault-that-is-away"
    world.portal.secrets.append(token)
    connection = {"name": "dead", **DEAD, "settings": {"token": token}}
    answer = world.portal.ask("POST", "/api/vaultConnections", connection)
    assert answer.status in {201, 400}
    world.portal.ask("POST", "/api/identities", facts("lost", storeSecretAt={**DEAD, "secretName": "lost"}))


def fetches_tokens_in_both_ways(world: World) -> None:
    assert world.portal.token(world.client_id, world.secret).status == 200
    assert world.portal.token(world.client_id, world.secret, way="body").status == 200


def is_sent_with_a_wrong_name(world: World) -> None:
    assert world.portal.token("mi_nobody", world.secret).status == 401


def is_sent_where_it_must_not_be(world: World) -> None:
    """In the address, as JSON, twice, in a header nobody asked for."""
    portal, secret = world.portal, world.secret
    query = f"/passport/token?client_id={world.client_id}&client_secret={secret}"
    assert portal.ask("POST", query, b"grant_type=client_credentials", headers={}).status in {400, 415}
    assert portal.ask("POST", "/passport/token", {"client_secret": secret}, headers={}).status == 400
    assert portal.ask("GET", f"/api/identities?search={secret}").status in {200, 400}
    assert portal.ask("GET", f"/nowhere/{secret}").status == 404
    assert portal.ask("GET", "/api/identities", headers={"Authorization": f"Bearer {secret}"}).status == 401
    assert portal.ask("GET", "/api/identities", headers={"X-Correlation-ID": secret}).status in {200, 401}


def is_typed_into_a_field(world: World) -> None:
    portal, secret = world.portal, world.secret
    for body in (facts("typed", description=f"the secret is {secret}"), {"name": secret}, {secret: 1}):
        portal.ask("POST", "/api/identities", body)
    portal.ask("POST", f"/api/credentials/{world.credential()['id']}/revoke", {"reason": ""})
    portal.ask("POST", "/api/auth/login", {"email": f"{secret}@example.com", "password": secret}, headers={})


def rotates_and_is_shown(world: World) -> None:
    portal, credential = world.portal, world.credential()
    portal.done("POST", f"/api/credentials/{credential['id']}/rotate", WHY, shows="clientSecret")
    assert portal.ask("POST", f"/api/credentials/{credential['id']}/rotate", WHY).status == 409
    world.secret = portal.secrets[-1]
    assert portal.token(world.client_id, world.secret).status == 200
    portal.done("POST", f"/api/credentials/{credential['id']}/revoke", WHY)


def rotates_into_the_vault(world: World) -> None:
    bot = world.vaulted("rotating")
    credential = world.credential(bot["id"])
    answer = world.portal.done("POST", f"/api/credentials/{credential['id']}/rotate", WHY)
    assert "clientSecret" not in answer


def rotates_by_command(world: World) -> None:
    made = world.portal.done("POST", "/api/identities", facts("commanded", issueSecret=True), shows="clientSecret")
    done = world.portal.command("rotate", made["clientId"], "--json")
    assert done.returncode == 0, done.stderr
    world.portal.answers.pop()
    world.portal.secrets.append(json.loads(done.stdout)["clientSecret"])


def rotates_in_the_admin(world: World) -> None:
    made = world.portal.done("POST", "/api/identities", facts("clicked", issueSecret=True), shows="clientSecret")
    page = f"/admin/identities/managedidentity/{made['id']}/do/rotate/"
    world.portal.page(page, {"secret": "show", "reason": "canary"}, shows=SHOWN)
    world.portal.page("/admin/identities/rotation/")


def runs_well(world: World) -> None:
    run = world.run("well", {"id": "say", "kind": "log", "params": {"message": "hello"}})
    assert run["state"] == "succeeded", run


def runs_into_a_failing_node(world: World) -> None:
    run = world.run("failing", {"id": "call", "kind": "http_call", "params": NOBODY}, attempts=2)
    assert run["state"] == "failed", run


def runs_without_its_secret(world: World) -> None:
    """The reference names what is not there, then what is no secret of this identity."""
    portal, bot = world.portal, world.vaulted("mistaken")
    other = world.vaulted("another")
    workflow = {"id": "wf-mistaken", "name": "m", "nodes": [{"id": "say", "kind": "log", "params": {"message": "x"}}]}
    portal.done("POST", "/flowstudio/api/workflows", {**workflow, "allowedHosts": []})
    for number, place in enumerate(({**LOCAL, "secretName": "nowhere"}, other["place"])):
        wanted = schedule_of("mistaken", {**bot, "place": place}, 1) | {"name": f"mistaken {number}"}
        schedule = portal.ask("POST", "/flowstudio/api/schedules", wanted)
        if schedule.status == 201:
            portal.done("POST", f"/flowstudio/api/schedules/{schedule.json['id']}/runNow", WHY)


def is_reported_as_leaked(world: World) -> None:
    made = world.portal.done("POST", "/api/identities", facts("leaky", issueSecret=True), shows="clientSecret")
    leaked = world.portal.secrets[-1]
    answer = world.portal.done("POST", "/api/leaks", {"text": f"x={leaked}\n", "source": f"https://logs/?q={leaked}"})
    assert [match["identityId"] for match in answer["matches"]] == [made["id"]]
    assert world.portal.token(made["clientId"], leaked).status == 401
    strange = leaked[:-10] + leaked[-10:][::-1]
    world.portal.ask("POST", "/api/leaks", {"text": strange, "source": "nobody's"})
    world.portal.ask("POST", "/api/leaks", {"text": leaked, "unknown": leaked})


def is_recognised_in_a_file(world: World) -> None:
    done = world.portal.command("recognise", "-", said=f"one\ntoken = {world.secret}\n")
    assert done.returncode == 1
    assert world.portal.command("recognise", "-", said="nothing").returncode == 0


def is_used_while_its_identity_is_stopped(world: World) -> None:
    made = world.portal.done("POST", "/api/identities", facts("stopped", issueSecret=True), shows="clientSecret")
    secret = world.portal.secrets[-1]
    assert world.portal.token(made["clientId"], secret).status == 200
    world.portal.done("POST", f"/api/identities/{made['id']}/quarantine", WHY)
    assert world.portal.token(made["clientId"], secret).status == 401
    world.portal.page(f"/admin/identities/managedidentity/{made['id']}/change/")


def is_sent_for_introspection(world: World) -> None:
    """A token where a secret belongs, and a secret where a token belongs."""
    portal = world.portal
    token = portal.token(world.client_id, world.secret).json["access_token"]
    body = f"token={token}&client_id={world.client_id}&client_secret={token}".encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert portal.ask("POST", "/passport/introspect", body, headers=form).status == 401
    assert portal.ask("POST", "/passport/revoke", f"token={world.secret}".encode(), headers=form).status == 401


def is_in_an_import(world: World) -> None:
    file = world.portal.folder.parent / f"{world.portal.folder.name}.csv"
    file.write_text(f"name,environment,purpose,secret\nimported,development,x,{world.secret}\n")
    try:
        world.portal.command("import_identities", "csv", str(file), "--json")
    finally:
        file.unlink()


def is_listed_exported_and_told_of(world: World) -> None:
    for path in (
        "/api/identities?pageSize=200", "/api/audit/events?pageSize=200", "/flowstudio/api/runs?pageSize=200",
        "/api/audit/export?format=jsonl", "/admin/", "/admin/audit/auditevent/", "/admin/identities/finding/",
    ):  # fmt: skip
        if path.startswith("/admin"):
            world.portal.page(path)
        else:
            world.portal.ask("GET", path)
    world.portal.command("export")


NOBODY = {"method": "POST", "url": "http://127.0.0.1:9/away", "json": {"month": "2026-01"}}
PATHS: list[Callable[[World], None]] = [
    is_shown_once_by_the_api,
    is_shown_once_by_the_admin,
    goes_straight_into_the_vault,
    cannot_be_stored,
    fetches_tokens_in_both_ways,
    is_sent_with_a_wrong_name,
    is_sent_where_it_must_not_be,
    is_typed_into_a_field,
    rotates_and_is_shown,
    rotates_into_the_vault,
    rotates_by_command,
    rotates_in_the_admin,
    runs_well,
    runs_into_a_failing_node,
    runs_without_its_secret,
    is_reported_as_leaked,
    is_recognised_in_a_file,
    is_used_while_its_identity_is_stopped,
    is_sent_for_introspection,
    is_in_an_import,
    is_listed_exported_and_told_of,
]
