"""The tenant that a command on the command line works in when it is told no other."""

from identities.errors import Missing
from identities.people.models import PortalRole, Tenant, User


def home(slug: str = "") -> Tenant:
    """The tenant named by its slug, else the own one of the first ADMIN: never the demo estate's. Raises Missing."""
    if slug:
        named = Tenant.objects.filter(slug=slug).first()
        if named is None:
            raise Missing(f"There is no tenant '{slug}'.")
        return named
    admins = User.objects.filter(role=PortalRole.ADMIN, tenant__is_demo=False).select_related("tenant")
    first = admins.order_by("-is_platform_admin", "created_at").first()
    tenant = first.tenant if first is not None else Tenant.objects.filter(is_demo=False).order_by("created_at").first()
    if tenant is None:
        raise Missing("There is no tenant yet. Start the portal once, or run first_admin.")
    return tenant
