"""Shapes: camelCase outside, snake_case inside, nothing unknown."""

import pytest
from rest_framework import serializers

from identities.api.serializers import Shape
from identities.credentials.secret_format import generate
from identities.inventory.models import ManagedIdentity
from identities.names import camel
from tests.factories import register


class InnerShape(Shape):
    wait_seconds = serializers.IntegerField()


class OuterShape(Shape):
    valid_until = serializers.CharField()
    retry_policy = InnerShape(required=False)
    free_form = serializers.JSONField(required=False)
    created_at = serializers.CharField(read_only=True)
    is_long = serializers.SerializerMethodField()

    def validate_valid_until(self, value):
        if value == "never":
            raise serializers.ValidationError("Nothing is granted for ever.")
        return value

    def get_is_long(self, thing):
        return thing["valid_until"] == "2099"


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("valid_until", "validUntil"),
        ("name", "name"),
        ("validUntil", "validUntil"),
        ("retry_policy.wait_seconds", "retryPolicy.waitSeconds"),
        ("nodes.0.after", "nodes.0.after"),
        ("_private", "_private"),
    ],
)
def test_names_change_at_the_edge(inside, outside):
    assert camel(inside) == outside


def test_a_body_comes_in_as_snake_case_and_free_form_members_untouched():
    free = {"someKey": {"a_b": 1}}
    body = OuterShape(data={"validUntil": "2099", "retryPolicy": {"waitSeconds": 5}, "freeForm": free})
    assert body.is_valid(), body.errors
    assert body.validated_data == {
        "valid_until": "2099",
        "retry_policy": {"wait_seconds": 5},
        "free_form": free,
    }


def test_a_row_goes_out_as_camel_case():
    shown = OuterShape({"valid_until": "2099", "created_at": "now", "retry_policy": {"wait_seconds": 5}}).data
    assert shown["isLong"] is True
    assert (shown["validUntil"], shown["createdAt"], shown["retryPolicy"]) == ("2099", "now", {"waitSeconds": 5})


@pytest.mark.parametrize(
    ("more", "member"),
    [({"validuntil": "x"}, "validuntil"), ({"valid_until": "x"}, "valid_until"), ({"createdAt": "x"}, "createdAt")],
)
def test_what_is_unknown_or_cannot_be_written_is_named(more, member):
    body = OuterShape(data={"validUntil": "2099", **more})
    assert not body.is_valid()
    assert body.errors.keys() == {member}


def test_an_unknown_member_further_in_is_named_too():
    body = OuterShape(data={"validUntil": "2099", "retryPolicy": {"waitSeconds": 1, "x": 1}})
    assert not body.is_valid()
    assert body.errors["retryPolicy"].keys() == {"x"}


def test_a_check_of_one_member_is_found_by_its_inner_name():
    body = OuterShape(data={"validUntil": "never"})
    assert not body.is_valid()
    assert body.errors == {"validUntil": ["Nothing is granted for ever."]}


@pytest.mark.django_db
def test_a_client_secret_in_any_member_is_refused_and_kept_nowhere():
    admin = register.person(register.tenant())
    secret = generate("production")
    body = {"name": "bot", "environment": "production", "purpose": f"It uses {secret}"}
    answer = register.client_of(admin).post("/api/identities", body, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["purpose"]
    assert secret not in answer.content.decode()
    assert not ManagedIdentity.objects.exists()


class ChosenShape(Shape):
    kind = serializers.ChoiceField(["client_secret", "public_key"])
    needs = serializers.ListField(child=serializers.ChoiceField(["owner", "security"]), required=False)
    number = serializers.ChoiceField([str(number) for number in range(100)], required=False)


def test_a_choice_that_is_none_is_answered_with_those_that_there_are():
    shape = ChosenShape(data={"kind": "secret", "needs": ["owner", "{nobody}"], "number": "100"})
    assert not shape.is_valid()
    assert shape.errors["kind"] == ['"secret" is not a valid choice; the choices are client_secret, public_key.']
    assert shape.errors["needs"][1] == ['"{nobody}" is not a valid choice; the choices are owner, security.']
    assert shape.errors["number"] == ['"100" is not a valid choice.'], "a hundred are too many to read"
