"""Break-glass: approved by two, used once and aloud, over by its dates."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access import selectors as access, services as roles
from identities.access.models import RoleBinding
from identities.approvals import services as approvals
from identities.elevations import break_glass, selectors
from identities.elevations.models import BreakGlassGrant, BreakGlassState
from identities.errors import Conflict, Invalid, Refused
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import Notice, PortalRole
from tests.factories import people, tokens
from tests.identities.elevations.conftest import Cast, approval_of, somebody

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def may_write(bot: ManagedIdentity, at: datetime | None = None) -> bool:
    return "schedule.write" in access.effective_permissions(bot, at or timezone.now())


def use(cast: Cast, grant: BreakGlassGrant, by: str = "asker", reason: str = "The ledger stands") -> BreakGlassGrant:
    return break_glass.use(grant, reason=reason, actor=cast.actor(by))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("minutes", 0),
        ("minutes", 1441),
        ("justification", ""),
        ("owner", ""),
        ("valid_until", timezone.now() - DAY),
        ("valid_until", timezone.now() + 91 * DAY),
    ],
)
def test_what_does_not_fit_is_refused_by_name(cast: Cast, member: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        cast.arm(**{member: value})
    assert refused.value.errors.keys() == {member}


def test_who_only_reads_is_not_named_and_no_machine_arms(cast: Cast) -> None:
    for role in (PortalRole.READ_ONLY, PortalRole.AUDITOR):
        with pytest.raises(Invalid):
            cast.arm(owner=somebody(cast.bot.tenant, role).email)
    with pytest.raises(Refused):
        break_glass.arm(
            cast.bot,
            cast.writes,
            minutes=5,
            valid_until=timezone.now() + DAY,
            justification="x",
            owner=cast.asker.email,
            actor=Actor.system("x"),
        )


def test_two_others_approve_it_whatever_the_tier_and_neither_who_asks_nor_who_is_named(cast: Cast) -> None:
    ManagedIdentity.objects.filter(pk=cast.bot.pk).update(risk_tier="low")
    named = somebody(cast.bot.tenant, name="named")
    grant = cast.arm(owner=named.email)
    for who in (cast.asker, named):
        with pytest.raises(Refused):
            approvals.approve(approval_of(grant), reason="x", actor=actor_of(who))
    cast.approve(grant, "security")
    with pytest.raises(Conflict) as refused:
        break_glass.use(grant, reason="now", actor=actor_of(named))
    assert refused.value.code == "not_armed"
    assert cast.approve(grant, "owner").state == "armed"
    assert not may_write(cast.bot)


def test_armed_it_is_used_by_whom_it_names_or_an_admin_and_nobody_else(cast: Cast) -> None:
    grant = cast.armed()
    with pytest.raises(Invalid):
        use(cast, grant, reason=" ")
    for who in ("owner", "stranger"):
        with pytest.raises(Refused):
            use(cast, grant, by=who)
    with pytest.raises(Refused):
        break_glass.use(grant, reason="x", actor=Actor.system("x"))
    agent = people.agent(of=cast.bot.tenant, role=PortalRole.ADMIN)
    with pytest.raises(Refused):
        break_glass.use(grant, reason="x", actor=actor_of(agent))
    assert use(cast, grant, by="security").used_by == cast.security.email


def test_a_leaver_uses_nothing_any_more(cast: Cast) -> None:
    grant = cast.armed()
    cast.asker.is_active = False
    cast.asker.save()
    with pytest.raises(Refused):
        use(cast, grant)


def test_it_gives_the_role_at_once_for_its_minutes_and_ends_with_no_task_run(cast: Cast) -> None:
    used = use(cast, cast.armed())
    assert may_write(cast.bot)
    end = used.use_ends_at
    assert end is not None
    assert used.binding is not None
    assert used.binding.valid_until == end == used.used_at + timedelta(minutes=30)  # type: ignore[operator]
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert may_write(cast.bot)
        assert selectors.state_of(used, timezone.now()) is BreakGlassState.USED
    with time_machine.travel(end, tick=False):
        assert not may_write(cast.bot)
        assert selectors.state_of(used, timezone.now()) is BreakGlassState.REVIEW


def test_it_is_for_one_time(cast: Cast) -> None:
    grant = cast.armed()
    use(cast, grant)
    with pytest.raises(Conflict) as refused:
        use(cast, grant)
    assert refused.value.code == "break_glass_used"
    assert RoleBinding.objects.count() == 1


def test_unused_it_lapses_with_no_task_run(cast: Cast) -> None:
    grant = cast.armed()
    with time_machine.travel(grant.valid_until, tick=False):
        with pytest.raises(Conflict) as refused:
            use(cast, grant)
        assert refused.value.code == "break_glass_expired"
        assert selectors.state_of(grant, timezone.now()) is BreakGlassState.EXPIRED
        with pytest.raises(Conflict):
            break_glass.cancel(grant, reason="late", actor=cast.actor("security"))


def test_a_stop_holds_it_too(cast: Cast) -> None:
    grant = cast.armed()
    ManagedIdentity.objects.filter(pk=cast.bot.pk).update(state="quarantined")
    with pytest.raises(Conflict) as refused:
        use(cast, grant)
    assert refused.value.code == "wrong_state"


def test_while_one_is_unreviewed_none_is_armed_and_none_is_used(cast: Cast) -> None:
    first, second = cast.armed(), cast.armed(role=cast.reads)
    waiting = cast.arm(role=cast.reads)
    use(cast, first)
    for attempt in (lambda: use(cast, second), cast.arm):
        with pytest.raises(Conflict) as refused:
            attempt()
        assert refused.value.code == "review_open"
    assert waiting.state == "asked"


def test_everybody_concerned_hears_of_it_at_once(cast: Cast) -> None:
    grant = cast.armed()
    use(cast, grant)
    told = Notice.objects.filter(kind="break_glass_used")
    assert {notice.person for notice in told} == {cast.asker, cast.owner, cast.security}
    assert {notice.about_id for notice in told} == {str(grant.pk)}
    event = AuditEvent.objects.get(type="break_glass.used")
    assert (event.subject_id, event.reason) == (str(cast.bot.pk), "The ledger stands")


def test_it_is_taken_back_before_and_not_after_its_use(cast: Cast) -> None:
    asked, armed = cast.arm(role=cast.reads), cast.armed()
    with pytest.raises(Invalid):
        break_glass.cancel(armed, reason="", actor=cast.actor("asker"))
    assert break_glass.cancel(asked, reason="not needed", actor=cast.actor("asker")).state == "cancelled"
    used = use(cast, armed)
    with pytest.raises(Conflict):
        break_glass.cancel(used, reason="x", actor=cast.actor("security"))


def test_what_is_asked_for_and_never_answered_lapses(cast: Cast) -> None:
    grant = cast.arm()
    approvals.expire_due(timezone.now() + 8 * DAY)
    grant.refresh_from_db()
    assert grant.state == "expired"


def test_renewal_is_a_new_decision(cast: Cast) -> None:
    first = cast.armed()
    other = cast.armed(role=cast.reads)
    BreakGlassGrant.objects.filter(pk=other.pk).update(identity=tokens.identity(of=cast.bot.tenant))
    with pytest.raises(Invalid):
        cast.arm(renews=BreakGlassGrant.objects.get(pk=other.pk))
    renewal = cast.arm(renews=first)
    assert (renewal.state, renewal.renews_id) == ("asked", first.pk)
    with pytest.raises(Conflict):
        cast.arm(renews=renewal)


def test_armed_it_gives_no_more_than_was_approved(cast: Cast) -> None:
    grant = cast.armed(role=cast.reads)
    roles.change_role(cast.reads, permissions=["run.read", "schedule.write"], actor=cast.actor("security"))
    with pytest.raises(Conflict) as refused:
        use(cast, grant)
    assert refused.value.code == "changed_since"
    roles.change_role(cast.reads, permissions=["run.read"], actor=cast.actor("security"))
    assert use(cast, grant).state == BreakGlassState.USED
