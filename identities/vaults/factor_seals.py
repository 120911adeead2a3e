"""How the seeds of people's second factors rest: sealed as the values of the local vault are."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter

from identities.vaults import sealed_box

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
