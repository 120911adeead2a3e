"""The audit ground as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        post_migrate.connect(_protect, sender=self, dispatch_uid="audit.triggers")


def _protect(using: str, **_: Any) -> None:
    from audit.triggers import install_triggers

    install_triggers(using)
