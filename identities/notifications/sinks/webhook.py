"""Sink: a webhook after Standard Webhooks 1.0 (standardwebhooks.com), signed with HMAC-SHA256."""

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes
from typing import ClassVar

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.notifications.message import Message
from identities.notifications.sinks import posting
from identities.notifications.sinks.base import Sink, SinkSettings
from identities.vaults.base import setting
from identities.vaults.secret_text import SecretText

PREFIX = "whsec_"
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class WebhookSettings(SinkSettings):
    """Where it goes."""

    url: str = setting("", "Address", "https://host/path. Each event is posted there as JSON, signed.")

    def check(self) -> None:
        if problem := posting.problem_with(self.url):
            raise Invalid({"settings": [f"url: {problem}"]})


class Webhook(Sink):
    """Posts JSON with `webhook-id`, `webhook-timestamp` and `webhook-signature`.

    While its secret is being changed it signs with both, the newer first, as the standard has it.
    """

    kind: ClassVar[str] = "webhook"
    label: ClassVar[str] = "Webhook"
    Settings: ClassVar[type[SinkSettings]] = WebhookSettings
    makes_secret: ClassVar[bool] = True

    def send(self, message: Message) -> None:
        assert isinstance(self.settings, WebhookSettings)  # noqa: S101 - for the type checker
        self._secret()
        body = json.dumps(message.as_json(), ensure_ascii=False, separators=(",", ":")).encode()
        at = int(timezone.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
            "webhook-signature": " ".join(signature(secret, message.id, at, body) for secret in self._secrets),
        }
        posting.post(self.settings.url, body=body, headers=headers)

    @classmethod
    def fresh_secret(cls) -> SecretText:
        return SecretText(PREFIX + b64encode(token_bytes(SECRET_BYTES)).decode())


@sensitive_variables("key")
def signature(secret: SecretText, message_id: str, at: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, keyed by what the secret encodes. Pure."""
    key = b64decode(secret.reveal().removeprefix(PREFIX))
    signed = hmac.new(key, f"{message_id}.{at}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(signed).decode()}"
