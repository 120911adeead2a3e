"""One node of a run: its params resolved, its context put together, its answer turned into what the run does next."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import structlog

from audit import clock
from scheduling import templating
from scheduling.models import ScheduleRun
from scheduling.nodes import params as node_params
from scheduling.nodes.base import Answer, Failure, Later, Node, NodeContext, Success
from scheduling.nodes.failures import OutboundFailure
from scheduling.nodes.http_client import HttpClient
from scheduling.runner.badges import Badge
from scheduling.runner.endings import Pause, Stop
from scheduling.runner.stepping import OpenStep

log = structlog.get_logger(__name__)

FAILED = "node_failed"
TOO_LARGE = "node_payload_too_large"
#: What a node may hand on, in bytes of JSON: the run keeps it, and every step after it reads it.
MOST_PAYLOAD = 2 * 1024 * 1024


def perform(
    node: Mapping[str, Any],
    *,
    allowed_hosts: Iterable[str],
    badge: Badge,
    run: ScheduleRun,
    outputs: Mapping[str, Any],
    step: OpenStep,
) -> Any:
    """Execute the node as `badge` and return its payload; Stop when it failed, Pause when it said later.

    A payload of more than `MOST_PAYLOAD` is a failure for good, `node_payload_too_large`: it would be as large again.

    Whatever a node raises is a failure of that node: the type of the exception is kept, its text is not, since it may
    hold what was sent.
    """
    made = _node(node, run, outputs)
    context = _context(node["id"], badge, run, allowed_hosts=allowed_hosts, outputs=outputs, step=step)
    log.info(
        "%s triggered by %s (service account: %s)", node["id"], badge.actor.user_id, badge.actor.is_service_account
    )
    answer = _answer(made, context)
    if isinstance(answer, Later):
        raise Pause("The node asked to be called again later", answer.until)
    if isinstance(answer, Failure):
        raise Stop(FAILED, answer.reason, status=answer.status, may_retry=answer.retryable)
    return _plain(answer.payload)


def _node(node: Mapping[str, Any], run: ScheduleRun, outputs: Mapping[str, Any]) -> Node:
    kind = Node.kinds.get(node["kind"])
    if kind is None:
        raise Stop(FAILED, f"There is no node of kind {node['kind']!r} here")
    try:
        resolved = templating.resolve_params(node.get("params") or {}, given=run.input_data, steps=outputs)
        return kind(node_params.build(kind.Params, resolved))
    except (templating.BadTemplate, node_params.BadParams) as error:
        raise Stop(FAILED, str(error)) from None


def _context(
    node_id: str,
    badge: Badge,
    run: ScheduleRun,
    *,
    allowed_hosts: Iterable[str],
    outputs: Mapping[str, Any],
    step: OpenStep,
) -> NodeContext:
    at = clock.now()
    return NodeContext(
        actor=badge.actor,
        tenant_id=run.tenant_id,
        run_id=run.id,
        node_id=node_id,
        at=at,
        step_started_at=step.row.started_at or at,
        scheduled_for=run.scheduled_for,
        input=run.input_data,
        steps=outputs,
        log=structlog.get_logger("scheduling.node").bind(node=node_id, identity=badge.identity.name),
        http=HttpClient(
            token=badge.token.reveal(),
            allowed_hosts=allowed_hosts,
            run_id=run.id,
            node_id=node_id,
            correlation_id=run.correlation_id,
        ),
    )


def _answer(node: Node, context: NodeContext) -> Answer:
    try:
        answer: object = node.execute(context)
    except OutboundFailure as error:
        return Failure(reason=str(error), retryable=error.retryable)
    except Exception as error:  # noqa: BLE001 - a node is a plug-in: whatever it raises is its failure
        _say(context.node_id, error)
        return Failure(reason=f"The node broke off ({type(error).__name__})", retryable=True)
    if not isinstance(answer, Success | Failure | Later):
        return Failure(reason="The node did not answer with Success, Failure or Later")
    return answer


def _say(node_id: str, error: BaseException) -> None:
    """Where it broke, for whoever mends it; the exception's text may hold a secret and is left out."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
    log.error("node.broke_off", node=node_id, error=type(error).__name__, place=place)


def _plain(payload: Any) -> Any:
    """JSON that every database takes: no NaN, no NUL; Stop when it is no JSON at all, or too much of it."""
    try:
        text = json.dumps(payload, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        _not_json()
    if len(text) > MOST_PAYLOAD:  # escapes are longer than the letters they stand for: count those before saying no
        _check_size(json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return json.loads(text.replace("\\u0000", "\\ufffd")) if "\\u0000" in text else payload


def _check_size(payload: bytes) -> None:
    if len(payload) > MOST_PAYLOAD:
        raise Stop(TOO_LARGE, f"The node's payload is larger than {MOST_PAYLOAD // 1024 // 1024} MiB as JSON")


def _not_json() -> NoReturn:
    raise Stop(FAILED, "The node's payload is not JSON") from None
