"""What the how-to shows holds, and what it lists is the schema."""

import re
from pathlib import Path

from django.conf import settings

from identities.policies import engine
from identities.policies.schema import SCHEMA

PAGE = Path(settings.BASE_DIR, "docs", "how-to", "a-resource-policy.md").read_text()


def test_the_rules_of_the_page_can_be_kept() -> None:
    (example,) = re.findall(r"```cedar\n(.*?)```", PAGE, re.DOTALL)
    assert engine.compile(example).has_permit


def test_the_page_lists_every_attribute_and_no_other() -> None:
    table = PAGE.split("## What a rule may speak of")[1].split("A policy has at most")[0]
    listed = set(re.findall(r"(?:principal|resource|context)?\.(\w+)`", table))
    assert listed == set(re.findall(r"(\w+): (?:String|Long|Bool|Set)", SCHEMA))


def test_the_page_says_the_limits() -> None:
    assert f"{engine.MAX_TEXT:,} characters and {engine.MAX_RULES} rules" in PAGE
