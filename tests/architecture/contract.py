"""The import contract as pyproject.toml states it, for the tests that walk it."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "scheduling", "identities", "audit")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS: dict[str, dict[str, Any]] = {
    contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]
}


def floors(app: str) -> dict[str, int]:
    """Each room of an app and the floor it stands on, 0 the lowest."""
    layers = [part.split("|") for part in reversed(CONTRACTS[app]["layers"])]
    return {room.strip(" ()"): height for height, rooms in enumerate(layers) for room in rooms}


def parts(app: str) -> set[str]:
    """The modules and packages directly under an app that hold code."""
    here = ROOT / app
    files = {path.stem for path in here.glob("*.py")} - {"__init__", "apps"}
    folders = {path.name for path in here.iterdir() if any(path.rglob("*.py"))}
    return (files | folders) - {"migrations", "management", "__pycache__"}


def modules() -> list[Path]:
    """Every file of the house, migrations excepted, relative to the root."""
    found = (path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)
