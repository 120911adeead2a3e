"""Removing the demo leaves its audit and nothing else, and it does not come back."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models

from audit.models import AuditEvent
from identities.inventory.models import SearchEntry
from identities.people.models import Tenant, User
from identities.tokens import services as tokens
from identities.tokens.models import OAuthClient
from identities.vaults import services as vaults
from scheduling.demo import estate, loading, removal, shapes
from scheduling.models import Schedule, ScheduleRun
from tests.factories import people

OURS = removal.OURS
OF_THE_AUDIT = {"AuditEvent", "AuditSeal", "AuditCheckpoint", "SealHead", "AuditEra", "AuditVerification"}


def paths_to_tenant(model: type[models.Model], seen: tuple[type[models.Model], ...] = ()) -> list[str]:
    """Every way along foreign keys from a row to a tenant's id, and plain columns that hold one."""
    found = []
    for field in model._meta.concrete_fields:
        if field.name == "tenant_id":
            found.append("tenant_id")
        elif isinstance(field, models.ForeignKey) and field.related_model is Tenant:
            found.append(field.attname)
        elif isinstance(field, models.ForeignKey) and len(seen) < 3:
            other: Any = field.related_model
            if other is not model and other not in seen:
                found += [f"{field.name}__{rest}" for rest in paths_to_tenant(other, (*seen, model))]
    return found


def tables_of_tenants() -> list[tuple[type[models.Model], str]]:
    """Every table of ours in which something may belong to a tenant, by its shortest path."""
    known = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    ours = [model for model in known if model._meta.app_label in OURS]
    paths = {model: sorted(paths_to_tenant(model), key=len) for model in ours if model.__name__ not in OF_THE_AUDIT}
    return [(model, found[0]) for model, found in paths.items() if found]


def rows_left(tenant_id: object) -> dict[str, int]:
    """By table, the rows that belong to this tenant."""
    counts = {
        f"{model._meta.label}.{path}": model._base_manager.filter(**{path: tenant_id}).count()
        for model, path in tables_of_tenants()
    }
    return {name: count for name, count in counts.items() if count}


@pytest.mark.django_db
def test_there_is_nothing_to_remove_before_it_was_loaded() -> None:
    with pytest.raises(CommandError, match="no demo"):
        call_command("remove_demo")


@pytest.mark.django_db
def test_another_tenant_of_the_same_name_as_its_slug_is_not_the_demo() -> None:
    Tenant.objects.create(name="Demolition & Sons", slug=estate.SLUG)
    with pytest.raises(CommandError, match="no demo"):
        call_command("remove_demo")
    assert loading.load() is False


@pytest.mark.django_db(transaction=True)
def test_no_row_is_left_but_the_audit_and_it_does_not_come_back(settings: Any) -> None:
    settings.PASSPORT_URL = "http://127.0.0.1:8000"
    tokens.ensure_signing_key()
    vaults.ensure_default()
    stranger = people.tenant()
    around = rows_left(stranger.pk)
    loading.load()
    tenant = Tenant.objects.get(slug=estate.SLUG)
    sofie = User.objects.get(email=shapes.address("sofie.berg"))
    Authenticator.objects.create(user=sofie, type=Authenticator.Type.TOTP, data={})
    assert len(rows_left(tenant.pk)) >= 25, "the walk over the tables sees what was loaded"
    before = AuditEvent.objects.filter(tenant_id=tenant.pk).count()

    call_command("remove_demo")

    assert rows_left(tenant.pk) == {}
    assert not Authenticator.objects.exists()
    assert not Tenant.objects.filter(pk=tenant.pk).exists()
    assert (Schedule.objects.count(), ScheduleRun.objects.count()) == (0, 0)
    assert AuditEvent.objects.filter(tenant_id=tenant.pk).count() > before
    told = AuditEvent.objects.get(type="tenant.removed")
    assert told.subject_label == estate.TENANT
    assert told.details["identities"] >= 40
    assert rows_left(stranger.pk) == around
    assert loading.load() is False, "a demo that was removed does not come back"
    with pytest.raises(CommandError, match="no demo"):
        call_command("remove_demo")


def test_everything_that_can_belong_to_a_tenant_is_in_the_list() -> None:
    listed = {model for model, _ in removal.BELONGINGS}
    # Triggers of the database remove the one; of the other no row is ever written.
    elsewhere = {SearchEntry, OAuthClient}
    assert {model for model, _ in tables_of_tenants()} - listed <= elsewhere
