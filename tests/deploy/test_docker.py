"""The image, read as text: there is no daemon where the tests run."""

import re

from tests.deploy.files import DEPLOY, ROOT

TEXT = (DEPLOY / "docker/Dockerfile").read_text()
FINAL = TEXT.rpartition("\nFROM ")[2]


def test_it_runs_as_a_number_that_is_not_root():
    assert re.search(r"^USER 10001:10001$", FINAL, re.MULTILINE)


def test_the_base_is_named_by_a_tag_that_says_a_version():
    named = re.findall(r"^ARG PYTHON=(\S+)$", TEXT, re.MULTILINE)
    assert len(named) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", named[0])
    assert set(re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)) == {"${PYTHON}"}


def test_what_is_installed_is_what_the_lock_hashes():
    assert re.search(r"pip install --require-hashes --no-deps .*--requirement requirements.lock", TEXT)
    assert "--hash=sha256:" in (ROOT / "requirements.lock").read_text()


def test_no_secret_and_no_setting_of_a_place_is_built_in():
    named = set(re.findall(r"\b([A-Z][A-Z_]{3,})=", TEXT))
    assert not {name for name in named if re.search("SECRET|KEY|PASSWORD|URL|ISSUER", name)}


def test_it_says_by_itself_whether_it_lives():
    assert re.search(r"^HEALTHCHECK .*\\\n\s+CMD \[\"python\", .*/healthz", FINAL, re.MULTILINE)


def test_only_what_is_named_is_handed_to_the_builder():
    lines = (DEPLOY / "docker/Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    assert all((ROOT / path).exists() for path in let_in)
    assert not {path for path in let_in if path.startswith((".", "var", "tests"))}
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.MULTILINE))
    assert {path for paths in copied for path in paths.split()} == let_in
