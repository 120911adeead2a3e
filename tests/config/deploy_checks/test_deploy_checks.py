"""`check --deploy`: each thing it refuses or warns of, and the production shape it accepts."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.core.checks import registry
from django.core.checks.security.base import check_sts
from django.test import override_settings

from config import deploy_checks, keyring

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "docs/operate/deploy-checks.md"
SECRET_KEY, ENCRYPTION_KEY = "k3" + keyring.new_secret_key(), keyring.new_encryption_key()
FORMER = "f3" + keyring.new_secret_key()
PRODUCTION = {
    "DEBUG": False,
    "DEMO": False,
    "SECRET_KEY": SECRET_KEY,
    "SECRET_KEY_FALLBACKS": [],
    "STEWARD_ENCRYPTION_KEY": ENCRYPTION_KEY,
    "STEWARD_ENCRYPTION_KEY_FALLBACKS": [],
    "GENERATED_KEYS": [],
    "ADMIN_PASSWORD": "",
    "PASSPORT_ISSUER_IS_SET": True,
    "PASSPORT_ISSUER": "https://steward.acme.test",
    "PASSPORT_URL_IS_SET": False,
    "ALLOWED_HOSTS": ["steward.acme.test"],
    "TRUSTED_PROXIES": 1,
    "CELERY_BROKER_URL": "rediss://:of-the-broker@broker:6379/0",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "MAIL_IS_ON": False,
}
POSTGRES = {"ENGINE": "django.db.backends.postgresql", "HOST": "db", "USER": "steward"}
SAFELY = {"OPTIONS": {"sslmode": "verify-full"}}
PROVIDER = {
    "STEWARD_OIDC_ISSUER": "https://id.acme.test",
    "STEWARD_OIDC_CLIENT_ID": "steward",
    "STEWARD_OIDC_CLIENT_SECRET": "of the client",
}
MAIL = {
    "MAIL_IS_ON": True,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.acme.test",
}
ENCRYPTION_FALLBACKS = "STEWARD_ENCRYPTION_KEY_FALLBACKS"
OUTBOUND = "STEWARD_OUTBOUND_PRIVATE_ALLOW"
REFUSED = [
    ({"DEBUG": True}, "E001"),
    ({"GENERATED_KEYS": ["SECRET_KEY"]}, "E002"),
    ({"SECRET_KEY": "short"}, "E002"),
    ({"SECRET_KEY": "django-insecure-" + "0123456789abcdefghij" * 3}, "E002"),
    ({"SECRET_KEY": "x" * 80}, "E002"),
    ({"GENERATED_KEYS": ["STEWARD_ENCRYPTION_KEY"]}, "E003"),
    ({"STEWARD_ENCRYPTION_KEY": "bm90IDMyIGJ5dGVz"}, "E003"),
    ({"STEWARD_ENCRYPTION_KEY": "!"}, "E003"),
    ({"STEWARD_ENCRYPTION_KEY": "A" * 43 + "="}, "E003"),
    ({"PASSPORT_ISSUER_IS_SET": False}, "E004"),
    ({"PASSPORT_ISSUER": "http://steward.acme.test"}, "E004"),
    ({"ALLOWED_HOSTS": []}, "E005"),
    ({"ALLOWED_HOSTS": ["*"]}, "E005"),
    ({"ALLOWED_HOSTS": settings.LOCAL_HOSTS}, "E005"),
    ({"ALLOWED_HOSTS": ["steward.acme.test", ".com"]}, "E005"),
    ({"CELERY_BROKER_URL": "memory://"}, "E006"),
    ({"database": {"ENGINE": "django.db.backends.sqlite3"}}, "E007"),
    ({**PROVIDER, "STEWARD_OIDC_ISSUER": "http://id.acme.test"}, "E008"),
    ({**PROVIDER, "STEWARD_OIDC_CLIENT_SECRET": ""}, "E008"),
    ({**PROVIDER, "STEWARD_OIDC_CLIENT_ID": ""}, "E008"),
    ({"SECRET_KEY_FALLBACKS": ["x" * 80]}, "E010"),
    ({"SECRET_KEY_FALLBACKS": [SECRET_KEY]}, "E010"),
    ({"METRICS_TOKEN": "prometheus"}, "E011"),
    ({"PASSPORT_ISSUER": "https://elsewhere.acme.test"}, "E013"),
    ({"CSRF_TRUSTED_ORIGINS": ["http://steward.acme.test"]}, "E014"),
    ({"CSRF_TRUSTED_ORIGINS": ["https://*.acme.test"]}, "E014"),
    ({"TRUSTED_PROXIES": -1}, "E015"),
    ({"FORWARDED_ALLOW_IPS": "*"}, "E016"),
    ({OUTBOUND: ["0.0.0.0/0"]}, "E017"),
    ({OUTBOUND: ["::/0"]}, "E017"),
    ({OUTBOUND: ["169.254.169.254/32"]}, "E017"),
    ({OUTBOUND: ["127.0.0.1"]}, "E017"),
    ({OUTBOUND: ["intranet"]}, "E017"),
    ({"CELERY_BROKER_URL": "amqps://guest:guest@broker//"}, "E018"),
    ({"AUTH_PASSWORD_MIN_LENGTH": 6}, "E019"),
    ({"PASSPORT_TOKEN_TTL": 604_800}, "E020"),
    ({"AUTH_ACCESS_TOKEN_TTL": 0}, "E020"),
    ({"AUTH_REFRESH_TOKEN_TTL": 400 * 86_400}, "E020"),
    ({"DEMO": True}, "E021"),
    ({"RUN_LEASE_SECONDS": 30, "RUN_HEARTBEAT_SECONDS": 15}, "E022"),
    ({"RUN_HEARTBEAT_SECONDS": 0}, "E022"),
    ({"STEWARD_LEAK_PARTNER_KEYS": '{"a": "-----BEGIN PRIVATE KEY-----"}'}, "E023"),
    ({"STEWARD_LEAK_PARTNER_KEYS": "[]"}, "E023"),
    ({"ACCEPTED_WARNINGS": ["steward.E001"]}, "E024"),
    ({ENCRYPTION_FALLBACKS: ["bm90IDMyIGJ5dGVz"]}, "E025"),
    ({ENCRYPTION_FALLBACKS: ["A" * 43 + "="]}, "E025"),
    ({ENCRYPTION_FALLBACKS: [ENCRYPTION_KEY]}, "E025"),
    ({ENCRYPTION_FALLBACKS: [ENCRYPTION_KEY.rstrip("=")]}, "E025"),
    ({"STEWARD_SECOND_FACTOR": "off"}, "W001"),
    ({"SECRET_KEY_FALLBACKS": [FORMER, FORMER]}, "W002"),
    ({ENCRYPTION_FALLBACKS: [keyring.new_encryption_key(), keyring.new_encryption_key()]}, "W017"),
    ({"ADMIN_PASSWORD": "the first one"}, "W003"),
    ({"TRUSTED_PROXIES": 0}, "W004"),
    ({"TRUSTED_PROXIES": 9}, "W004"),
    ({"PASSPORT_URL_IS_SET": True, "PASSPORT_URL": "http://web:8000"}, "W005"),
    ({OUTBOUND: ["10.0.0.0/8"]}, "W006"),
    ({"database": {**POSTGRES, "OPTIONS": {}}}, "W007"),
    ({"database": {**POSTGRES, "OPTIONS": {"sslmode": "require"}}}, "W007"),
    ({"database": {**POSTGRES, **SAFELY, "USER": "postgres"}}, "W008"),
    ({"CELERY_BROKER_URL": "redis://:of-the-broker@broker:6379/0"}, "W009"),
    ({"CELERY_BROKER_URL": "amqp://steward:its-own@broker//"}, "W009"),
    ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}, "W010"),
    ({**MAIL, "EMAIL_USE_TLS": False}, "W011"),
    ({"STEWARD_ALLOW_REGISTER": True}, "W012"),
    ({"STEWARD_DEFAULT_USER_ROLE": "ADMIN"}, "W013"),
    ({"AUTH_PASSWORD_MIN_LENGTH": 10}, "W014"),
    ({"PASSPORT_TOKEN_TTL": 7200}, "W015"),
    ({"LOG_LEVEL": "debug"}, "W016"),
]
#: What is shown by tests of its own below: two findings at once, files, and Django's own.
APART = {"steward.E009", "steward.E012"}


@pytest.fixture(autouse=True)
def no_data_folder(tmp_path):
    with override_settings(DATA_DIR=tmp_path / "none"):
        yield


def found(database=None, **changes) -> list[str]:
    with ExitStack() as held:
        held.enter_context(mock.patch.dict(settings.DATABASES["default"], database or {**POSTGRES, **SAFELY}))
        # A connection's own cache may not be rebuilt here: only what the setting says is looked at.
        held.enter_context(override_settings(**{**PRODUCTION, **changes}))
        return [str(message.id) for check in deploy_checks.CHECKS for message in check()]


@pytest.mark.parametrize(("changes", "expected"), REFUSED)
def test_what_is_not_fit_for_production_is_refused(changes, expected):
    assert found(**changes) == [f"steward.{expected}"]


def test_one_key_for_both_purposes_is_refused():
    assert "steward.E009" in found(SECRET_KEY=ENCRYPTION_KEY)


def test_an_open_broker_on_another_machine_is_refused_whether_or_not_anybody_listens_in():
    assert found(CELERY_BROKER_URL="redis://broker:6379/0") == ["steward.E018", "steward.W009"]


@pytest.mark.parametrize(("name", "mode", "holds"), [("", 0o777, False), ("secret_key", 0o644, True)])
def test_a_data_folder_that_others_reach_into_is_refused(tmp_path, name, mode, holds):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    if holds:
        (folder / name).write_text("key")
    assert found(DATA_DIR=folder) == [] or holds
    (folder / name).chmod(mode)
    assert found(DATA_DIR=folder) == ["steward.E012"]


def test_hsts_that_is_off_is_warned_of_by_django_itself():
    with override_settings(SECURE_HSTS_SECONDS=0):
        assert [message.id for message in check_sts(None)] == ["security.W004"]


def test_a_production_shape_passes():
    assert found() == []
    assert found(**PROVIDER, STEWARD_SECOND_FACTOR="required") == []
    assert found(**MAIL, EMAIL_USE_TLS=True) == []
    assert found(CELERY_BROKER_URL="redis://127.0.0.1:6379/0") == []
    assert found(SECRET_KEY_FALLBACKS=[FORMER], ALLOWED_HOSTS=[".acme.test"]) == []
    assert found(**{OUTBOUND: ["10.2.0.0/16"]}, ACCEPTED_WARNINGS=["steward.W007"]) == []


def test_every_check_runs_with_deploy_and_only_then():
    assert set(deploy_checks.CHECKS) <= registry.registry.deployment_checks
    assert not set(deploy_checks.CHECKS) & registry.registry.registered_checks


def test_every_finding_has_its_test_and_its_row_in_the_documentation():
    calls = re.compile(r"(error|warning)\(\s*(\d+),")
    text = "".join(path.read_text() for path in (ROOT / "config/deploy_checks").glob("*.py"))
    known = {f"steward.{kind[0].upper()}{int(number):03}" for kind, number in calls.findall(text)}
    assert known == {f"steward.{name}" for _, name in REFUSED} | APART
    rows = set(re.findall(r"^\| `(steward\.[EW]\d{3})` \|", TABLE.read_text(), re.MULTILINE))
    assert rows == known


@pytest.mark.parametrize(("accepted", "status"), [("", 1), ("steward.W004,security.W004", 0)])
def test_the_command_fails_on_a_warning_until_somebody_accepts_it_by_name(tmp_path, accepted, status):
    environment = {
        "PATH": os.environ["PATH"],
        "STEWARD_DATA_DIR": str(tmp_path / "none"),
        "SECRET_KEY": SECRET_KEY,
        "STEWARD_ENCRYPTION_KEY": ENCRYPTION_KEY,
        "DATABASE_URL": "postgres://steward@db/steward?sslmode=verify-full",
        "CELERY_BROKER_URL": PRODUCTION["CELERY_BROKER_URL"],
        "CACHE_URL": "rediss://:of-the-broker@broker:6379/1",
        "PASSPORT_ISSUER": PRODUCTION["PASSPORT_ISSUER"],
        "ALLOWED_HOSTS": "steward.acme.test",
        "SECURE_HSTS_SECONDS": "0",
        "STEWARD_ACCEPT_WARNINGS": accepted,
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("steward.W004" in done.stderr) is (not accepted)
