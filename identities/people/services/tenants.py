"""Commands on tenants. That only the platform administrator gives them is asked by the faces, from the matrix."""

from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Invalid
from identities.events import TenantEvent
from identities.people.actors import subject_of
from identities.people.models import Tenant
from identities.people.services.rules import NOT_YET


@transaction.atomic
def create_tenant(*, name: str, actor: Actor, slug: str = "", is_demo: bool = False) -> Tenant:
    """Make a tenant. The name is unique whatever its case; a silent slug is made from it. Raises Invalid."""
    cleaned = _name(name)
    tenant = Tenant(name=cleaned, slug=_slug(slug or cleaned), is_demo=is_demo)
    tenant.save(force_insert=True)
    audit.record(
        TenantEvent.CREATED,
        actor=actor,
        subject=subject_of(tenant),
        changes=changes.made({"name": tenant.name, "slug": tenant.slug}),
    )
    return tenant


@transaction.atomic
def change_tenant(tenant: Tenant, *, name: str, actor: Actor) -> Tenant:
    """Rename a tenant; its slug stays, since scripts refer to it. Raises Invalid."""
    locked = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    previous, locked.name = locked.name, _name(name, other_than=locked.pk)
    if previous == locked.name:
        return locked
    locked.save(update_fields=["name"])
    audit.record(
        TenantEvent.CHANGED,
        actor=actor,
        subject=subject_of(locked),
        changes=changes.between({"name": previous}, {"name": locked.name}),
    )
    return locked


def _name(name: str, other_than: UUID = NOT_YET) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > 120:
        raise Invalid({"name": ["1 to 120 characters."]})
    if Tenant.objects.filter(name__iexact=cleaned).exclude(pk=other_than).exists():
        raise Invalid({"name": ["There is a tenant of this name."]}, code="name_taken")
    return cleaned


def _slug(wish: str) -> str:
    base = slugify(wish)[:50] or "tenant"
    taken = set(Tenant.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
