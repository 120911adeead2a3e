"""Complaints of the schema name line and member, and never a value."""

import pytest
from jsonschema import Draft202012Validator

from identities.errors import Invalid
from identities.inventory.facts import WRITABLE
from identities.names import camel, snake
from identities.provisioning.reading import Misfit, read, schema

TOP = "version: 1\nidentities:\n  - name: a\n    "


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version: 2\n", "Line 1: version: must be 1"),
        ("roles: []\n", "Line 1: the document: version must be given"),
        ("version: 1\nrobots: []\n", "unknown member robots"),
        (TOP + "clientSecret: CANARY-1\n", "Line 3: identities.0: unknown member clientSecret"),
        (TOP + "environment: CANARY-1\n", "Line 4: identities.0.environment: not one of production, staging"),
        (TOP + "rotationIntervalDays: CANARY-1\n", "Line 4: identities.0.rotationIntervalDays: must be of type"),
        (TOP + "rotationIntervalDays: 0\n", "does not fit (minimum 1)"),
        ("version: 1\nbindings: [{identity: a}]\n", "role, validUntil, reason must be given"),
        ("version: 1\nroles: [{name: a, permissions: [root]}]\n", "Line 2: roles.0.permissions.0: not one of"),
    ],
)
def test_a_misfit_names_its_line_and_member_and_quotes_nothing(text, says):
    with pytest.raises(Misfit) as refused:
        read(text)
    assert says in refused.value.message
    assert "CANARY" not in " ".join(refused.value.complaints)


def test_all_complaints_are_there_in_the_order_of_their_lines():
    with pytest.raises(Misfit) as refused:
        read("version: 1\nroles: [{}]\nidentities: [{}, {}]\n")
    assert [line.split(":")[0] for line in refused.value.complaints] == ["Line 2", "Line 3", "Line 3"]
    assert "the first of 3" in refused.value.message


def test_what_is_not_yaml_is_refused_as_well():
    with pytest.raises(Invalid, match="Line 2"):
        read("a: [1\n")


def test_the_schema_is_one_and_knows_every_member_that_may_be_written():
    Draft202012Validator.check_schema(schema())
    members = schema()["properties"]["identities"]["items"]["properties"]
    assert {snake(name) for name in members} - {"state"} == WRITABLE


@pytest.mark.parametrize("name", sorted(WRITABLE))
def test_names_go_there_and_back(name):
    assert snake(camel(name)) == name
