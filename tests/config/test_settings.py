"""The settings as a process with a given environment reads them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdefghijklmnopqrstuvwxyz" * 2
READ = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in json.loads(os.environ["NAMES"])}, default=str))
"""


def read(tmp_path, *names, **environment):
    clean = {"PATH": os.environ["PATH"], "STEWARD_DATA_DIR": str(tmp_path / "data"), "NAMES": json.dumps(names)}
    done = subprocess.run(
        [sys.executable, "-c", READ], cwd=ROOT, env={**clean, **environment}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_silence_is_the_embedded_shape(tmp_path):
    found = read(
        tmp_path,
        "DATABASES",
        "CELERY_BROKER_URL",
        "GENERATED_KEYS",
        "PASSPORT_ISSUER",
        "HTTPS",
        "SESSION_COOKIE_SECURE",
    )
    database = found["DATABASES"]["default"]
    assert database["NAME"] == str(tmp_path / "data" / "steward.db")
    assert database["ATOMIC_REQUESTS"] is False
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert found["CELERY_BROKER_URL"] == "memory://"
    assert found["GENERATED_KEYS"] == ["SECRET_KEY", "STEWARD_ENCRYPTION_KEY"]
    assert found["PASSPORT_ISSUER"] == "http://127.0.0.1:8000"
    assert found["HTTPS"] is found["SESSION_COOKIE_SECURE"] is False
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["encryption_key", "secret_key"]


def test_a_database_server_never_gets_generated_keys(tmp_path):
    found = read(tmp_path, "STEWARD_ENCRYPTION_KEY", "DATABASES", DATABASE_URL="postgres://u:p@db:5432/steward")
    assert found["STEWARD_ENCRYPTION_KEY"] == ""
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert found["DATABASES"]["default"]["CONN_HEALTH_CHECKS"] is True
    assert not (tmp_path / "data").exists()


def test_an_https_issuer_makes_cookies_secure_and_sends_plain_requests_there(tmp_path):
    found = read(
        tmp_path,
        *("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "PASSPORT_URL"),
        *("CSRF_TRUSTED_ORIGINS", "SECURE_REDIRECT_EXEMPT"),
        PASSPORT_ISSUER="https://steward.acme.test/",
    )
    assert all(found[name] for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"))
    assert found["SECURE_HSTS_SECONDS"] > 0
    assert found["PASSPORT_URL"] == "https://steward.acme.test"
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://steward.acme.test"]
    assert not any("passport" in pattern for pattern in found["SECURE_REDIRECT_EXEMPT"])


def test_the_token_route_alone_answers_plainly_inside_a_cluster(tmp_path):
    found = read(
        tmp_path,
        "SECURE_REDIRECT_EXEMPT",
        PASSPORT_ISSUER="https://steward.acme.test",
        PASSPORT_URL="http://web:8000",
    )
    assert [pattern for pattern in found["SECURE_REDIRECT_EXEMPT"] if "passport" in pattern] == [r"^passport/token$"]


@pytest.mark.parametrize(("proxies", "expected"), [("", None), ("1", ["HTTP_X_FORWARDED_PROTO", "https"])])
def test_a_forwarded_scheme_is_believed_only_behind_declared_proxies(tmp_path, proxies, expected):
    environment = {"TRUSTED_PROXIES": proxies} if proxies else {}
    assert read(tmp_path, "SECURE_PROXY_SSL_HEADER", **environment)["SECURE_PROXY_SSL_HEADER"] == expected


def test_empty_variables_count_as_unset(tmp_path):
    names = (
        "DATABASE_URL",
        "SECRET_KEY",
        "PASSPORT_ISSUER",
        "PASSPORT_TOKEN_TTL",
        "CELERY_BROKER_URL",
        "ALLOWED_HOSTS",
    )
    blank = dict.fromkeys(names, "")
    found = read(tmp_path, "CELERY_BROKER_URL", "PASSPORT_ISSUER", "DATABASES", "SECRET_KEY", **blank)
    assert found["CELERY_BROKER_URL"] == "memory://"
    assert found["PASSPORT_ISSUER"] == "http://127.0.0.1:8000"
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert found["SECRET_KEY"]


def test_nothing_but_json_goes_over_the_broker_and_no_result_is_kept(settings):
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_SERIALIZER == "json"
    assert settings.CELERY_RESULT_BACKEND is None
    assert settings.CELERY_TASK_IGNORE_RESULT is True


def test_every_gate_of_rfc_9700_is_on(settings):
    from oauth2_provider.settings import DEFAULTS

    gates = {name for name in DEFAULTS if name.startswith("COMPLIANT_BCP_RFC9700_")}
    assert gates
    assert all(settings.OAUTH2_PROVIDER.get(gate) is True for gate in gates)


def test_when_statements_are_prepared_can_be_said_in_the_database_url(tmp_path):
    asked = read(tmp_path, "DATABASES", DATABASE_URL="postgres://u:p@db:5432/steward?prepare_threshold=1000000")
    silent = read(tmp_path, "DATABASES", DATABASE_URL="postgres://u:p@db:5432/steward")
    found = [settings["DATABASES"]["default"]["OPTIONS"]["prepare_threshold"] for settings in (asked, silent)]
    assert found == [1_000_000, 5]
