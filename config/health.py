"""Is this process alive, and may traffic come to it? Two answers for load balancers, without a secret or a name."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from audit import clock, eras, keys, sealing
from audit.models import SealHead
from config.celery import app
from scheduling.services import bell

log = structlog.get_logger(__name__)

#: The clock ticks every second; ten without a tick and due schedules are waiting for nobody.
LEDGER_IS_STALE = timedelta(seconds=10)
#: A host this far from the database's time writes tokens that nobody takes, or for too long: no traffic comes to it.
CLOCK_IS_WRONG = timedelta(seconds=5)
BROKER_TIMEOUT = 2


class NotReady(Exception):
    """A part does not do its work; the text says which fact shows it and goes to whoever asks."""


@csrf_exempt
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; it asks nothing of anything else."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, broker, ledger and clock do their work, else 503; `checks` says `ok` or the fault of each."""
    checks: dict[str, str] = {}
    for name, check in PARTS.items():
        # A database that is away may keep whoever asks waiting for seconds: it is asked once.
        is_in_vain = name in ASK_THE_DATABASE and checks["database"] != "ok"
        checks[name] = "not asked" if is_in_vain else _verdict(name, check)
    is_ready = all(verdict == "ok" for verdict in checks.values())
    body = {"status": "ok" if is_ready else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)


def database_answers() -> None:
    """The database takes a query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def broker_answers() -> None:
    """The broker takes a connection within two seconds; `memory://` is this process itself."""
    if settings.CELERY_BROKER_URL.startswith("memory"):
        return
    with app.connection_for_write(connect_timeout=BROKER_TIMEOUT) as broker:
        broker.ensure_connection(max_retries=0, timeout=BROKER_TIMEOUT)


def clock_is_right() -> None:
    """This host's time is the database's, give or take five seconds."""
    error = clock.error()
    if abs(error) > CLOCK_IS_WRONG:
        raise NotReady(
            f"{abs(error).total_seconds():.0f} s {'ahead of' if error > timedelta() else 'behind'} the database"
        )


def ledger_is_fresh() -> None:
    """Some worker has ticked within the last ten seconds."""
    last = bell.last_beat("tick")
    if last is None:
        raise NotReady("no tick yet")
    age = clock.now() - last
    if age > LEDGER_IS_STALE:
        raise NotReady(f"last tick {age.total_seconds():.0f} s ago")


def audit_is_sealed() -> None:
    """No record waits since long for a sealer that has another key than ours: see replace_encryption_key."""
    if keys.key_id() != eras.key_of(SealHead.present()) and sealing.is_stuck(clock.now()):
        raise NotReady("records wait to be sealed, and the audit stands under another key")


PARTS: Mapping[str, Callable[[], None]] = {
    "database": database_answers,
    "broker": broker_answers,
    "ledger": ledger_is_fresh,
    "clock": clock_is_right,
    "audit": audit_is_sealed,
}
ASK_THE_DATABASE = frozenset({"ledger", "clock", "audit"})


def _verdict(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as fault:
        return str(fault)
    except DatabaseError:
        log.exception("readiness.failed", part=name)
        return "database error"
    except Exception:
        # A client library's message may hold the address with its password: it goes to the log's reader only.
        log.warning("readiness.failed", part=name, exc_info=settings.DEBUG)
        return "no answer"
    return "ok"
