"""What the document makes of what a view said: the parts that `describe` only keeps."""

from typing import Any

import pytest
from rest_framework import serializers

from identities.api.leaks import LeaksView
from identities.api.schema import describe
from identities.api.serializers import Shape
from identities.api.views import PortalView

pytestmark = pytest.mark.django_db


class Comet(Shape):
    """A comet."""

    tail = serializers.CharField()


class CometView(PortalView):
    """Comets."""

    machine_permissions = {"GET": "comet.read"}

    @describe(
        "See a comet",
        answer=Comet,
        headers={"X-Tail": "How long."},
        answers={"A long one": {"tail": "long"}},
        problems=[(409, "gone", "It is gone.")],
    )
    def get(self, request: Any) -> None: ...

    @describe("Draw a comet", answer=None, file="The picture.")
    def post(self, request: Any) -> None: ...


def operation(view: type[PortalView], path: str, method: str) -> Any:
    from django.urls import path as route
    from drf_spectacular.generators import SchemaGenerator

    made = SchemaGenerator(patterns=[route(path, view.as_view())]).get_schema(request=None, public=True)
    return made["paths"][f"/{path}"][method]


def test_what_a_method_said_is_in_it_and_what_lets_a_machine_in():
    said = operation(CometView, "comets", "get")
    assert said["summary"] == "See a comet"
    assert said["description"] == "See a comet\n\nA managed identity needs `comet.read`."
    assert {"machine": []} in said["security"]
    assert [(one["name"], one["in"]) for one in said["parameters"]] == [("X-Tail", "header")]
    assert said["responses"]["409"]["content"]["application/problem+json"]["examples"].keys() == {"gone"}
    assert said["responses"]["200"]["content"]["application/json"]["examples"].keys() == {"ALongOne"}


def test_a_file_comes_back_without_a_shape():
    said = operation(CometView, "comets", "post")
    assert said["responses"]["200"]["description"] == "The picture."
    assert "A managed identity" not in said["description"]


def test_a_partner_may_send_rows_of_its_own_instead():
    said = operation(LeaksView, "leaks", "post")
    ours, rows = said["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert ours == {"$ref": "#/components/schemas/LeakTextRequest"}
    assert rows["type"] == "array"
    assert {"partner": []} in said["security"]
