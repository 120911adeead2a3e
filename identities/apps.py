"""Identities as a Django app: one label and one migrations folder for all of its rooms."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth import user_logged_in
from django.db import connections
from django.db.models.signals import post_migrate


class IdentitiesConfig(AppConfig):
    name = "identities"
    verbose_name = "Identities"

    def ready(self) -> None:
        # Django would note a sign-in by itself, without a record: `people.sign_in` writes both or neither.
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        post_migrate.connect(_ensure_default_vault, sender=self, dispatch_uid="identities.default_vault")


def _ensure_default_vault(using: str, **_: Any) -> None:
    from identities.vaults import services as vaults
    from identities.vaults.models import VaultConnection

    # A migration backwards, or one app of several, may end without the table.
    if VaultConnection._meta.db_table in connections[using].introspection.table_names():
        vaults.ensure_default()
