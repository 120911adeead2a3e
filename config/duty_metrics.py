"""Whether the clock ticks, runs wait and the audit is sealed: said by the rows, the same by every process."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit import selectors as audit
from scheduling.models import RunState, ScheduleRun
from scheduling.services import bell

ROUNDS = ("tick", "sweep")


class Duties(Collector):
    """Seven small queries, each by an index and none of them growing with the tables. No label names anybody."""

    def collect(self) -> Iterator[Metric]:
        rounds = GaugeMetricFamily(
            "steward_round_timestamp_seconds", "When the clock last did a round.", labels=["round"]
        )
        for name in ROUNDS:
            seen = bell.last_beat(name)
            if seen is not None:
                rounds.add_metric([name], seen.timestamp())
        yield rounds
        yield GaugeMetricFamily(
            "steward_oldest_due_run_seconds", "How long the run that has waited longest is due.", value=_oldest_due()
        )
        state = audit.verification_state()
        yield GaugeMetricFamily("steward_audit_unsealed", "Records that are not sealed yet.", value=state.unsealed)
        if state.checkpoint_at is not None:
            yield _moment(
                "steward_audit_checkpoint", "When the last checkpoint was signed.", state.checkpoint_at.timestamp()
            )
        if state.is_intact is not None and state.verified_at is not None:
            yield _moment("steward_audit_verified", "When the chain was last walked.", state.verified_at.timestamp())
            yield GaugeMetricFamily(
                "steward_audit_intact", "Whether that walk found the chain intact.", value=float(state.is_intact)
            )


def _oldest_due() -> float:
    at = timezone.now()
    ready = ScheduleRun.objects.filter(state=RunState.DUE, available_at__lte=at).order_by("available_at")
    since = ready.values_list("available_at", flat=True).first()
    return max(0.0, (at - since).total_seconds()) if since else 0.0


def _moment(name: str, means: str, seconds: float) -> Metric:
    return GaugeMetricFamily(f"{name}_timestamp_seconds", means, value=seconds)
