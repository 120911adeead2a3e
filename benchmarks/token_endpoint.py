"""The token endpoint beside (a) a view that only signs and (b) stock django-oauth-toolkit with JWT."""

import base64
import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import comparing, load, servers, tables
from benchmarks.comparing import Plan, Target
from benchmarks.load import Shot
from benchmarks.servers import Server
from benchmarks.tables import Line

FORM = "application/x-www-form-urlencoded"
OURS, BARE, STOCK = "Steward", "(a) only signs", "(b) stock toolkit"


def measure(kind: str, plan: Plan) -> list[Line]:
    """One table for one kind of database, and its lines for the last one."""
    with shots(kind) as targets:
        found = comparing.medians(targets, plan)
    tables.show(
        f"Token endpoint on {kind}: token row and audit record durable; load by {load.generator()}, "
        f"gunicorn gthread {servers.WORKERS}x{servers.THREADS}, median of {plan.rounds} rounds of {plan.seconds:g} s",
        comparing.HEAD,
        comparing.rows(found, beside=BARE),
        notes=comparing.NOTES,
    )
    return [
        Line(
            f"token, {connections} connections",
            kind,
            f"{results[OURS].rate:.0f} req/s",
            f"{comparing.ratio(results[OURS].rate, results[BARE].rate)} of (a)",
            f"{comparing.ratio(results[BARE].cpu, results[OURS].cpu)} of (a)",
            f"{comparing.ratio(results[OURS].rate, results[STOCK].rate)} x (b)",
            bound=0.6 if (kind, connections) == ("postgres", 8) else None,
            of="ratio",
        )
        for connections, results in found.items()
    ]


@contextmanager
def shots(kind: str) -> Iterator[dict[str, Target]]:
    """The three servers, up together, and the request to each."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steward-bench-")))
        ours, stock = folder / "ours", folder / "stock"
        ours.mkdir()
        stock.mkdir()
        database = stack.enter_context(servers.scratch_database(kind, ours))
        yield {
            BARE: only_signs(stack, folder),
            OURS: steward(stack, database, ours)[0],
            STOCK: _stock(stack, kind, stock),
        }


def only_signs(stack: ExitStack, folder: Path) -> Target:
    port = servers.free_port()
    env = servers.environment("sqlite://:memory:", folder, port)
    server = stack.enter_context(servers.serving("benchmarks.peers.bare:application", port, env=env, probe="/token"))
    return _target(server, "/token", "mi_bench", "s" * 60)


def steward(stack: ExitStack, database: str, folder: Path, **more: str) -> tuple[Target, str]:
    """Steward with one client and its crowd, and the client's id; `more` are settings of its own."""
    port = servers.free_port()
    env = servers.environment(database, folder, port, **more)
    bot = json.loads(servers.run("benchmarks.seed", env=env))
    server = stack.enter_context(servers.serving("config.wsgi:application", port, env=env, probe="/passport/jwks.json"))
    return _target(server, "/passport/token", bot["client_id"], bot["secret"]), bot["client_id"]


def basic(client_id: str, secret: str) -> str:
    """HTTP Basic's header."""
    return f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"


def _stock(stack: ExitStack, kind: str, folder: Path) -> Target:
    database = stack.enter_context(servers.scratch_database(kind, folder, "stock"))
    port = servers.free_port()
    env = servers.environment(database, folder, port)
    client_id, secret = servers.run("benchmarks.peers.stock", env=env).split()
    server = stack.enter_context(
        servers.serving("benchmarks.peers.stock:application", port, env=env, probe="/o/token/")
    )
    return _target(server, "/o/token/", client_id, secret, is_slow=True)


def _target(server: Server, path: str, client_id: str, secret: str, *, is_slow: bool = False) -> Target:
    headers = {"Authorization": basic(client_id, secret), "Content-Type": FORM}
    shot = Shot(server.base + path, "POST", headers, "grant_type=client_credentials&scope=roles")
    return Target(server, shot, is_slow)
