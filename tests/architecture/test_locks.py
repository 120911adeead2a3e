"""The locks: pinned, hashed, and silent about where packages come from."""

import re

import pytest

from tests.architecture.contract import PROJECT, ROOT

LOCKS = ("bootstrap.lock", "requirements.lock", "requirements-dev.lock")
CLOUD = ("boto3", "botocore", "azure-", "google-cloud", "opentelemetry")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; [^\\]+)? \\$")


def lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def pins(name: str) -> dict[str, str]:
    return {match[1]: match[2] for match in map(PIN.match, lines(name)) if match}


def normal(requirement: str) -> str:
    return re.split(r"[\[<>=!~ ;]", requirement)[0].lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(name):
    strange = [
        line
        for line in lines(name)
        if not PIN.match(line) and not re.match(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$", line)
    ]
    assert not strange


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name):
    text = "\n".join(lines(name))
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_what_runs_is_what_was_tested():
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_the_runtime_lock_holds_what_is_asked_for_and_no_cloud():
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [*PROJECT["project"]["dependencies"], *extras["postgres"], *extras["redis"], *extras["vault"]]
    locked = pins("requirements.lock")
    assert {normal(requirement) for requirement in asked} <= set(locked)
    assert not [name for name in locked if name.startswith(CLOUD)]


def test_the_development_lock_holds_the_tools():
    tools = PROJECT["dependency-groups"]["dev"]
    assert {normal(requirement) for requirement in tools} <= set(pins("requirements-dev.lock"))


def test_the_bootstrap_is_uv_alone():
    assert set(pins("bootstrap.lock")) == {"uv"}
