"""Every variable that is read stands in the README's table, and the table names no other."""

import ast
import re

from tests.architecture.contract import ROOT


def variables_read() -> set[str]:
    """Names handed to `env.<kind>(...)` anywhere in the wiring."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "config").glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    return {
        str(ast.literal_eval(call.args[0]))
        for call in calls
        if re.fullmatch(r"env\.\w+", ast.unparse(call.func)) and isinstance(call.args[0], ast.Constant)
    }


def variables_documented() -> set[str]:
    """Names in code quotes at the start of a row of a table in the README."""
    rows = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`", row.split("|")[1])}


def test_no_setting_is_undocumented():
    assert variables_read() <= variables_documented()


def test_no_setting_is_documented_that_is_not_read():
    known = variables_read() | {"PROMETHEUS_MULTIPROC_DIR"}
    assert variables_documented() <= known


def test_the_settings_are_read_from_the_environment():
    assert {"DATABASE_URL", "SECRET_KEY", "PASSPORT_ISSUER"} <= variables_read()
