"""The admin's pages: loaded where they are shown, and checked where checks are asked for."""

import subprocess
import sys

from django.core import checks

from identities.admin.site import site

WORKER = """
from config.celery import app
app.loader.init_worker()
import sys
print(len(app.tasks), *sorted(name for name in sys.modules if name.split(".")[1:2] in (["admin"], ["urls"])))
"""


def test_a_worker_knows_its_tasks_and_holds_no_page() -> None:
    told = subprocess.run([sys.executable, "-c", WORKER], check=True, capture_output=True, text=True).stdout
    count, *loaded = told.split()
    assert int(count) > 30
    assert [name for name in loaded if name.startswith(("identities.", "scheduling.", "config."))] == []


def test_the_checks_look_at_every_page(monkeypatch) -> None:
    # `list_display` names something that is not there: only a check that has the pages at hand sees it.
    monkeypatch.setattr(type(next(iter(site._registry.values()))), "list_display", ["comet"])
    assert "admin.E108" in {found.id for found in checks.run_checks(tags=[checks.Tags.admin])}
