"""`python -m benchmarks [token] [api] [lag]`: run what is named, or everything, and print tables with ratios."""

import argparse

from benchmarks import comparing, own_api, servers, start_lag, token_endpoint
from benchmarks.comparing import Plan

PARTS = ("token", "api", "lag")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], help="default: all of them")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a round, at most 30")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each server, at most 9")
    parser.add_argument("--connections", type=int, nargs="+", default=list(comparing.CONNECTIONS))
    parser.add_argument("--database", choices=("postgres", "sqlite"), nargs="+", default=["postgres", "sqlite"])
    chosen = parser.parse_args()
    plan = Plan(
        min(chosen.seconds, 30.0), min(chosen.rounds, 9), tuple(min(number, 256) for number in chosen.connections)
    )
    kinds = [kind for kind in chosen.database if kind == "sqlite" or servers.has_postgres()]
    if "postgres" in chosen.database and "postgres" not in kinds:
        print(f"PostgreSQL is left out: nothing answers at {servers.POSTGRES}.")
    parts = chosen.parts or PARTS
    for kind in kinds:
        if "token" in parts:
            token_endpoint.measure(kind, plan)
        if "api" in parts:
            own_api.measure(kind, plan)
        if "lag" in parts:
            start_lag.measure(kind)


if __name__ == "__main__":
    main()
