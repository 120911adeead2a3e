"""Every operation of the OpenAPI document asked by every kind of caller: which answers does the document not name?

Schemathesis makes the requests, fitting and misfitting; ids in them are those of existing rows, so that more is met
than 404. What an example changes is undone behind it. Without luck: the same code is asked the same.
"""

import json
import random
import re
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import requests
import schemathesis
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response

#: What is held against the document. Whether bad input is refused and good input taken is asked by tests of our own.
NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
SHAPELESS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
BOTH = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
Authorise = Callable[[], Mapping[str, str]]


@dataclass
class Pool:
    """Ids of rows, by the collection they were listed in; and words that other members accept."""

    ids: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def for_path(self, path: str, name: str) -> list[str]:
        """The rows that `{name}` of this path stands for."""
        before = path.split("{" + name + "}", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1]
        known = {"user_id": "users", "line_id": "lines"}.get(name, before)
        return self.ids.get(known) or self.ids.get(before) or []

    def for_member(self, name: str) -> list[str]:
        """The rows that a member such as `identityId` speaks of."""
        word = re.sub(r"Ids?$", "", name)
        last = word[0].lower() + word[1:]
        for plural in (f"{last}s", f"{last[:-1]}ies", {"managedIdentity": "identities"}.get(last, "")):
            if self.ids.get(plural):
                return self.ids[plural]
        people = ("owner", "approver", "reviewer", "assignee", "successor", "deputy", "member", "to", "delegate")
        return self.ids["users"] if any(one in last.lower() for one in people) else []

    def gather(self, client: Client, document: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """From every list without a parameter in its path, and then from those below the first rows of each."""
        paths = [path for path, methods in document["paths"].items() if "get" in methods]
        for path in sorted(paths, key=lambda one: one.count("{")):
            for filled in self.filled(path)[:3]:
                answer = client.get(filled, {"pageSize": "50"}, headers=dict(headers))
                if answer.status_code == 400:
                    answer = client.get(filled, headers=dict(headers))
                if answer.status_code == 200 and answer["Content-Type"] == "application/json":
                    self.harvest(filled.rstrip("/").rsplit("/", 1)[-1], answer.json())

    def filled(self, path: str) -> list[str]:
        names = re.findall(r"{(\w+)}", path)
        if not names:
            return [path]
        if len(names) > 1:
            return []
        return [path.replace("{" + names[0] + "}", one) for one in self.for_path(path, names[0])]

    def harvest(self, collection: str, found: Any) -> None:
        rows = found.get("results", found) if isinstance(found, dict) else found
        for row in rows if isinstance(rows, list) else [rows]:
            if not isinstance(row, dict):
                continue
            if isinstance(row.get("id"), str) and row["id"] not in self.ids[collection]:
                self.ids[collection].append(row["id"])
            for name, inside in row.items():
                if isinstance(inside, list):
                    self.harvest(name, inside)


@dataclass
class Deviation:
    """An answer the document does not name, and the first request that met it."""

    operation: str
    caller: str
    what: str
    request: str
    times: int = 1

    def __str__(self) -> str:
        return f"{self.operation} as {self.caller} ({self.times} times): {self.what}\n    {self.request}"


class Asking:
    """The whole document, asked by one caller after another."""

    def __init__(self, document: dict[str, Any], pool: Pool) -> None:
        load_all_checks()
        self.document, self.pool = document, pool
        self.schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document)))
        self.checks = CHECKS.get_by_names(NAMES)
        self.client = Client(raise_request_exception=False)
        self.deviations: dict[tuple[str, str], Deviation] = {}
        self.statuses: dict[int, int] = defaultdict(int)
        self.raised = ""
        got_request_exception.connect(self._remember, weak=False, dispatch_uid="asking")

    def operations(self) -> Iterator[Any]:
        for result in self.schema.get_all_operations():
            yield result.ok()

    def ask(
        self,
        operation: Any,
        caller: str,
        authorise: Authorise,
        *,
        examples: int,
        modes: Sequence[GenerationMode] = BOTH,
    ) -> None:
        """`examples` fitting requests, and as many that do not fit."""
        headers = authorise()
        for mode in modes:
            try:
                strategy = operation.as_strategy(generation_mode=mode)
                self._each(operation, strategy, examples, lambda case: self._one(operation, case, caller, headers))
            except hypothesis.errors.Unsatisfiable:
                continue  # nothing can be wrong with a request that takes nothing

    def _each(self, operation: Any, strategy: Any, examples: int, step: Callable[[Any], None]) -> None:
        @hypothesis.settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=strategy)
        def run(case: Any) -> None:
            step(case)

        run()

    def _one(self, operation: Any, case: Any, caller: str, headers: Mapping[str, str]) -> None:
        dice = random.Random(f"{operation.label} {caller} {sum(self.statuses.values())}")
        self._put_ids(operation, case, dice)
        try:
            asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
        except (ValueError, UnicodeError):
            return  # no such request can be written
        answer = self._send(asked, headers)
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=self.checks)
        except (FailureGroup, Failure) as error:
            self._note(operation.label, caller, error, asked, answer)

    def _put_ids(self, operation: Any, case: Any, dice: random.Random) -> None:
        """Ids of existing rows, four times in five: what is asked is then the rest of the request."""
        for name in list(case.path_parameters or {}):
            known = self.pool.for_path(operation.path, name)
            if known and dice.random() < 0.9:
                case.path_parameters[name] = dice.choice(known)
        for place in (case.body, case.query):
            if isinstance(place, dict):
                for name in list(place):
                    known = self.pool.for_member(name) if name.endswith(("Id", "Ids")) else []
                    if known and dice.random() < 0.8:
                        place[name] = [dice.choice(known)] if name.endswith("Ids") else dice.choice(known)

    def _send(self, asked: requests.PreparedRequest, headers: Mapping[str, str]) -> Response:
        self.raised = ""
        given = {name: _text(value) for name, value in asked.headers.items() if name.lower() not in ("host", "cookie")}
        kind = given.pop("Content-Type", "application/json")
        parts = urlsplit(str(asked.url))
        body = asked.body if isinstance(asked.body, bytes) else (asked.body or "").encode("utf-8", "surrogatepass")
        self.client.cookies.clear()
        with transaction.atomic():
            came = self.client.generic(
                str(asked.method),
                f"{parts.path}?{parts.query}" if parts.query else parts.path,
                data=body,
                content_type=kind,
                headers={**given, **headers},
            )
            transaction.set_rollback(True)
        came_headers = {name.lower(): [value] for name, value in came.items()}
        return Response(came.status_code, came_headers, came.getvalue(), asked, 0.0, verify=False, encoding="utf-8")

    def _remember(self, **signal: Any) -> None:
        self.raised = "".join(traceback.format_exc()[-1500:])

    def _note(
        self, operation: str, caller: str, error: BaseException, asked: requests.PreparedRequest, answer: Response
    ) -> None:
        failures = getattr(error, "exceptions", None) or [error]
        for failure in failures:
            title = f"{answer.status_code}: {str(failure)[:600]}"
            key = (operation, f"{answer.status_code} {SHAPELESS.sub('#', str(failure)[:60])}")
            if key in self.deviations:
                self.deviations[key].times += 1
                continue
            sent = f"{asked.method} {asked.url} {_text(asked.body or '')[:400]}"
            sent += f" -> {_text(answer.content)[:300]} {self.raised}"
            self.deviations[key] = Deviation(operation, caller, title, sent)
            print(self.deviations[key], flush=True)  # noqa: T201 - a deep run that is ended early has told what it met


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
