"""`rotate_signing_key`: a new key for Passport's tokens; or take one out that leaked."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from identities.errors import DomainError
from identities.tokens import services as tokens
from identities.tokens.models import SigningKey

ACTOR = Actor.system("rotate_signing_key")


class Command(BaseCommand):
    help = (
        "Make a new signing key. It is published now and signs four seconds later, so every verifier knows it; the old "
        "one stays published until the tokens it signed have ended. It is of the kind that PASSPORT_SIGNING_ALG names. "
        "With --revoke, take a leaked key out at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--revoke", metavar="KID", help="this key leaked: every token it signed is dead")
        parser.add_argument("--reason", default="", help="why it is revoked; wanted with --revoke")
        parser.add_argument("--json", action="store_true", help="print the key as JSON")

    def handle(self, *, revoke: str | None = None, reason: str = "", json: bool = False, **_: Any) -> None:
        if revoke and not reason.strip():
            raise CommandError("Say why, with --reason.", returncode=2)
        try:
            key = _revoke(revoke, reason) if revoke else tokens.rotate_signing_key(actor=ACTOR)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(_as_json(key) if json else _in_words(key, is_revoked=bool(revoke)))


def _revoke(kid: str, reason: str) -> SigningKey:
    return tokens.revoke_signing_key(kid, reason=reason, actor=ACTOR)


def _in_words(key: SigningKey, *, is_revoked: bool) -> str:
    if is_revoked:
        return f"Key {key.kid} is out of the key set; the tokens it signed are dead within five seconds."
    return f"Key {key.kid} ({key.alg}) is published and signs from {key.activated_at.isoformat(timespec='seconds')} on."


def _as_json(key: SigningKey) -> str:
    times = {
        name: value.isoformat() if value else None
        for name, value in (
            ("activatedAt", key.activated_at),
            ("retiredAt", key.retired_at),
            ("revokedAt", key.revoked_at),
        )
    }
    return json.dumps({"kid": key.kid, "alg": key.alg, **times}, indent=2)
