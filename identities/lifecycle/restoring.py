"""Rolling back in the vault: the old secret's value is looked for among what the vault still keeps, and put in use."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.views.decorators.debug import sensitive_variables

from audit.actors import Actor
from identities.credentials.models import ClientSecret, Rotation
from identities.credentials.places import place_of
from identities.errors import Conflict
from identities.lifecycle import write_back
from identities.vaults import services as vaults
from identities.vaults.failures import VaultError
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText

#: So many versions are looked into before it is said that the old value is gone.
MOST = 10
GONE = (
    "The vault does not keep the value of the old secret any more, so it cannot be given back. The old secret itself "
    "works on while the overlap lasts: put it back by hand where you have it, or rotate once more."
)


@sensitive_variables("text")
def restore(rotation: Rotation, *, actor: Actor) -> None:
    """Let the vault give out the old secret again; where it does, or never gave out the new one, nothing is done.

    Raises Conflict `old_value_not_in_vault`, and a VaultError.
    """
    old, new, place = rotation.old, rotation.new, place_of(rotation.store_at)
    if old is None or new is None or place is None:
        return
    where: dict[str, Any] = {"tenant_id": new.identity.tenant_id, "environment": new.identity.environment}
    if write_back.holds(place, None, old, actor=actor) or not _was_there(old, place):
        _end(place, rotation, actor, where)
        return
    if not write_back.holds(place, None, new, actor=actor):
        return  # somebody else's value by now, or still what was there before
    text = _found(rotation, old, place, actor, where)
    expected = vaults.newest_version(place, **where)
    version = vaults.write_secret(place, text, expected_version=expected, actor=actor, **where)
    old.stored_at = {**place.as_json(), "version": version}
    old.save(update_fields=["stored_at"])


def _was_there(old: ClientSecret, place: SecretReference) -> bool:
    return place_of(old.stored_at) == place


def _found(
    rotation: Rotation, old: ClientSecret, place: SecretReference, actor: Actor, where: dict[str, Any]
) -> SecretText:
    for version in _candidates(rotation, old, place, where):
        text = write_back.holds(place, version, old, actor=actor)
        if text is not None:
            return text
    raise Conflict(GONE, code="old_value_not_in_vault")


def _candidates(rotation: Rotation, old: ClientSecret, place: SecretReference, where: dict[str, Any]) -> Iterator[str]:
    """Where it rested before, as far as is known; then whatever else the vault tells of."""
    known = dict.fromkeys((row or {}).get("version") for row in (rotation.store_at, old.stored_at))
    yield from (version for version in known if version)
    for version in vaults.list_versions(place, **where)[:MOST]:
        if version.is_readable and version.name not in known:
            yield version.name


def _end(place: SecretReference, rotation: Rotation, actor: Actor, where: dict[str, Any]) -> None:
    """A version that waits, or lies where the old secret never was, holds what is about to be a dead secret."""
    if not rotation.delivery_version:
        return
    version = SecretReference.from_json({**place.as_json(), "version": rotation.delivery_version})
    with suppress(VaultError):  # a vault that keeps it holds a dead secret: untidy, and no harm
        if write_back.holds(place, rotation.delivery_version, rotation.new, actor=actor):  # type: ignore[arg-type]
            vaults.destroy_secret(version, actor=actor, reason="Rolled back", **where)
