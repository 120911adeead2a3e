"""The Compose file: what every service of it must be, and what its secrets may not be."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import COMPOSE, FLOATING, documents, missing, unknown

FOLDER = COMPOSE.parent
WHOLE = documents(COMPOSE)[0]
RABBIT = documents(FOLDER / "compose.rabbitmq.yaml")[0]
SERVICES = {**WHOLE["services"], "rabbitmq": RABBIT["services"]["rabbitmq"]}
OURS = ("web", "worker", "beat", "migrate")
#: No port and no command to ask; what they do is asked of the ledger, by /readyz. The image's check asks a port.
UNASKED = {"worker", "beat", "migrate"}


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_may_do_more_than_its_work(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert not FLOATING.search(service["image"].replace("${", "").replace(":?", "?"))
    assert not {"privileged", "network_mode", "pid", "cap_add"} & service.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_that_can_be_asked_is(name):
    if name in UNASKED:
        assert SERVICES[name]["healthcheck"] == {"disable": True}
    elif name != "web":  # the image's own
        assert SERVICES[name]["healthcheck"]["test"]


def test_only_the_proxy_is_reached_from_outside_and_it_reaches_no_database():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert set(SERVICES["proxy"]["networks"]) == {"front", "steward"}
    for name in ("steward", "database", "broker"):
        assert WHOLE["networks"][name]["internal"] is True


def test_two_of_each_and_none_before_the_database_is_up_to_date():
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["deploy"]["replicas"] == 2
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert "check --deploy --fail-level WARNING" in SERVICES["migrate"]["command"][-1]


@pytest.mark.parametrize("name", OURS)
def test_it_names_settings_that_there_are_and_all_that_must_be(name):
    named = set(SERVICES[name]["environment"])
    assert not unknown(named)
    assert not missing(named)


def test_nothing_secret_stands_in_the_files():
    text = COMPOSE.read_text() + (FOLDER / ".env.example").read_text() + (FOLDER / "compose.rabbitmq.yaml").read_text()
    assert not re.search(r"(?i)(password|secret|_key|token)\s*[:=]\s*['\"]?[A-Za-z0-9+/_-]{8,}", text)
    assert not re.search(r"://[^/\s]*:[^/\s@]+@", text)


def test_every_variable_that_is_asked_for_stands_in_the_example():
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    named = set(re.findall(r"^#?(\w+)=", (FOLDER / ".env.example").read_text(), re.MULTILINE))
    assert asked == named


def test_every_secret_is_made_once_each_its_own_and_never_written_over(tmp_path: Path):
    shutil.copy(FOLDER / "make-secrets", tmp_path)
    for _ in range(2):
        done = subprocess.run([tmp_path / "make-secrets"], capture_output=True, text=True, check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert done.stdout.count("kept") == len(made)
    assert set(WHOLE["secrets"]) | set(RABBIT["secrets"]) == made.keys()
    assert len(set(made.values())) == len(made)
    assert made["database_password"].strip() in made["database_url"]
    assert made["broker_url"].split("@")[0].rpartition(":")[2] in made["valkey_conf"]
    assert (tmp_path / "secrets").stat().st_mode & 0o77 == 0


def has_compose() -> bool:
    asked = ["docker", "compose", "version"]
    return bool(shutil.which("docker")) and not subprocess.run(asked, capture_output=True, check=False).returncode


@pytest.mark.skipif(not has_compose(), reason="docker compose is not installed")
def test_docker_itself_takes_it(tmp_path: Path):
    (tmp_path / "env").write_text("STEWARD_VERSION=0.1.0\nSTEWARD_HOST=steward.acme.test\nTLS_FOLDER=/tmp\n")
    for files in ([COMPOSE], [COMPOSE, FOLDER / "compose.rabbitmq.yaml"]):
        named = [part for file in files for part in ("-f", str(file))]
        command = ["docker", "compose", *named, "--env-file", str(tmp_path / "env"), "config", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
