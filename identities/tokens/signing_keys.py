"""The life of a signing key: made, announced, used, retired, forgotten; or revoked when it leaked."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from identities.errors import Conflict, Missing, Unavailable
from identities.events import SigningKeyEvent
from identities.jose import keys as jose_keys
from identities.jose.sign import Signer
from identities.tokens import settings
from identities.tokens.keyring import PURPOSE, keyring
from identities.tokens.models import SigningKey
from identities.vaults import resealing, sealed_box

# A new key is published before it signs, and for longer than any cache of ours keeps a list (2 s) or we let others
# keep one (3 s): a verifier that asks again on an unknown kid always finds it.
ANNOUNCED_FOR = timedelta(seconds=4)
# Clock skew, and the seconds in which another process may still sign with the key it knew.
MARGIN = timedelta(seconds=70)


def current_signer(at: datetime) -> Signer:
    """The loaded key that signs at `at`; makes the first one where there is none yet."""
    try:
        return keyring.signer(at)
    except Unavailable:
        ensure_signing_key()
        keyring.forget()  # another process or thread may have made it, and told only itself
        return keyring.signer(timezone.now())


def ensure_signing_key() -> SigningKey:
    """The active key, made now if there is none. Safe when several processes start at once: one key wins."""
    found = _active()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            key = _make(at=timezone.now(), active_from=timezone.now())
            _record(SigningKeyEvent.CREATED, key, Actor.system("passport"))
    except IntegrityError:
        return _active() or SigningKey.objects.latest("created_at")
    _changed()
    return key


def follow_setting(*, actor: Actor) -> SigningKey:
    """The active key; where PASSPORT_SIGNING_ALG names another kind than its own, a rotation to that kind begins.

    For whoever starts the only process there is. Where several run, `rotate_signing_key` is called once all have the
    new setting, or those that have the old one would turn it back.
    """
    key = ensure_signing_key()
    if key.alg == settings.signing_algorithm() or key.activated_at > timezone.now():
        return key
    return rotate_signing_key(actor=actor)


@transaction.atomic
def rotate_signing_key(*, actor: Actor, announced_for: timedelta = ANNOUNCED_FOR) -> SigningKey:
    """A new key, published now, signing `announced_for` from now; the old one stays published until its tokens end.

    It is of the kind that PASSPORT_SIGNING_ALG names. Every process notices within that time. Returns the new key.
    Source: S0-24, promise 6.
    """
    active = list(SigningKey.objects.select_for_update().filter(retired_at__isnull=True).order_by("-activated_at"))
    at = timezone.now()
    active_from = at + announced_for
    if any(old.activated_at > at for old in active):
        raise Conflict("A rotation is under way; the new key does not sign yet.", code="rotation_under_way")
    for old in active:
        _retire(old, active_from)
    key = _make(at=at, active_from=active_from)
    _record(SigningKeyEvent.ROTATED, key, actor, previous=active[0] if active else None)
    _changed()
    return key


@transaction.atomic
def revoke_signing_key(kid: str, *, reason: str, actor: Actor) -> SigningKey:
    """Take a leaked key out of the key set at once: every token it signed is dead within five seconds.

    If it was the active key, a new one signs from now on. Raises Missing for an unknown kid, Conflict the second time.
    """
    key = SigningKey.objects.select_for_update().filter(kid=kid).first()
    if key is None:
        raise Missing(f"There is no signing key {kid}.")
    if key.revoked_at is not None:
        raise Conflict("This key has been revoked before.", code="already_revoked")
    at = timezone.now()
    was_active = key.retired_at is None or key.retired_at > at
    key.revoked_at, key.retired_at, key.sealed_private = at, at, ""
    key.save(update_fields=["revoked_at", "retired_at", "sealed_private"])
    _record(SigningKeyEvent.REVOKED, key, actor, reason=reason)
    if was_active:
        _replace(at, actor)
    _changed()
    return key


@transaction.atomic
def revoke_every_signing_key(*, reason: str, actor: Actor) -> int:
    """As `revoke_signing_key` for each that somebody could still verify with; a new key signs. Answers how many.

    With them every token goes that anybody holds, those too that this database knows nothing of.
    """
    live = SigningKey.objects.filter(revoked_at=None).exclude(removed_after__lt=timezone.now())
    # The one that signs goes last: the others are no successors of it.
    kids = list(live.order_by(F("retired_at").asc(nulls_last=True), "activated_at").values_list("kid", flat=True))
    for kid in kids:
        revoke_signing_key(kid, reason=reason, actor=actor)
    return len(kids)


def destroy_retired(at: datetime) -> int:
    """Wipe private parts that sign no more; the public rows stay as history. Answers how many."""
    retired = SigningKey.objects.filter(retired_at__lt=at - MARGIN).exclude(sealed_private="")
    return retired.update(sealed_private="")


def _active() -> SigningKey | None:
    return SigningKey.objects.filter(retired_at__isnull=True).order_by("-activated_at").first()


def _replace(at: datetime, actor: Actor) -> None:
    """After the key that signs was revoked: the announced successor signs at once, or a new key is made."""
    successor = _active()
    if successor is None:
        _record(SigningKeyEvent.CREATED, _make(at=at, active_from=at), actor)
    else:
        successor.activated_at = min(successor.activated_at, at)
        successor.save(update_fields=["activated_at"])


def _make(*, at: datetime, active_from: datetime) -> SigningKey:
    private = jose_keys.generate(settings.signing_algorithm())
    jwk = jose_keys.public_jwk(private.public_key())
    return SigningKey.objects.create(
        kid=jwk["kid"],
        alg=jwk["alg"],
        sealed_private=sealed_box.seal(jose_keys.to_der(private), PURPOSE, place=jwk["kid"]),
        public_jwk=jwk,
        created_at=at,
        activated_at=active_from,
    )


def _retire(key: SigningKey, at: datetime) -> None:
    key.retired_at, key.removed_after = at, at + settings.longest_lifetime() + MARGIN
    key.save(update_fields=["retired_at", "removed_after"])


def _record(
    event: SigningKeyEvent, key: SigningKey, actor: Actor, *, previous: SigningKey | None = None, reason: str = ""
) -> None:
    audit.record(
        event,
        actor=actor,
        subject=Subject(kind="signing_key", id=key.kid, label=key.kid),
        reason=reason,
        changes={"kid": {"previous": previous.kid, "current": key.kid}} if previous else None,
        details={"activated_at": key.activated_at.isoformat(), "alg": key.alg},
    )


def _changed() -> None:
    keyring.forget()
    transaction.on_commit(keyring.forget)


SEALED = resealing.text_column("signing keys", SigningKey, "sealed_private", PURPOSE, lambda key: str(key.kid))
