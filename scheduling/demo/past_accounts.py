"""The past of the demo's service users: how old they are, what they called, and how one is moving over.

Part of `history`, by the same licence.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from identities.access.models import RoleBinding
from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.people import refresh_tokens
from identities.people.models import RefreshToken, User
from identities.policies.models import AuthorizationDecision, DecisionOutcome, DecisionStage
from identities.service_users.models import Replacement
from identities.statements.prepared import insert_many
from scheduling.demo.accounts import Account, Call
from scheduling.demo.shapes import DAY, HOUR

SINCE_DAYS = 30
#: How long its session has gone on, and how long ago the other began to take over.
SIGNED_IN, BEGUN = 12 * DAY, 4 * DAY
#: Of what moves over, from one day to the next: how much of it the identity does.
SHARES = (0.0, 0.25, 0.5, 0.75)
IDENTITY_USED = 0.7 * HOUR


def write(user: User, wanted: Account, at: datetime, *, family: UUID | None) -> None:
    """Give a new account its age and what it called, and the session `family` that it signed in to some days ago."""
    used = at - wanted.used * HOUR
    made = at - wanted.age * DAY
    signed_in = at - SIGNED_IN if family else None
    facts = {"created_at": made, "password_set_at": at - wanted.password_age * DAY, "last_login": signed_in}
    User.objects.filter(pk=user.pk).update(**facts)
    dates = {"created_at": made, "state_changed_at": made, "last_used_at": used}
    ManagedIdentity.objects.filter(account=user).update(**dates)
    insert_many([_decision(user, call, moment) for moment, call in _moments(wanted.calls, at, used)])
    if family:
        _continue(user, family, used)


def move_over(replacement: Replacement, at: datetime) -> None:
    """Begin some days ago; since then the identity does more each day of what the account did."""
    begun, identity, account = at - BEGUN, replacement.identity, replacement.account
    Replacement.objects.filter(pk=replacement.pk).update(
        begun_at=begun, overdue_at=replacement.overdue_at - (replacement.begun_at - begun)
    )
    used = at - IDENTITY_USED
    ManagedIdentity.objects.filter(pk=identity.pk).update(created_at=begun, state_changed_at=begun, last_used_at=used)
    RoleBinding.objects.filter(identity=identity).update(created_at=begun, valid_from=begun, last_used_at=used)
    ClientSecret.objects.filter(identity=identity).update(
        created_at=begun, first_used_at=begun + DAY, last_used_at=used, uses=11
    )
    rows = AuthorizationDecision.objects.filter(actor_id=str(account.pk), at__gte=begun).order_by("at")
    moved = [row.pk for number, row in enumerate(rows) if _has_moved(number, row.at - begun)]
    AuthorizationDecision.objects.filter(pk__in=moved).update(
        actor_kind="identity", actor_id=str(identity.pk), actor_label=identity.name
    )


def _moments(calls: Iterable[Call], at: datetime, used: datetime) -> Iterator[tuple[datetime, Call]]:
    """When it called what, oldest first: each call spread over the day, the last of all at `used`."""
    found = [
        (at - days * DAY - (number + 0.5) * DAY / call.a_day, call)
        for call in calls
        for days in range(SINCE_DAYS)
        for number in range(call.a_day)
    ]
    found = [one for one in found if one[0] < used] + [(used, call) for call in calls]
    yield from sorted(found, key=lambda one: one[0])


def _decision(user: User, call: Call, moment: datetime) -> AuthorizationDecision:
    return AuthorizationDecision(
        at=moment,
        tenant_id=user.tenant_id,
        actor_kind="service_user",
        actor_id=str(user.pk),
        actor_label=user.email,
        permission=call.permission,
        machine_permission=call.machine,
        resource_kind=call.kind,
        outcome=DecisionOutcome.ALLOW,
        stage=DecisionStage.API,
        correlation_id=str(uuid4()),
        address="10.20.4.33",
    )


def _has_moved(number: int, since: timedelta) -> bool:
    share = SHARES[min(since // DAY, len(SHARES) - 1)]
    return number % 4 < 4 * share


def _continue(user: User, family: UUID, used: datetime) -> None:
    """The refreshes of its session, one a day: each token used by the next, the last one still good."""
    last = RefreshToken.objects.get(user=user, family=family)
    moments = [used - days * DAY for days in range(SIGNED_IN // DAY, 0, -1)]
    life = last.expires_at - last.issued_at
    insert_many(
        [
            RefreshToken(
                user=user,
                family=family,
                token_hash=refresh_tokens.digest(f"nobody ever held {uuid4()}"),
                issued_at=moment,
                expires_at=moment + life,
                used_at=moment + DAY,
            )
            for moment in moments
        ]
    )
    RefreshToken.objects.filter(pk=last.pk).update(issued_at=used, expires_at=used + life)
