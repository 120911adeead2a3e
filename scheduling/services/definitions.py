"""Is this a workflow that can run? Everything that can be known to be wrong is said before it is kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from identities.errors import Invalid
from identities.policies import services as policies
from scheduling import graph, templating
from scheduling.nodes import addresses, params
from scheduling.nodes.base import Node
from scheduling.nodes.failures import BadUrl
from scheduling.services import acting, input_schemas

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LONGEST_NAME = 200
MOST_HOSTS = 50
Errors = dict[str, list[str]]


def check_key(key: str) -> None:
    """Invalid unless `key` can be a workflow's id and stand in a path."""
    if not KEY.fullmatch(key):
        raise Invalid({"id": ["must be letters, digits, dots, dashes and underscores, at most 100"]})


def check(
    *,
    tenant_id: UUID,
    name: str,
    nodes: Any,
    allowed_hosts: Any,
    input_schema: Any,
    resource_policy: str,
) -> list[dict[str, Any]]:
    """The nodes as they are kept, or Invalid with every problem under its member (`name`, `nodes`, …)."""
    errors: Errors = {
        "name": name_problems(name),
        "allowed_hosts": _host_problems(allowed_hosts),
        "input_schema": input_schemas.schema_problems(input_schema),
        "resource_policy": policies.validate(resource_policy) if resource_policy else [],
    }
    errors["nodes"] = graph.problems(nodes) or acting.secret_problems(nodes)
    if not errors["nodes"]:
        schema = None if errors["input_schema"] else input_schema
        errors["nodes"] = list(_node_problems(graph.order(nodes), schema, tenant_id))
    found = {member: messages for member, messages in errors.items() if messages}
    if found:
        raise Invalid(found)
    return [dict(node) for node in nodes]


def name_problems(name: str, longest: int = LONGEST_NAME) -> list[str]:
    """A name is one line of text that people can read."""
    if not name.strip() or len(name) > longest or not name.isprintable():
        return [f"must be 1 to {longest} printable characters"]
    return []


def _host_problems(hosts: Any) -> list[str]:
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        return ['must be a list of "host" or "host:port"']
    if len(hosts) > MOST_HOSTS:
        return [f"at most {MOST_HOSTS} hosts"]
    found = []
    for host in hosts:
        try:
            addresses.parse_allowed(host)
        except BadUrl as error:
            found.append(str(error))
    return found


def _node_problems(
    ordered: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None, tenant_id: UUID
) -> Iterator[str]:
    earlier: list[str] = []
    for node in ordered:
        for text in [*_param_problems(node, earlier, schema), *_bearer_problems(node, tenant_id)]:
            yield f"{node['id']}: {text}"
        earlier.append(node["id"])


def _param_problems(node: Mapping[str, Any], earlier: Sequence[str], schema: Mapping[str, Any] | None) -> list[str]:
    kind = Node.kinds.get(node["kind"])
    if kind is None:
        return [f"kind {node['kind'][:50]!r} is not known; there are {', '.join(sorted(Node.kinds))}"]
    given = node.get("params") or {}
    if found := templating.node_problems(given):
        return found
    found = params.problems(kind.Params, given, with_templates=True)
    found += templating.unknown_names(
        given, earlier=earlier, may_be_input=lambda path: input_schemas.may_be_input(schema, path)
    )
    return found or kind.problems(given)


def _bearer_problems(node: Mapping[str, Any], tenant_id: UUID) -> list[str]:
    """A node's own identity and secret are checked as a schedule's are."""
    if node.get("managedIdentityId") is None:
        return []
    try:
        acting.check(node["managedIdentityId"], node.get("secretReference"), tenant_id=tenant_id)
    except Invalid as invalid:
        found = [f"{_as_written(member)}: {' '.join(messages)}" for member, messages in invalid.errors.items()]
        return found or [invalid.message]
    return []


def _as_written(member: str) -> str:
    """A node is kept as it was written: its members are named so too."""
    return member.replace(acting.IDENTITY, "managedIdentityId").replace(acting.REFERENCE, "secretReference")
