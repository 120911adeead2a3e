"""The units: shut as far as systemd can, with secrets in files, and with time to come to an end."""

import re
import shutil
import subprocess

import pytest

from tests.deploy.files import SYSTEMD, missing, unknown

UNITS = sorted(SYSTEMD.glob("*.service"))
#: What `systemd-analyze security` may give at most; 10 is wide open.
MOST_EXPOSED = 2.0
EXAMPLE = (SYSTEMD / "steward.env.example").read_text()


def named(text: str) -> set[str]:
    """Variables that a unit or the example sets."""
    lines = re.findall(r"^Environment=(.*)$", text, re.MULTILINE) + re.findall(r"^#?(\w+=.*)$", text, re.MULTILINE)
    return {name for line in lines for name in re.findall(r"\b([A-Z][A-Z0-9_]+)=", line)}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_shut_and_holds_no_secret(path):
    text = path.read_text()
    for line in (
        "User=steward",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "PrivateTmp=yes",
    ):
        assert f"\n{line}\n" in text
    assert text.count("LoadCredential=") == 6
    assert path.stem == "steward-migrate" or "\nRestart=always\n" in text


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_and_its_file_name_settings_that_there_are_and_all_that_must_be(path):
    ours = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "HOME"}
    found = (named(path.read_text()) | named(EXAMPLE)) - ours
    assert not unknown({name for name in found if not name.startswith("LoadCredential")})
    assert not missing(found)


def test_the_example_gives_nobody_a_name_or_a_secret():
    assert not re.search(r"^(PASSPORT_ISSUER|ALLOWED_HOSTS)=.", EXAMPLE, re.MULTILINE)
    assert not re.search(r"SECRET_KEY|ENCRYPTION_KEY|DATABASE_URL|BROKER_URL", EXAMPLE)


def test_workers_have_longer_to_end_than_a_lease_lasts():
    from config import limits

    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", (SYSTEMD / "steward-worker@.service").read_text(), re.MULTILINE)
    assert int(stop) > limits.RUN_LEASE_SECONDS


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_them_and_finds_little_open(tmp_path):
    for path in [*UNITS, SYSTEMD / "steward.target"]:
        # Where they run the programs are installed; here they are not.
        text = re.sub(r"/opt/steward/venv/bin/\w+", "/bin/true", path.read_text())
        (tmp_path / path.name).write_text(text)
    units = [str(tmp_path / path.name) for path in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if "steward" in line]
    assert not told
    assert done.returncode == 0
    for unit in units:
        command = ["systemd-analyze", "security", "--offline=true", f"--threshold={int(MOST_EXPOSED * 10)}", unit]
        looked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert looked.returncode == 0, looked.stdout[-300:]
