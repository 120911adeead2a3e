"""What would become of a secret that somebody holds: asked without using it. No mark of use, no throttle, no record."""

from datetime import datetime

from django.views.decorators.debug import sensitive_variables

from identities.credentials.digests import accepted_digests
from identities.credentials.models import AfterDeadline, ClientSecret, Rotation
from identities.inventory.models import ManagedIdentity


@sensitive_variables("text")
def secret_with(text: str, identity: ManagedIdentity) -> ClientSecret | None:
    """The secret of this identity that `text` is, whatever has become of it; None for anything else. One query."""
    return ClientSecret.objects.filter(digest__in=accepted_digests(text), identity=identity).first()


def retires_at(secret: ClientSecret) -> datetime | None:
    """When an open rotation will retire this secret even though it is still used; None where nothing does."""
    ending = Rotation.objects.filter(old=secret, ended_at=None, after_deadline=AfterDeadline.RETIRE)
    return ending.values_list("cutover_deadline", flat=True).first()
