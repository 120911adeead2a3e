"""The token endpoint signing ES256, beside oidc-provider on node, which signs RS256 and keeps all in memory."""

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks import comparing, load, servers, tables
from benchmarks.comparing import Plan, Target
from benchmarks.load import Shot
from benchmarks.peers import oidc_provider
from benchmarks.tables import Line
from benchmarks.token_endpoint import BARE, FORM, basic, only_signs, steward

OURS, PEER = "Steward, ES256", "(c) oidc-provider, RS256"


def measure(kind: str, plan: Plan) -> list[Line]:
    """One table at eight connections; without node the line says why it stands alone."""
    why = ""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steward-bench-")))
        ours, node = folder / "ours", folder / "node"
        ours.mkdir()
        node.mkdir()
        database = stack.enter_context(servers.scratch_database(kind, ours, "es256"))
        targets = {
            BARE: only_signs(stack, folder),
            OURS: steward(stack, database, ours, PASSPORT_SIGNING_ALG="ES256")[0],
        }
        try:
            server = stack.enter_context(oidc_provider.serving(node))
            headers = {"Authorization": basic(oidc_provider.CLIENT_ID, oidc_provider.SECRET), "Content-Type": FORM}
            shot = Shot(f"{server.base}/token", "POST", headers, "grant_type=client_credentials&scope=roles")
            targets[PEER] = Target(server, shot)
        except oidc_provider.Absent as absent:
            why = str(absent)
        found = comparing.medians(targets, replace(plan, connections=(8,)))
    beside = BARE if why else PEER
    tables.show(
        f"Signing ES256 on {kind}: token row and audit record durable; load by {load.generator()}",
        comparing.HEAD,
        comparing.rows(found, beside=beside),
        notes=[*comparing.NOTES, *([f"(c) is left out: {why}"] if why else [])],
    )
    results = found[8]
    if why:
        return [Line("token, ES256, 8 connections", kind, f"{results[OURS].rate:.0f} req/s", wanted=f"(c): {why}")]
    ratio = comparing.ratio(results[OURS].rate, results[PEER].rate)
    cpu = comparing.ratio(results[PEER].cpu, results[OURS].cpu)
    figure = f"{results[OURS].rate:.0f} req/s"
    return [
        Line("token, ES256, 8 connections", kind, figure, f"{ratio} of (c)", f"{cpu} of (c)", bound=1.0, of="ratio")
    ]
