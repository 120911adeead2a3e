"""The OpenAPI document as it is made of what the views say: loaded where it is made, and in no process that serves."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from identities.api.schema import Described, Problems
from identities.api.serializers import Shape

PROBLEM_TYPE = "application/problem+json"
TOO_MANY = "429"
_PROBLEMS: Mapping[str, str] = {
    "400": "A member or parameter does not fit, is unknown, or cannot be written; `errors` names it.",
    "401": "No token, or one that does not hold.",
    "403": "The caller is known and may not do this.",
    "404": "There is no such thing, or it belongs to somebody else.",
    "405": "The route is there, the method is not.",
    "409": "The thing is in a state in which this cannot be done.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not JSON.",
    "429": "Too many failures; `Retry-After` says when to try again.",
    "503": "Something Steward depends on did not answer; nothing was changed.",
}
#: What each problem looks like where a route says nothing more of it: code and detail.
_EXAMPLES: Mapping[str, tuple[str, str]] = {
    "400": ("invalid", "colour: There is no such member."),
    "401": ("not_authenticated", "Authentication credentials were not provided."),
    "403": ("forbidden", "The role ANALYST may not do this"),
    "404": ("not_found", "There is no such thing."),
    "405": ("method_not_allowed", 'Method "PUT" not allowed.'),
    "409": ("conflict", "Something else stands in the way: it is in use, or the name is taken."),
    "413": ("body_too_large", "The body is larger than 1 MiB."),
    "415": ("unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
    "429": ("too_many_failures", "Too many failed sign-ins from here."),
    "503": ("unavailable", "The database did not answer; try again."),
}


class Problem(Shape):
    """Why something was not done (RFC 9457)."""

    type = serializers.CharField(help_text="A URN that names the kind of problem.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField(help_text="The HTTP status.")
    detail = serializers.CharField(help_text="What is wrong, for a person.")
    code = serializers.CharField(help_text="What is wrong, for a program; these words are stable.")
    errors = serializers.DictField(  # type: ignore[assignment]  # a member, not the serializer's own errors
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="On a 400: the member to blame and what is wrong with it. Nested members are joined by dots.",
    )


class PortalSchema(AutoSchema):
    """Adds the problem answers and the permission that lets a machine in; the rest a view said with `describe`."""

    def get_summary(self) -> str | None:
        return said.summary if (said := self._said()) else super().get_summary()

    def get_request_serializer(self) -> Any:
        return said.body if (said := self._said()) else super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        if (said := self._said()) is None:
            return super().get_response_serializers()
        if said.file:
            return {said.status: OpenApiResponse({"type": "object"}, description=said.file)}
        return {said.status: said.answer or OpenApiResponse(description="Done; there is no body.")}

    def get_override_parameters(self) -> list[Any]:
        if (said := self._said()) is None:
            return super().get_override_parameters()
        headers = [
            OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text)
            for name, text in said.headers.items()
        ]
        return [*([said.query] if said.query else []), *headers]

    def get_examples(self) -> list[OpenApiExample]:
        if (said := self._said()) is None:
            return super().get_examples()
        bodies = [OpenApiExample(name, value=value, request_only=True) for name, value in said.examples.items()]
        return bodies + [OpenApiExample(name, value=value, response_only=True) for name, value in said.answers.items()]

    def get_operation_id(self) -> str:
        name = type(self.view).__name__.removesuffix("View")
        verb = {"get": "read", "post": "post", "patch": "change", "put": "replace", "delete": "remove"}
        return f"{name[:1].lower()}{name[1:]}_{verb.get(self.method.lower(), self.method.lower())}"

    def get_serializer_name(self, serializer: Any, direction: Literal["request", "response"]) -> str:
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Shape")

    def _map_serializer_field(self, field: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        """Free-form JSON already takes null; said a second time, null fits two branches of a `oneOf` and so none."""
        if type(field) is serializers.JSONField and field.allow_null:
            return {"description": str(field.help_text)} if field.help_text else {}
        return super()._map_serializer_field(field, direction, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _map_serializer(self, serializer: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        schema = super()._map_serializer(serializer, direction, *args, **kwargs)  # type: ignore[no-untyped-call]
        if direction == "request" and schema.get("type") == "object":
            schema["additionalProperties"] = False
        return schema

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "") or getattr(self.view, "resource_kind", "") or "steward"]

    def get_auth(self) -> list[dict[str, Any]]:
        if self.method in getattr(self.view, "open_methods", ()):
            return [{}]
        machine = ["machine"] if self._machine_permission() else []
        return [{name: []} for name in ("person", "session", *machine, *getattr(self.view, "further_ways_in", ()))]

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        said = found.description if (found := self._said()) else super().get_description() or ""
        permission = self._machine_permission()
        return f"{said}\n\nA managed identity needs `{permission}`." if permission else str(said)

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for parameter in operation.get("parameters", []):
            if parameter["name"] == "ordering":
                words = sorted(getattr(self.view, "orderings", ()))
                parameter["schema"]["enum"] = [*words, *(f"-{word}" for word in words)]
        for row in getattr(self.view, "rows_instead", ()):
            # As an answer: a request of ours says that nothing else may be in it, and the rows of others may have more.
            content = operation["requestBody"]["content"]["application/json"]
            rows = {"type": "array", "items": self.resolve_serializer(row(), "response").ref}
            content["schema"] = {"oneOf": [content["schema"], rows]}
        responses = operation.setdefault("responses", {})
        for status in self._problem_statuses(operation):
            responses.setdefault(status, self._problem(status))
        return operation

    def _machine_permission(self) -> str | None:
        return getattr(self.view, "machine_permissions", {}).get(self.method)

    def _problem_statuses(self, operation: Mapping[str, Any]) -> Iterable[str]:
        is_open = self.method in getattr(self.view, "open_methods", ())
        yield from ["400", "405", "503"]
        yield from ["429", "401"] if is_open else ["401", "403"]
        if "{" in self.path:
            yield "404"
        if self.method != "GET":
            yield from ["409"]
            if "requestBody" in operation:
                yield from ["413", "415"]
        yield from (str(number) for number, _, _ in self._named_problems())

    def _named_problems(self) -> Problems:
        """What `describe` says that the method refuses in words of its own."""
        said = self._said()
        return said.problems if said else ()

    def _said(self) -> Described | None:
        """What `describe` says of this method."""
        return getattr(getattr(self.view, self.method.lower(), None), "described", None)

    def _problem(self, status: str) -> dict[str, Any]:
        component = self.resolve_serializer(Problem, "response")
        answer: dict[str, Any] = {
            "description": _PROBLEMS[status],
            "content": {PROBLEM_TYPE: {"schema": component.ref, "examples": self._problem_examples(status)}},
        }
        headers = {"401": ("WWW-Authenticate", "RFC 6750 §3"), TOO_MANY: ("Retry-After", "Seconds to wait")}
        if status in headers:
            name, said = headers[status]
            answer["headers"] = {name: {"schema": {"type": "string"}, "description": said}}
        return answer

    def _problem_examples(self, status: str) -> dict[str, Any]:
        said = [(code, detail) for number, code, detail in self._named_problems() if str(number) == status]
        found = said or [_EXAMPLES[status]]
        return {code: {"value": _problem_example(int(status), code, detail)} for code, detail in found}


def _problem_example(status: int, code: str, detail: str) -> dict[str, Any]:
    member, _, message = detail.partition(": ")
    errors = {"errors": {member: [message]}} if status == HTTPStatus.BAD_REQUEST else {}
    title = HTTPStatus(status).phrase
    return {
        "type": f"urn:steward:problem:{code}", "title": title, "status": status, "detail": detail, "code": code
    } | errors  # fmt: skip
