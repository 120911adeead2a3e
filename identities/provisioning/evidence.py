"""Which commit a document comes from, as evidence: from the build's environment, or from the work tree around it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

#: What build servers call the commit they work on.
VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
LONGEST = 200


def commit_of(file: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The commit, or nothing where it cannot be told. Reads a few small files; runs no program; never raises."""
    named = (environment.get(name, "").strip().lower() for name in VARIABLES)
    return next((sha for sha in named if _SHA.fullmatch(sha)), "") or _of_work_tree(file)


def _of_work_tree(file: Path) -> str:
    try:
        start = file.resolve().parent
        folder = next((at / ".git" for at in (start, *start.parents) if (at / ".git").is_dir()), None)
        if folder is None:
            return ""
        head = (folder / "HEAD").read_text(errors="replace").strip()
        found = _of_reference(folder, head.removeprefix("ref: ")) if head.startswith("ref: ") else head
    except OSError:
        return ""
    return found if _SHA.fullmatch(found) else ""


def _of_reference(folder: Path, name: str) -> str:
    if ".." in name or len(name) > LONGEST:
        return ""
    if (loose := folder / name).is_file():
        return loose.read_text(errors="replace").strip()
    packed = folder / "packed-refs"
    lines = packed.read_text(errors="replace").splitlines() if packed.is_file() else []
    return next((line.split(" ", 1)[0] for line in lines if line.endswith(f" {name}")), "")
