"""Who may know whom."""

import os
import subprocess
import sys

import pytest

from tests.architecture.contract import CONTRACTS, ROOT, floors, parts

#: What shows or queues, and so may know screens and queues.
FACES = {
    "identities": {"admin", "api", "oauth", "models", "tasks"},
    "scheduling": {"admin", "api", "demo", "tasks"},
    "audit": {"middleware", "tasks"},
}
#: Contracts that must not be weakened by leaving them out.
CONTRACTS_TO_HOLD = {"apps", "identities", "room", "audit", "scheduling", "acyclic", "screens", "models", "pure"}
DOORS = {"allauth-door", "cedarpy-door", "jwt-door", "cronsim-door", "hvac-door", "boto3-door", "cloud-door"}


def test_the_import_contract_holds():
    command = [f"{os.path.dirname(sys.executable)}/lint-imports", "--no-cache"]  # noqa: PTH120
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_contract_is_missing():
    assert set(CONTRACTS) == CONTRACTS_TO_HOLD | DOORS


@pytest.mark.parametrize("app", ["identities", "scheduling", "audit"])
def test_every_room_stands_in_the_screens_contract(app):
    expected = {f"{app}.{part}" for part in parts(app) - FACES[app]}
    assert expected <= set(CONTRACTS["screens"]["source_modules"])


def test_every_room_is_kept_from_identities_models():
    expected = {f"identities.{part}" for part in parts("identities") - {"models"}}
    assert expected <= set(CONTRACTS["models"]["source_modules"])


@pytest.mark.parametrize("app", ["identities", "scheduling", "audit"])
def test_every_room_that_is_built_has_lost_its_parentheses(app):
    optional = {room.strip(" ()") for layer in CONTRACTS[app]["layers"] for room in layer.split("|") if "(" in room}
    assert not optional & parts(app)
    assert set(floors(app)) - optional <= parts(app)
