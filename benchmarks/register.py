"""The register at size: our list, filters, search and API beside stock Django admin over the same rows."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import servers, tables
from benchmarks.comparing import Plan
from benchmarks.tables import Line

ROWS = 100_000
HEAD = ("page", "ours ms", "cpu", "queries", "stock ms", "cpu", "queries", "ratio", "cpu ratio", "cpu ratio of 50 rows")


def measure(kind: str, plan: Plan) -> list[Line]:
    """One table for one kind of database, and its lines for the last one. `BENCH_ROWS` rows, by default 100,000."""
    rows = int(os.environ.get("BENCH_ROWS", ROWS))
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as name,
        servers.scratch_database(kind, Path(name), "register") as database,
    ):
        env = servers.environment(database, Path(name), servers.free_port(), BENCH_ROWS=str(rows))
        found = json.loads(servers.run("benchmarks.register_pages", env=env))
    pages = found["pages"]
    tables.show(
        f"Register of {rows:,} rows on {kind}, filled in {found['seconds']:.0f} s; medians, in process",
        HEAD,
        [_row(page, figures) for page, figures in pages.items()],
        notes=(
            "stock: django.contrib.admin with the same columns and searched members, 100 rows a page as it comes;",
            "ours: 50 rows a page, with reasons, verdicts and every filter; last column: beside stock with 50 rows;",
            f"ratio: stock / ours; cpu: Python's and the PostgreSQL session's; load {os.getloadavg()[0]:.1f}",
        ),
    )
    return [
        Line(
            f"register of {rows:,}: {page}",
            kind,
            f"{figures['ours']['ms']:.0f} ms",
            beside_stock=_ratio(figures, "cpu"),
        )
        for page, figures in pages.items()
    ]


def _row(page: str, figures: dict[str, Any]) -> tuple[str, ...]:
    return (
        page,
        *_figures(figures["ours"]),
        *_figures(figures.get("stock")),
        _ratio(figures, "ms"),
        _ratio(figures, "cpu"),
        _ratio(figures, "cpu", "stock50"),
    )


def _figures(one: dict[str, Any] | None) -> tuple[str, ...]:
    return (f"{one['ms']:.0f}", f"{one['cpu']:.0f}", str(one["queries"])) if one else ("-", "-", "-")


def _ratio(figures: dict[str, Any], of: str, beside: str = "stock") -> str:
    peer = figures.get(beside)
    return f"{peer[of] / figures['ours'][of]:.1f}" if peer else "-"
