"""`python -m benchmarks [PART…]`: run the parts that are named, or all, and print tables with ratios."""

import argparse
import os
import time

from benchmarks import comparing, own_api, register, reviewing, rotating, servers, start_lag, tables, token_endpoint
from benchmarks.comparing import Plan
from benchmarks.tables import Line

PARTS = ("token", "lag", "api", "rotation", "register", "reviews")
MEASURED = {
    "token": token_endpoint.measure,
    "api": own_api.measure,
    "rotation": rotating.measure,
    "register": register.measure,
    "reviews": reviewing.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], help="default: all of them")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a round, at most 30")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each server, at most 9")
    parser.add_argument("--connections", type=int, nargs="+", default=list(comparing.CONNECTIONS))
    parser.add_argument("--database", choices=("postgres", "sqlite"), nargs="+", default=["postgres", "sqlite"])
    parser.add_argument("--minutes", type=float, default=6.0, help="no part is begun after this")
    chosen = parser.parse_args()
    plan = Plan(
        min(chosen.seconds, 30.0), min(chosen.rounds, 9), tuple(min(number, 256) for number in chosen.connections)
    )
    kinds = [kind for kind in chosen.database if kind == "sqlite" or servers.has_postgres()]
    if "postgres" in chosen.database and "postgres" not in kinds:
        print(f"PostgreSQL is left out: nothing answers at {servers.POSTGRES}.")
    until = time.monotonic() + chosen.minutes * 60
    lines: list[Line] = []
    for part, kind in [(part, kind) for part in chosen.parts or PARTS for kind in kinds]:
        if time.monotonic() > until:
            print(f"\nLeft out for want of time: {part} on {kind}.")
            continue
        lines += start_lag.measure(kind) if part == "lag" else MEASURED[part](kind, plan)
    load = " ".join(f"{figure:.1f}" for figure in os.getloadavg())
    tables.show(f"In one look ({os.cpu_count()} cores, load {load} at the end)", tables.HEAD, lines)


if __name__ == "__main__":
    main()
