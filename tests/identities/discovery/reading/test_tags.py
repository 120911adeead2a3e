import pytest

from identities.discovery.reading.tags import environment_from_word, facts_from_tags, owner_from_tags, pairs


def test_a_secret_in_a_tag_is_withheld():
    assert pairs({"note": "ghp_" + "a1" * 18, "password": "x"}) == {"note": "[withheld]", "password": "[withheld]"}
    assert owner_from_tags({"owner": "ghp_" + "a1" * 18}) == ""


def test_a_tag_that_is_named_after_a_secret_is_withheld_whatever_stands_in_it():
    named = {
        "db_password": "hunter",
        "SLACK-TOKEN": "hunter",
        "example.com/smtp-secret": "hunter",
        "a:api.key": "hunter",
    }
    assert set(pairs(named).values()) == {"[withheld]"}
    told = {"secret-rotation": "90", "token_owner": "ann", "aws:secretsmanager:owningService": "rds"}
    assert pairs(told) == told


@pytest.mark.parametrize("word", ["blue", "prod-eu", "", "production2", None, "eu"])
def test_a_word_that_not_everybody_reads_alike_is_no_environment(word):
    assert environment_from_word(word) == ""


@pytest.mark.parametrize(
    "tags",
    [
        {"Owner": "ann@example.org", "env": "PROD"},
        [{"Key": "Owner", "Value": "ann@example.org"}, {"Key": "env", "Value": "PROD"}],
        ["Owner=ann@example.org", "env=PROD"],
        {"example.org/owner": "ann@example.org", "company:env": "PROD"},
    ],
)
def test_tags_say_the_same_however_they_are_written(tags):
    facts = facts_from_tags(tags)
    assert (facts["technical_owner"], facts["environment"]) == ("ann@example.org", "production")


def test_a_tool_owns_nothing():
    assert owner_from_tags({"app.kubernetes.io/managed-by": "Helm"}) == ""
    assert owner_from_tags({"CreatedBy": "terraform"}) == ""
    assert owner_from_tags({"app.kubernetes.io/managed-by": "payments"}) == "payments"


def test_the_person_comes_before_the_team():
    assert owner_from_tags({"team": "payments", "contact": "ann"}) == "ann"
    assert facts_from_tags({"team": "payments"})["owner_team"] == "payments"


def test_business_unit_application_ticket_and_repository_are_read():
    tags = {"cost-center": "42", "app": "billing", "jira": "PAY-7", "repo": "acme/billing"}
    facts = facts_from_tags(tags)
    assert {name: facts[name] for name in ("business_unit", "application", "ticket", "repository")} == {
        "business_unit": "42",
        "application": "billing",
        "ticket": "PAY-7",
        "repository": "acme/billing",
    }


def test_nothing_said_is_nothing_known():
    assert facts_from_tags(None) == facts_from_tags({}) == facts_from_tags("x") == {}


def test_no_more_than_fifty_tags_are_kept():
    assert len(pairs({str(n): "x" for n in range(200)})) == 50
