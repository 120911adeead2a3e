"""What every rule keeps to, whoever wrote it: a stable code, texts for people, and no knowledge but its arguments."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

from identities.detections.categories import CATEGORIES, TOP_TEN
from identities.detections.judging import every_rule
from identities.detections.models import Finding, Severity
from identities.detections.rules.base import Observation, Remedy, Rule
from identities.inventory.models import ManagedIdentity
from tests.identities.detections.rules.cases import AT, healthy, vendor
from tests.identities.detections.rules.table import TABLE

RULES = pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.code)
EVERY_CASE = [facts for found, passed in TABLE.values() for facts in (*found, *passed)]
WIDTH = {name: int(Finding._meta.get_field(name).max_length or 0) for name in ("code", "category", "key")}


def test_the_ten_each_have_a_rule():
    assert {category.code for category in TOP_TEN} <= {rule.category for rule in every_rule()}
    assert [category.code for category in TOP_TEN] == [f"NHI{number}" for number in range(1, 11)]


@RULES
def test_its_code_is_stable_unique_and_tells_the_category(rule):
    assert re.fullmatch(r"(NHI([1-9]|10)|HYGIENE)-[A-Z]+(-[A-Z]+)*", rule.code)
    assert rule.code.startswith(f"{rule.category}-")
    assert rule.category in CATEGORIES
    assert Rule.registered[rule.code] is type(rule)
    assert len(rule.code) <= WIDTH["code"]
    assert len(rule.category) <= WIDTH["category"]


@RULES
def test_its_file_has_the_name_of_its_code(rule):
    assert Path(inspect.getfile(type(rule))).stem == rule.code.lower().replace("-", "_")


@RULES
def test_it_speaks_to_people(rule):
    assert rule.title
    assert not rule.title.endswith(".")
    for text in (rule.why, rule.mend):
        assert 20 < len(text) < 300
        assert text.endswith(".")
    assert isinstance(rule.severity, Severity)
    assert isinstance(rule.remedy, Remedy)
    assert not rule.field or (rule.remedy is Remedy.EDIT and hasattr(ManagedIdentity, rule.field))


@RULES
def test_it_knows_only_its_arguments(rule):
    """No database and no clock: what a rule imports is words, facts and arithmetic."""
    tree = ast.parse(Path(inspect.getfile(type(rule))).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not [name for name in imported if name.startswith("django")]
    models = {name for name in imported if name.endswith(".models")}
    assert models <= {"identities.detections.models"}, "only for the word of a severity"
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"now", "today", "utcnow", "objects"}


@RULES
def test_it_says_the_same_each_time_and_each_key_once(rule):
    for facts in [*EVERY_CASE, healthy(), vendor()]:
        once, again = list(rule.judge(facts, AT)), list(rule.judge(facts, AT))
        assert once == again
        assert len({seen.key for seen in once}) == len(once)
        assert all(_is_kept(seen) for seen in once)


def _is_kept(seen: Observation) -> bool:
    json.dumps(dict(seen.details))
    return 10 < len(seen.evidence) < 2000 and len(seen.key) <= WIDTH["key"] and seen.evidence.endswith(".")


def test_two_rules_cannot_have_one_code():
    taken = next(iter(Rule.registered))
    with pytest.raises(TypeError):
        type("Impostor", (Rule,), {"code": taken})


@RULES
def test_it_stands_in_the_documentation(rule):
    page = Path(__file__).resolve().parents[2] / "docs" / "findings.md"
    assert f"| `{rule.code}` |" in page.read_text(encoding="utf-8")
