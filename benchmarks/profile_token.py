"""`python -m benchmarks.profile_token`: where each tenth of a millisecond of a token request goes.

One warm process asks its own WSGI application again and again, without a network; a second one follows for the view
that only signs. What stands under a name is processor time of this thread inside those functions and outside of the
others named here; PostgreSQL's is that of the session that serves us, by /proc.
"""

import argparse
import base64
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import in_process, servers, tables
from benchmarks.stopwatch import BATCH, Clock, quietest

#: What is looked at, from the outside in: a line of the table, and the functions it is made of.
PIECES: dict[str, tuple[str, ...]] = {
    "Django's request, response, signals; middleware": ("config.wsgi:application",),
    "form and credentials": ("identities.oauth.forms:read_form", "identities.oauth.forms:read_credentials"),
    "oauthlib's request and grant": ("identities.oauth.server:PassportServer.grant",),
    "proof: keyed digest, comparison": ("identities.credentials.authentication:authenticate",),
    "the read: secret, identity, roles": ("identities.statements.prepared:Prepared.rows",),
    "marks of use": ("identities.credentials.usage:note",),
    "a remembered client": ("identities.tokens.remembered:mint",),
    "claims": ("identities.tokens.minting:mint", "identities.tokens.minting:draw"),
    "signature": ("identities.jose.sign:sign",),
    "audit record: cleaning, canonical form, tag": (
        "identities.tokens.minting:_event",
        "audit.services:Repeated.values",
    ),
    "statement: token row and audit record": (
        "identities.statements.prepared:insert_together",
        "identities.statements.witnessed:Witnessed.insert",
    ),
}
FORM = "application/x-www-form-urlencoded"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile_token", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, help="at most 20,000")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    chosen = parser.parse_args()
    if chosen.database == "postgres" and not servers.has_postgres():
        print(f"Nothing answers at {servers.POSTGRES}: SQLite instead.")
        chosen.database = "sqlite"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steward-profile-")))
        database = stack.enter_context(servers.scratch_database(chosen.database, folder, "profile"))
        env = servers.environment(database, folder, 8000)
        bot = json.loads(servers.run("benchmarks.seed", env=env))
        inner = [sys.executable, "-c", "from benchmarks import profile_token; profile_token.inside()"]
        given = env | {"PROFILE": json.dumps({**bot, "requests": min(max(chosen.requests, BATCH), 20_000)})}
        done = subprocess.run(inner, cwd=servers.ROOT, env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    _show(json.loads(done.stdout.splitlines()[-1]), chosen.database)


def _show(found: dict[str, float], kind: str) -> None:
    rows = [(name, f"{milliseconds:.3f}") for name, milliseconds in found.items()]
    tables.show(f"A token request on {kind}, processor time", ("for", "ms"), rows)


def inside() -> None:
    """In the process that is looked at: warm up, measure the whole, then its pieces, then PostgreSQL's part."""
    told = json.loads(os.environ["PROFILE"])
    number = int(told["requests"])
    application = importlib.import_module("config.wsgi").application
    ask = _asking(application, told["client_id"], told["secret"])
    for _ in range(300):
        ask()
    whole, database = quietest(ask, number)
    clock = Clock()
    timed = clock.around(next(iter(PIECES)), application)
    for name, functions in list(PIECES.items())[1:]:
        for function in functions:
            clock.put_around(name, function)
    looked_at = _asking(timed, told["client_id"], told["secret"])
    looked_at()
    spent = clock.quietest(looked_at, number)
    found = {name: spent[name] for name in PIECES if name in spent}
    found |= {"Python together, not looked at": whole, "PostgreSQL's session": database}
    sys.stdout.write(json.dumps(found) + "\n")


def _asking(application: Callable[..., Any], client_id: str, secret: str) -> Callable[[], None]:
    claim = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    body = b"grant_type=client_credentials&scope=roles"
    headers = {"HTTP_AUTHORIZATION": f"Basic {claim}", "CONTENT_TYPE": FORM}
    around = in_process.surroundings("POST", "/passport/token", body, **headers)

    def ask() -> None:
        in_process.answered(application, around, body)

    return ask


if __name__ == "__main__":
    main()
