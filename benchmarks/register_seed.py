"""Rows for the register of a benchmark: plausible, of every colour and kind, the same in every run."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from identities.inventory import search_index
from identities.inventory.models import ManagedIdentity
from identities.inventory.search_triggers import INDEX, REGISTER
from identities.inventory.vocabulary import AuthMethod, Kind, RiskTier, UseState
from identities.people.models import PortalRole, Team, Tenant, User

BATCH = 5_000
#: As many are drawn; the others are copies of them that the database makes, since drawing a million takes an hour.
DRAWN = 20_000
WORK = ("payroll", "billing", "etl", "deploy", "crm-sync", "ledger", "mail", "audit")
REASONS = [
    {"code": "no_owner", "colour": "red", "reason": "Nobody answers for it: it has no owner and no team."},
    {"code": "no_ticket_or_repository", "colour": "amber", "reason": "Neither a ticket nor a repository is named."},
    {"code": "scope_unknown", "colour": "amber", "reason": "Nothing bounds its scope."},
]


def make(rows: int, *, tenant: Tenant) -> None:
    """`rows` identities of `tenant`, which gets people and teams too; then the database counts what it has."""
    people = [User(email=f"o{number}@example.test", tenant=tenant, role=PortalRole.ADMIN) for number in range(150)]
    people = User.objects.bulk_create(people)
    teams = Team.objects.bulk_create([Team(tenant=tenant, name=f"Team {number}") for number in range(40)])
    # The search is put in place when the rows are there: sooner than row by row.
    search_index.remove()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {INDEX}")
    for batch in _batches(min(rows, DRAWN), tenant, people, teams):
        ManagedIdentity.objects.bulk_create(batch)
    for part in range(1, -(-rows // DRAWN)):
        _copy(part * DRAWN, rows)
    search_index.install()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _copy(start: int, rows: int) -> None:
    """What was drawn once more, from the number `start` on, each row with its own name and key."""
    columns = [str(field.column) for field in ManagedIdentity._meta.concrete_fields]
    is_sqlite = connection.vendor == "sqlite"
    drawn = "cast(substr(client_id, 9) as integer)"
    number = f"({drawn} + {start})"
    padded = f"printf('%014d', {number})" if is_sqlite else f"lpad({number}::text, 14, '0')"
    own = {
        "id": "lower(hex(randomblob(16)))" if is_sqlite else "gen_random_uuid()",
        "client_id": f"'mi_bench' || {padded}",
        "name": f"rtrim(name, '0123456789') || {number}",
        "description": f"'Identity ' || {number} || ' used by a job.'",
    }
    taken = ", ".join(own.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {REGISTER} ({', '.join(columns)}) SELECT {taken} FROM {REGISTER} "
            f"WHERE {drawn} < {DRAWN} AND {number} < {rows}"
        )


def _batches(rows: int, tenant: Tenant, people: list[User], teams: list[Team]) -> Iterator[list[ManagedIdentity]]:
    rnd, now = random.Random(7), timezone.now()
    for start in range(0, rows, BATCH):
        yield [_row(number, rnd, now, tenant, people, teams) for number in range(start, min(start + BATCH, rows))]


def _row(  # noqa: PLR0917 - a row of noise
    number: int, rnd: random.Random, now: datetime, tenant: Tenant, people: list[User], teams: list[Team]
) -> ManagedIdentity:
    owner, colour = rnd.choice([*people, None]), rnd.choice(["red", "amber", "amber", "green"])
    return ManagedIdentity(
        tenant=tenant,
        client_id=f"mi_bench{number:014d}",
        name=f"svc-{rnd.choice(WORK)}-{number}",
        kind=rnd.choice(Kind.values),
        environment=rnd.choice(["production", "staging", "development", ""]),
        state=rnd.choice(["active"] * 8 + ["disabled", "retired"]),
        purpose=f"Moves the {rnd.choice(WORK)} records of unit {number % 90} every night.",
        description=f"Identity {number} used by the {rnd.choice(WORK)} job.",
        application=f"app{number % 700}",
        ticket=f"SEC-{number % 20_000}",
        technical_owner=owner,
        technical_owner_label=owner.email if owner else "",
        owner_team=rnd.choice(teams),
        auth_method=rnd.choice(AuthMethod.values),
        risk_tier=rnd.choice(RiskTier.values),
        triage=colour,
        triage_reasons=[] if colour == "green" else REASONS[rnd.randint(0, 1) :],
        use_state=rnd.choice(UseState.values),
        is_orphaned=owner is None,
        completeness=rnd.randint(20, 100),
        last_used_at=now - timedelta(hours=number % 9000),
        last_rotated_at=now - timedelta(days=number % 400),
        rotate_by=now + timedelta(days=number % 200 - 40),
        review_by=(now + timedelta(days=number % 500 - 60)).date(),
        reported_by=[f"aws/{number % 30:012d}"],
        reassess_at=None,
        assessed_at=now,
        created_at=now - timedelta(minutes=number),
    )
