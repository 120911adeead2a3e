"""How we come back to a broker that was away: by attempts a few seconds apart, and with room for as much as before."""

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

    def get_transport_cls(self) -> Any:
        found = super().get_transport_cls()
        if found.__module__ != "kombu.transport.redis" or found.__name__ != "Transport":
            return found
        # Imported here: who works with another broker has no use for what it brings.
        from config.redis_broker import SteadyTransport

        return SteadyTransport


class SteadyAMQP(AMQP):
    """Celery's way to the broker, by such connections."""

    Connection = SteadyConnection
