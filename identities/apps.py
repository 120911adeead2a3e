"""Identities as a Django app: one label and one migrations folder for all of its rooms."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.contrib.auth import user_logged_in
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class IdentitiesConfig(AppConfig):
    name = "identities"
    verbose_name = "Identities"

    def ready(self) -> None:
        # What rooms keep on the row of an identity registers itself by being imported.
        rooms = (
            "credentials.rotation_facts",
            "credentials.custody_following",
            "inventory.following",
            "inventory.portrait",
            "access.portrait",
            "credentials.portrait",
            "access.purpose_ended",
            "access.identity_approval",
            "succession.owner_found",
            "access.shared_identity",
            "elevations.approvable",
            "lifecycle.dependencies",
            "lifecycle.evidence",
            "detections.evidence",
            "requests.subject",
            "recertification.drift",
            "notifications.concerns",
            "service_users.enrolling",
            "service_users.stopping",
        )
        for name in (f"identities.{room}" for room in rooms):
            import_module(name)
        # Django would note a sign-in by itself, without a record: `people.sign_in` writes both or neither.
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        post_migrate.connect(_ensure_default_vault, sender=self, dispatch_uid="identities.default_vault")
        pre_migrate.connect(_lift_search, sender=self, dispatch_uid="identities.search_lifted")
        post_migrate.connect(_install_search, sender=self, dispatch_uid="identities.search")


def _ensure_default_vault(using: str, **_: Any) -> None:
    from identities.vaults import services as vaults
    from identities.vaults.models import VaultConnection

    # A migration backwards, or one app of several, may end without the table.
    if VaultConnection._meta.db_table in connections[using].introspection.table_names():
        vaults.ensure_default()


def _lift_search(using: str, plan: Sequence[tuple[Any, bool]] = (), **_: Any) -> None:
    """A migration on SQLite cannot rebuild tables that triggers speak of; one backwards may drop the search itself."""
    from identities.inventory import search_index

    is_backward = any(backwards for _, backwards in plan)
    if is_backward or (plan and connections[using].vendor == "sqlite"):
        search_index.remove(using)


def _install_search(using: str, **_: Any) -> None:
    from identities.inventory import search_index
    from identities.inventory.search_triggers import Part

    keys = Part("r", "identities_sourcerecord", "identity_id", ("key", "label"))
    search_index.install(using, also=[keys])
