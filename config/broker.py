"""How long we wait between two attempts at a broker that is away: seconds, however long it has been away."""

from typing import Any, Self

from celery.app.amqp import AMQP
from kombu import Connection

#: Celery's own waits grow to half a minute; then a broker that is back finds its workers gone for as long.
FIRST_WAIT, LONGEST_WAIT = 1.0, 5.0


class SteadyConnection(Connection):
    """Asks again at least every five seconds. `max_retries` is the caller's: without it, for ever."""

    def ensure_connection(self, *args: Any, **options: Any) -> Self:
        waits = {"interval_start": FIRST_WAIT, "interval_step": FIRST_WAIT, "interval_max": LONGEST_WAIT}
        super().ensure_connection(*args, **(waits | options))
        return self


class SteadyAMQP(AMQP):
    """Celery's way to the broker, by such connections."""

    Connection = SteadyConnection
