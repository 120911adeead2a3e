"""How an identity proves itself, as people agree to it: kinds of credentials and where they rest, not which."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from identities.credentials.models import ClientKey, ClientSecret, ExternalCredential
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import PortraitPart

_NOWHERE = Value("", output_field=TextField())


class Secrets(PortraitPart):
    """Each kind and place once, so that a rotation, where the old and the new live side by side, changes nothing."""

    kind = "secrets"
    label = "Credentials"

    def of(self, identities: Sequence[ManagedIdentity]) -> Mapping[UUID, Any]:
        if not identities:
            return {}
        ours = ClientSecret.objects.filter(identity__in=identities, revoked_at=None).values_list(
            "identity_id",
            Value("client_secret", output_field=TextField()),
            Coalesce(KT("stored_at__vaultUri"), _NOWHERE),
            Coalesce(KT("stored_at__secretName"), _NOWHERE),
        )
        keys = ClientKey.objects.filter(identity__in=identities, revoked_at=None).values_list(
            "identity_id", Value("client_key", output_field=TextField()), _NOWHERE, _NOWHERE
        )
        others = ExternalCredential.objects.filter(identity__in=identities, gone_at=None, is_active=True).values_list(
            "identity_id", Cast("kind", TextField()), Cast(F("stored_at"), TextField()), _NOWHERE
        )
        found: defaultdict[UUID, set[tuple[str, str, str]]] = defaultdict(set)
        for identity_id, kind, vault, name in ours.order_by().union(keys.order_by(), others.order_by()):
            found[identity_id].add((kind, vault, name))
        return {pk: [list(one) for one in sorted(kept)] for pk, kept in found.items()}
