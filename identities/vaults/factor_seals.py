"""How the seeds of people's second factors rest: sealed as the values of the local vault are."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from identities.vaults import resealing, sealed_box

PURPOSE = "second factors"
NAME = "Steward"


class SealedFactors(DefaultMFAAdapter):
    """What django-allauth asks us: to seal and to open, and by what names an app or a key shows us."""

    def encrypt(self, text: str) -> str:
        return sealed_box.seal(text.encode(), PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return sealed_box.open(encrypted_text, PURPOSE).decode()

    def get_totp_issuer(self) -> str:
        return NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        # The host alone (WebAuthn §5.1.2): a key belongs to the name, whatever the port.
        return {"id": context.request.get_host().partition(":")[0], "name": NAME}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        return {"id": user.pk.bytes, "display_name": user.full_name, "name": user.email}


def _renewed(_: Authenticator, data: dict[str, Any]) -> dict[str, Any] | None:
    """Of an app its seed, of recovery codes theirs or the codes that were brought along; a passkey holds no secret."""
    found = {name: _resealed(data[name]) for name in ("secret", "seed", "migrated_codes") if name in data}
    renewed: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
    return {**data, **renewed} if renewed else None


def _resealed(value: str | list[str]) -> str | list[str] | None:
    if isinstance(value, str):
        return sealed_box.resealed(value, PURPOSE)
    found = [sealed_box.resealed(text, PURPOSE) for text in value]
    return [new or old for new, old in zip(found, value, strict=True)] if any(found) else None


SEALED = resealing.SealedColumn("second factors", Authenticator, "data", _renewed)
