"""`check --deploy`: each thing it refuses, and the production shape it accepts."""

from unittest import mock

import pytest
from django.conf import settings
from django.core.checks import registry
from django.test import override_settings

from config import deploy_checks, keyring

PRODUCTION = {
    "DEBUG": False,
    "SECRET_KEY": "k3" + keyring.new_secret_key(),
    "STEWARD_ENCRYPTION_KEY": keyring.new_encryption_key(),
    "GENERATED_KEYS": [],
    "PASSPORT_ISSUER_IS_SET": True,
    "PASSPORT_ISSUER": "https://steward.acme.test",
    "ALLOWED_HOSTS": ["steward.acme.test"],
    "CELERY_BROKER_URL": "redis://broker:6379/0",
}

PROVIDER = {
    "STEWARD_OIDC_ISSUER": "https://id.acme.test",
    "STEWARD_OIDC_CLIENT_ID": "steward",
    "STEWARD_OIDC_CLIENT_SECRET": "of the client",
}


def found(engine: str = "django.db.backends.postgresql", **changes) -> list[str]:
    database = mock.patch.dict(settings.DATABASES["default"], ENGINE=engine)
    with database, override_settings(**{**PRODUCTION, **changes}):
        return [message.id for check in deploy_checks.CHECKS for message in check()]


def test_a_production_shape_passes():
    assert found() == []
    assert found(**PROVIDER, STEWARD_SECOND_FACTOR="required") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"DEBUG": True}, "steward.E001"),
        ({"GENERATED_KEYS": ["SECRET_KEY"]}, "steward.E002"),
        ({"SECRET_KEY": "short"}, "steward.E002"),
        ({"SECRET_KEY": "django-insecure-" + "0123456789abcdefghij" * 3}, "steward.E002"),
        ({"SECRET_KEY": "x" * 80}, "steward.E002"),
        ({"GENERATED_KEYS": ["STEWARD_ENCRYPTION_KEY"]}, "steward.E003"),
        ({"STEWARD_ENCRYPTION_KEY": "bm90IDMyIGJ5dGVz"}, "steward.E003"),
        ({"STEWARD_ENCRYPTION_KEY": "!"}, "steward.E003"),
        ({"STEWARD_ENCRYPTION_KEY": "A" * 43 + "="}, "steward.E003"),
        ({"PASSPORT_ISSUER_IS_SET": False}, "steward.E004"),
        ({"PASSPORT_ISSUER": "http://steward.acme.test"}, "steward.E004"),
        ({"ALLOWED_HOSTS": []}, "steward.E005"),
        ({"ALLOWED_HOSTS": ["*"]}, "steward.E005"),
        ({"ALLOWED_HOSTS": settings.LOCAL_HOSTS}, "steward.E005"),
        ({"CELERY_BROKER_URL": "memory://"}, "steward.E006"),
        ({"engine": "django.db.backends.sqlite3"}, "steward.E007"),
        ({**PROVIDER, "STEWARD_OIDC_ISSUER": "http://id.acme.test"}, "steward.E008"),
        ({**PROVIDER, "STEWARD_OIDC_CLIENT_SECRET": ""}, "steward.E008"),
        ({**PROVIDER, "STEWARD_OIDC_CLIENT_ID": ""}, "steward.E008"),
        ({"STEWARD_SECOND_FACTOR": "off"}, "steward.W001"),
    ],
)
def test_what_is_not_fit_for_production_is_refused(changes, expected):
    assert found(**changes) == [expected]


def test_every_check_runs_with_deploy_and_only_then():
    assert set(deploy_checks.CHECKS) <= registry.registry.deployment_checks
    assert not set(deploy_checks.CHECKS) & registry.registry.registered_checks
