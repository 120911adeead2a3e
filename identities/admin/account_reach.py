"""Whose accounts somebody may change: as far as one's own hand reaches, and no farther."""

from identities.admin.scope import Scope
from identities.people.models import User


def as_far(scope: Scope, user: User) -> bool:
    """Whether the service would let them: `rules.check_account`."""
    return not user.is_wide or user.pk == scope.user.pk or scope.principal.is_platform_admin


def may_disable(scope: Scope, user: User) -> bool:
    """As `rules.check_may_disable`: to shut out who reads every tenant takes no such reach."""
    return not user.is_platform_admin or as_far(scope, user)
