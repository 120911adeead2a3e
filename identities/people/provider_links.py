"""Which of our people an account at the OIDC provider is: those we know already, and nobody is made by it."""

import hashlib
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from audit import selectors as trail, services as audit
from audit.actors import Actor, ActorKind
from identities.errors import Invalid, Missing, Refused
from identities.events import PersonEvent
from identities.people import selectors
from identities.people.actors import actor_of, subject_of
from identities.people.models import User
from identities.people.services import rules

LONGEST = 190


class NotOurs(Refused):
    """This account of the provider's opens nothing here; `reason` is for the audit, the stranger is not told which."""

    code = "provider_refused"

    def __init__(self, reason: str) -> None:
        super().__init__("This account of the provider's may not sign in here.")
        self.reason = reason


@transaction.atomic
def person_of(*, issuer: str, subject: str, email: str, is_verified: bool) -> User:
    """The active person who has signed in with this `subject` of `issuer` before, or whose address the provider has
    verified; from then on the subject counts, whatever becomes of the address there.

    Raises NotOurs: a stranger, a service user, a disabled account, an address that is not verified or that the account
    gave itself, and a second subject for somebody who has one (an address that was given to somebody else).
    """
    link = _links(issuer).filter(uid=_short(subject)).select_related("user").first()
    if link is not None:
        return _able(link.user)
    if not email or not is_verified:
        raise NotOurs("provider_address_not_verified" if email else "provider_unknown")
    # Outside ASCII there are letters that are somebody else's in lower case (the Kelvin sign is a k there).
    user = _able(selectors.by_email(email) if email.rpartition("@")[0].isascii() else None)
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if _links(issuer).filter(user=locked).exists():
        raise NotOurs("provider_other_subject")
    if _is_own_word(locked):
        raise NotOurs("provider_address_own_word")
    SocialAccount.objects.create(user=locked, provider=issuer[:LONGEST], uid=_short(subject), extra_data={})
    facts = {"issuer": issuer, "subject": subject[:LONGEST]}
    audit.record(PersonEvent.PROVIDER_LINKED, actor=actor_of(locked), subject=subject_of(locked), details=facts)
    return locked


def is_linked(user: User) -> bool:
    """Whether an account at a provider opens this one."""
    return bool(SocialAccount.objects.filter(user=user).exists())


@transaction.atomic
def unlink(user: User, *, actor: Actor, reason: str) -> None:
    """Forget the account at the provider: the next sign-in through it goes by the verified address again.

    Raises Invalid without a reason, Refused (`rules.check_account`), Missing where there is none.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    rules.check_account(locked, actor)
    gone, _ = SocialAccount.objects.filter(user=locked).delete()
    if not gone:
        raise Missing(f"{locked.email} does not sign in through a provider.")
    audit.record(PersonEvent.PROVIDER_UNLINKED, actor=actor, subject=subject_of(locked), reason=reason.strip())


def _is_own_word(user: User) -> bool:
    """Whether the account says of itself that this is its address: who registered, or changed it on their own page.

    Nobody has proved it then. Whoever holds a session could open the account for good with an address of theirs at the
    provider, or lie in wait under the address of somebody who is still to come.
    """
    said = trail.events(None, subject_kind="user").filter(
        subject_id=str(user.pk), type__in=(PersonEvent.CREATED, PersonEvent.CHANGED), changes__has_key="email"
    )
    last = said.first()
    return last is not None and (last.actor_kind == ActorKind.ANONYMOUS or last.actor_id == str(user.pk))


def _able(user: User | None) -> User:
    if user is None:
        raise NotOurs("provider_unknown")
    if user.is_agent:
        raise NotOurs("provider_service_user")
    if not user.is_active:
        raise NotOurs("provider_disabled")
    return user


def _links(issuer: str) -> Any:
    return SocialAccount.objects.filter(provider=issuer[:LONGEST])


def _short(subject: str) -> str:
    """As the column takes it: OpenID Connect allows 255 characters."""
    return subject if len(subject) <= LONGEST else hashlib.sha256(subject.encode()).hexdigest()
