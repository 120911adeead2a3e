"""The account that a row stands for: how a service user signs in, and whether its session goes on."""

from collections.abc import Sequence
from functools import cached_property

from django.utils import timezone

from identities.admin.pages import address_of, link_to
from identities.admin.parts import Block, Fact, Facts, Link, Notice
from identities.admin.service_user_rows import (
    last_seen,
    password_age,
    refresh_state,
    role_badge,
    state_badge,
    why_failing,
)
from identities.admin.tabs.base import IdentityTab
from identities.inventory.models import ManagedIdentity
from identities.people.models import User
from identities.service_users import selectors
from identities.service_users.models import ServiceUser


class AccountTab(IdentityTab):
    """Only for a row that stands for an account."""

    kind = "account"
    label = "Account"
    position = 12

    @classmethod
    def applies(cls, identity: ManagedIdentity) -> bool:
        return identity.account_id is not None

    @cached_property
    def user(self) -> User | None:
        """With what a list says of it; once for the tab and its notice."""
        known = User.objects.filter(pk__in=[self.identity.account_id])
        return selectors.listed(known, at=timezone.now()).first()

    def blocks(self) -> Sequence[Block]:
        user = self.user
        if user is None:
            return []
        page = address_of(ServiceUser, user.pk) if user.is_agent else ""
        facts = [
            Fact("Service user" if user.is_agent else "Person", Link(user.email, page) if page else link_to(user)),
            Fact("Account", state_badge(user)),
            Fact("Portal role", role_badge(user)),
            Fact("Last sign-in", last_seen(user.last_login)),
            Fact("Refresh", refresh_state(user)),
            Fact("Password age", password_age(user)),
        ]
        text = (
            "It signs in with a user account: no secret of an identity is issued to it. Stopping one stops the other."
        )
        return [Facts("The account it stands for", facts, text)]

    def notices(self) -> Sequence[Block]:
        user = self.user
        if user is None or not user.is_active or user.refresh_invalidated_at is None:
            return []
        page = address_of(ServiceUser, user.pk, tab="incidents") if user.is_agent else ""
        said = why_failing(user.refresh_invalidated_reason)
        return [Notice("Its session cannot be refreshed.", said, "bad", "sync_problem", Link("Its account", page))]
