"""Our own API with a bearer token beside the same view without authentication: what it costs to know who asks."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from benchmarks import comparing, load, servers, tables
from benchmarks.comparing import Plan, Target
from benchmarks.load import Shot
from benchmarks.servers import Server
from benchmarks.tables import Line

OPEN, OURS = "view alone", "with a bearer"


CONNECTIONS = (1, 8)


def measure(kind: str, plan: Plan) -> list[Line]:
    """One table for one kind of database, GET of one identity, and its lines for the last one."""
    plan = replace(plan, connections=tuple(number for number in plan.connections if number in CONNECTIONS))
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as name,
        servers.scratch_database(kind, Path(name)) as database,
    ):
        port = servers.free_port()
        env = servers.environment(database, Path(name), port)
        bot = json.loads(servers.run("benchmarks.seed", env=env))
        env["BENCH_IDENTITY"] = bot["identity_id"]
        open_port = servers.free_port()
        with (
            servers.serving("config.wsgi:application", port, env=env, probe="/passport/jwks.json") as ours,
            servers.serving("benchmarks.peers.open_api:application", open_port, env=env, probe="/healthz") as unasked,
        ):
            bearer = {"Authorization": f"Bearer {_token(ours, bot)}"}
            path = f"/api/identities/{bot['identity_id']}"
            targets = {
                OPEN: Target(unasked, Shot(unasked.base + path)),
                OURS: Target(ours, Shot(ours.base + path, headers=bearer)),
            }
            found = comparing.medians(targets, plan)
    tables.show(
        f"GET /api/identities/{{id}} on {kind}; load by {load.generator()}, median of {plan.rounds} rounds",
        comparing.HEAD,
        comparing.rows(found, beside=OPEN),
        notes=(*comparing.NOTES, "cpu counts both servers' database sessions: read it as an upper bound here"),
    )
    return [
        Line(
            f"own API with a bearer, {connections} connections",
            kind,
            f"{results[OURS].rate:.0f} req/s",
            f"{comparing.ratio(results[OURS].rate, results[OPEN].rate)} of the view alone",
            f"{comparing.ratio(results[OPEN].cpu, results[OURS].cpu)} of it",
            wanted="≥ 0.75 of the view alone",
            bound=0.75,
            of="ratio",
            foreign=results[OURS].foreign,
        )
        for connections, results in found.items()
    ]


def _token(server: Server, bot: dict[str, str]) -> str:
    form = {"grant_type": "client_credentials", "client_id": bot["client_id"], "client_secret": bot["secret"]}
    request = Request(f"{server.base}/passport/token", urlencode(form).encode())
    with urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["access_token"])
