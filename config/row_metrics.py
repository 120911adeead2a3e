"""What is counted in the database instead of in a process: the same from every worker, and after every restart."""

from collections.abc import Iterator

import structlog
from django.db import DatabaseError, InterfaceError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from config.duty_metrics import Duties
from identities.service_users import health
from scheduling.builtin import agent_health

FAILURES, FAILURES_MEANS = "agent_refresh_failures", "Failed refreshes of service users, each counted once when found."
LOOKED = "agent_health_check_looked_timestamp_seconds"
LOOKED_MEANS = "When the agent health check last finished, in the tenant where that is longest ago."

log = structlog.get_logger(__name__)


class AgentFailures(Collector):
    """`agent_refresh_failures_total{reason}` (S2-27, S2-28), every reason from the start, and when was last looked.

    Two queries. No label says whose failure it was.
    """

    def collect(self) -> Iterator[Metric]:
        counter = CounterMetricFamily(FAILURES, FAILURES_MEANS, labels=["reason"])
        for reason, number in sorted(health.counts().items()):
            counter.add_metric([reason], number)
        yield counter
        looked = agent_health.oldest_look()
        if looked is not None:
            yield GaugeMetricFamily(LOOKED, LOOKED_MEANS, value=looked.timestamp())


def page() -> bytes:
    """Their part of the page; nothing while the database does not answer, since 0 would read as a fresh start."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(AgentFailures())
    registry.register(Duties())
    try:
        return generate_latest(registry)
    except (DatabaseError, InterfaceError) as error:
        log.warning("metrics.rows_unread", error=type(error).__name__)
        return b""
