"""What a process holds before anybody asked it for anything."""

import os
import subprocess
import sys

from tests.config.test_settings import ROOT

#: For an export or a workbook, for a passkey, and for the OpenAPI document, which brings a test client: thirteen
#: megabytes that most processes never need.
ON_DEMAND = {"openpyxl", "fido2", "drf_spectacular.openapi", "drf_spectacular.plumbing", "django.test", "unittest"}
#: Ten megabytes of the one process on SQLite, where only the driver is installed beside it.
OF_POSTGRES = {"psycopg", "psycopg_binary", "django.contrib.postgres.fields"}
LOADED = "import django, sys; django.setup(); import config.urls; print(*sys.modules)"


def test_what_few_requests_need_is_not_loaded_by_all(tmp_path):
    clean = {"PATH": os.environ["PATH"], "STEWARD_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, env=clean, capture_output=True, text=True, check=True
    )
    found = set(done.stdout.split())
    assert "cryptography" in found
    assert not (ON_DEMAND | OF_POSTGRES) & found
