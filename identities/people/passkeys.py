"""Passkeys (WebAuthn level 2) as a second factor. Only inside a request: the challenge lies in its session.

A passkey belongs to the host name the portal was opened at, and browsers make none for a bare IP address.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from audit.actors import Actor
from identities.errors import Invalid
from identities.people import proofs, second_factor
from identities.people.models import User
from identities.people.second_factor import Added


def options_to_add(user: User) -> dict[str, Any]:
    """What the browser is handed to make a key, in WebAuthn's JSON form."""
    return dict(_webauthn().begin_registration(user, passwordless=False))


def add(user: User, *, name: str, credential: Mapping[str, Any], actor: Actor) -> Added:
    """Check what the browser made of those options, and keep it. Raises Invalid naming `credential`."""
    try:
        _webauthn().complete_registration(dict(credential))
    except (ValidationError, ValueError, TypeError, KeyError) as error:
        _webauthn().clear_state()
        raise Invalid({"credential": ["The browser's answer does not fit. Try again."]}) from error
    return second_factor.keep_passkey(user, name=name, credential=credential, actor=actor)


def options_to_prove(user: User) -> dict[str, Any]:
    """What the browser is handed to use one of the person's keys."""
    return dict(_webauthn().begin_authentication(user))


def prove(user: User, *, credential: Mapping[str, Any], source: str) -> None:
    """Check the browser's signature. A challenge serves once. Raises proofs.WrongProof, which is recorded."""
    try:
        row = _webauthn().complete_authentication(user, dict(credential))
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        _webauthn().clear_state()
        proofs.refuse_passkey(user, source=source)
        raise proofs.WrongProof from error
    proofs.note_passkey(user, factor_id=row.pk, source=source)


def _webauthn() -> Any:
    from allauth.mfa.webauthn.internal import auth  # slow to import and large: with it comes all of fido2

    return auth
