"""Run in a process of its own: fills a register and measures its pages in process, ours and stock Django admin's.

Prints one JSON line: for each page its median milliseconds, by the clock and of processor time (Python's and that of
its session on PostgreSQL), its queries and the slowest of them. `BENCH_ROWS` says how many rows. Ours and stock take
turns, so that what drifts on the machine falls on both.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.register_settings"
RUNS = 7
#: An answer that takes longer than this is measured once more only.
SLOW_SECONDS = 3.0
OURS, STOCK = "/admin/identities/managedidentity/", "/stock/identities/managedidentity/"
#: The stock page as it comes has 100 rows; this one as many as ours. A search is asked of the first only.
STOCK_50 = "/stock50/identities/managedidentity/"
PAGES = (
    ("list", "", ""),
    ("filter triage=red", "?triage=red", "?triage__exact=red"),
    ("filter environment", "?environment=staging", "?environment__exact=staging"),
    ("filter state=disabled", "?state=disabled", "?state__exact=disabled"),
    ("search, some hits", "?q=svc-payroll-99", "?q=svc-payroll-99"),
    ("search, one hit", "?q=mi_bench00000000004711", "?q=mi_bench00000000004711"),
    ("search, a common word", "?q=payroll", "?q=payroll"),
    ("search, two words", "?q=payroll+SEC-4711", "?q=payroll+SEC-4711"),
    ("search, no hit", "?q=zzzzzz", "?q=zzzzzz"),
    ("search, two letters", "?q=sv", "?q=sv"),
    ("deep page", "?p={deep}", "?p={deep}"),
)


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django.test import Client

    rows = int(os.environ.get("BENCH_ROWS", "100000"))
    call_command("migrate", verbosity=0)
    seconds, client, bearer = _estate(rows)
    results: dict[str, dict[str, Any]] = {}
    for name, ours, stock in PAGES:
        # 200 is the last page of ours; a small register has fewer.
        deep = str(min(200, rows // 125))
        pair = {
            "ours": _page(client, OURS + ours.replace("{deep}", deep)),
            "stock": _page(client, STOCK + stock.replace("{deep}", deep)),
        }
        if "q=" not in stock:
            pair["stock50"] = _page(client, STOCK_50 + stock.replace("{deep}", deep))
        results[name] = _measured(pair)
    results |= _api(Client(), bearer)
    sys.stdout.write(json.dumps({"rows": rows, "seconds": seconds, "pages": results}) + "\n")


def _estate(rows: int) -> tuple[float, Any, str]:
    from django.conf import settings
    from django.test import Client

    from audit.actors import Actor
    from benchmarks import register_seed
    from identities.access.models import Role, RoleBinding
    from identities.credentials import services as credentials
    from identities.inventory.models import ManagedIdentity
    from identities.people.models import PortalRole, Tenant, User
    from identities.tokens import services as tokens

    started = time.monotonic()
    tenant = Tenant.objects.create(name="Bench", slug="bench")
    register_seed.make(rows, tenant=tenant)
    seconds = time.monotonic() - started
    tokens.ensure_signing_key()
    # Both admins in one session: a person of the tenant for ours, and a superuser's rights for the stock one.
    user = User.objects.create(email="bench@example.test", tenant=tenant, role=PortalRole.ADMIN)
    User.is_staff = User.is_superuser = True  # type: ignore[assignment]
    User.has_perm = User.has_module_perms = lambda *_, **__: True  # type: ignore[method-assign, assignment]
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    from django.utils import timezone

    bot = ManagedIdentity.objects.first()
    assert bot is not None
    role = Role.objects.create(tenant=tenant, name="reader", permissions=["identity.read"])
    until = timezone.now() + timezone.timedelta(days=1)  # type: ignore[attr-defined]
    ManagedIdentity.objects.filter(pk=bot.pk).update(state="active", issuance="portal")
    RoleBinding.objects.create(identity=bot, role=role, valid_from=timezone.now(), valid_until=until, reason="bench")
    issued = credentials.issue(bot, actor=Actor.system("benchmarks"))
    form = {"grant_type": "client_credentials", "client_id": bot.client_id, "client_secret": issued.text}
    answer = Client().post("/passport/token", urlencode(form), content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200, answer.content
    return seconds, client, str(answer.json()["access_token"])


def _page(client: Any, address: str) -> Callable[[], int]:
    def ask() -> int:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code, answer.headers.get("Location"))
        return len(answer.content)

    return ask


def _api(client: Any, bearer: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {bearer}"}

    def get(address: str) -> Any:
        answer = client.get(address, headers=headers)
        assert answer.status_code == 200, (address, answer.content[:300])
        return answer.json()

    deep = "/api/identities?pageSize=200"
    for _ in range(40):
        deep = get(deep)["next"] or deep
    asks = {
        "API first page": "/api/identities?pageSize=50",
        "API page after 8,000 rows": deep.replace("pageSize=200", "pageSize=50"),
        "API search": "/api/identities?pageSize=50&q=svc-payroll-99",
    }
    return {name: _measured({"ours": lambda address=address: get(address)}) for name, address in asks.items()}  # type: ignore[misc]


def _measured(asks: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in asks}
    found: dict[str, Any] = {}
    for name, ask in asks.items():
        ask()
        with CaptureQueriesContext(connection) as queries:
            ask()
        slowest = max(queries.captured_queries, key=lambda query: float(query["time"]))
        found[name] = {
            "queries": len(queries),
            "slowest": slowest["sql"][:200],
            "slowest_ms": float(slowest["time"]) * 1000,
        }
    for turn in range(RUNS):
        for name, ask in asks.items():
            if turn > 1 and taken[name] and taken[name][0][0] > SLOW_SECONDS * 1000:
                continue
            started, used = time.perf_counter(), _used()
            ask()
            taken[name].append(((time.perf_counter() - started) * 1000, (_used() - used) * 1000))
    for name, times in taken.items():
        found[name]["ms"] = statistics.median(clock for clock, _ in times)
        # The sessions' time is counted in hundredths of a second: a mean tells more of it than a median.
        found[name]["cpu"] = statistics.mean(cpu for _, cpu in times)
    return found


def _used() -> float:
    """Processor seconds of this process and of its session on PostgreSQL."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return time.process_time()
    session = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    fields = session.read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
