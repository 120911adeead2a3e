"""Making one's own account: for the first minutes of an installation, and wherever the setting allows it."""

from django.conf import settings
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from audit.actors import Actor
from identities.errors import Missing, Refused
from identities.people import home, refusals, tries
from identities.people.models import PortalRole, Tenant, User
from identities.people.services import users
from identities.people.services.tenants import create_tenant

CLOSED = "Nobody makes their own account here: an administrator makes it for them."
FIRST_TENANT = "Main"


class RegistrationClosed(Refused):
    """There is somebody already, and the setting does not let strangers make accounts."""

    code = "registration_closed"


@sensitive_variables("password")
def register_user(*, email: str, password: str, first_name: str = "", last_name: str = "") -> User:
    """Make an account for whoever asks (S2-11): READ_ONLY, a person, in the tenant of the first ADMIN.

    Open while no user exists, or with STEWARD_ALLOW_REGISTER. Never an ADMIN and never a service user, whatever the
    address. Raises RegistrationClosed before anything is looked at, Invalid as `create_user`,
    and `tries.TooManyTries` past so many from one address within a minute.
    """
    check_registration_is_open()
    tries.note_registration()
    with transaction.atomic():
        tenant = _tenant()
        # Once more, held: of two who come at once to an empty house only one is the first.
        check_registration_is_open()
        return users.create_user(
            tenant=tenant,
            email=email,
            password=password,
            first_name=first_name,
            last_name=last_name,
            role=PortalRole.READ_ONLY,
            actor=Actor.anonymous(refusals.claimed_address(email)),
        )


def check_registration_is_open() -> None:
    """Raise RegistrationClosed where nobody may make their own account."""
    if not settings.STEWARD_ALLOW_REGISTER and User.objects.exists():
        raise RegistrationClosed(CLOSED)


def _tenant() -> Tenant:
    try:
        found = home.home()
    except Missing:
        return create_tenant(name=FIRST_TENANT, actor=Actor.anonymous())
    return Tenant.objects.select_for_update(no_key=True).get(pk=found.pk)
