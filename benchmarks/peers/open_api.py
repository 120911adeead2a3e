"""Peer: our own application whose identity view asks nobody who they are: no token is read, no permission, no decision.

The rows belong to a tenant, so the view is given a caller all the same: one value, made once.
"""

import os
from functools import cache
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from rest_framework.authentication import BaseAuthentication  # noqa: E402

from identities.access.principal import Principal  # noqa: E402
from identities.api.identities import IdentityView  # noqa: E402
from identities.inventory.models import ManagedIdentity  # noqa: E402


@cache
def caller() -> Principal:
    identity = ManagedIdentity.objects.get(pk=os.environ["BENCH_IDENTITY"])
    return Principal.machine(identity, permissions=("identity.read",), role_names=())


class Unasked(BaseAuthentication):
    def authenticate(self, request: Any) -> tuple[Any, Any]:
        return caller(), None


IdentityView.authentication_classes = (Unasked,)
IdentityView.permission_classes = ()  # type: ignore[assignment]
