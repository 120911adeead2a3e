"""After break-glass: ended, rotated, reviewed by somebody else within a day, and only then closed."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.models import RoleBinding
from identities.elevations import aftermath, break_glass, replacing
from identities.elevations.models import BreakGlassGrant
from identities.errors import Conflict, Invalid, Refused
from identities.people.actors import actor_of
from identities.people.models import Notice, PortalRole, User
from identities.tokens.models import IssuedToken
from tests.factories import people
from tests.identities.elevations.conftest import Cast, somebody

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=31)
DAY = timedelta(days=1)


@pytest.fixture
def used(cast: Cast) -> BreakGlassGrant:
    return break_glass.use(cast.armed(), reason="The ledger stands", actor=cast.actor("asker"))


def over(used: BreakGlassGrant) -> BreakGlassGrant:
    """Ended, and what it used replaced by hand: ready to be closed."""
    ended = aftermath.end_use(used, reason="It goes again", actor=Actor.system("tests"))
    replacing.replace_due(timezone.now())
    return aftermath.rotated_by_hand(ended, note="New secret at the host", actor=actor_of(somebody(used.tenant)))


def review(row: BreakGlassGrant, by: User, text: str = "Looked at every call") -> BreakGlassGrant:
    return aftermath.review(row, text=text, actor=actor_of(by))


def test_the_end_takes_the_role_and_every_token_of_the_time(cast: Cast, used: BreakGlassGrant) -> None:
    at = timezone.now()
    IssuedToken.objects.create(
        identity=cast.bot, kid="k", scope="roles", issued_at=at, expires_at=at + timedelta(hours=1)
    )
    with pytest.raises(Invalid):
        aftermath.end_use(used, reason="", actor=cast.actor("asker"))
    ended = aftermath.end_use(used, reason="It goes again", actor=cast.actor("asker"))
    assert ended.state == "review"
    assert not RoleBinding.objects.effective(timezone.now()).exists()
    cast.bot.refresh_from_db()
    assert cast.bot.tokens_revoked_at is not None
    assert cast.bot.tokens_revoked_at >= at
    with pytest.raises(Conflict):
        aftermath.end_use(used, reason="again", actor=cast.actor("asker"))


def test_it_is_tended_when_its_time_is_over_and_once(cast: Cast, used: BreakGlassGrant) -> None:
    assert aftermath.tend(timezone.now()) == 0
    with time_machine.travel(timezone.now() + LATER, tick=False):
        assert aftermath.tend(timezone.now()) == 1
        assert aftermath.tend(timezone.now()) == 0
    used.refresh_from_db()
    assert (used.state, used.rotation["state"]) == ("review", "due")
    assert used.review_by == used.use_ends_at + DAY  # type: ignore[operator]
    waits = Notice.objects.filter(kind="break_glass_review", waits=True)
    assert {notice.person for notice in waits} == {cast.owner, cast.security}


def test_what_it_used_is_replaced_by_hand_where_no_vault_holds_it(cast: Cast, used: BreakGlassGrant) -> None:
    ended = aftermath.end_use(used, reason="x", actor=cast.actor("asker"))
    assert replacing.replace_due(timezone.now()) == 1
    assert replacing.replace_due(timezone.now()) == 0
    ended.refresh_from_db()
    assert ended.rotation["state"] == "by_hand"
    assert Notice.objects.filter(kind="break_glass_rotate", waits=True, done_at=None).exists()
    with pytest.raises(Conflict) as refused:
        review(ended, cast.security)
    assert refused.value.code == "rotation_by_hand"
    with pytest.raises(Invalid):
        aftermath.rotated_by_hand(ended, note=" ", actor=cast.actor("security"))
    with pytest.raises(Refused):
        aftermath.rotated_by_hand(ended, note="x", actor=Actor.system("x"))
    aftermath.rotated_by_hand(ended, note="Done at the host", actor=cast.actor("security"))
    assert not Notice.objects.filter(kind="break_glass_rotate", done_at=None).exists()
    assert review(ended, cast.security).state == "closed"
    with pytest.raises(Conflict):
        aftermath.rotated_by_hand(ended, note="again", actor=cast.actor("security"))


def test_nobody_reviews_what_runs(cast: Cast, used: BreakGlassGrant) -> None:
    with pytest.raises(Conflict) as refused:
        review(used, cast.security)
    assert refused.value.code == "not_in_review"


def test_it_is_not_closed_by_its_user_nor_without_a_text_nor_by_who_has_no_say(
    cast: Cast, used: BreakGlassGrant
) -> None:
    row = over(used)
    for text in ("", "  ", "x" * 4001):
        with pytest.raises(Invalid):
            review(row, cast.security, text)
    agent = people.agent(of=cast.bot.tenant, role=PortalRole.ADMIN)
    analyst = somebody(cast.bot.tenant, PortalRole.ANALYST)
    for who in (cast.asker, cast.stranger, agent, analyst):
        with pytest.raises(Refused):
            review(row, who)
    with pytest.raises(Refused):
        aftermath.review(row, text="x", actor=Actor.system("x"))
    closed = review(row, cast.owner)
    assert (closed.state, closed.reviewed_by) == ("closed", cast.owner.email)
    assert not Notice.objects.filter(kind="break_glass_review", done_at=None).exists()


def test_another_account_of_its_user_and_one_that_came_after_are_no_second_person(
    cast: Cast, used: BreakGlassGrant
) -> None:
    row = over(used)
    young = people.person(of=cast.bot.tenant)
    same = somebody(cast.bot.tenant, name="asker+2")
    for who in (young, same):
        with pytest.raises(Refused):
            review(row, who)


def test_by_its_dates_it_can_be_reviewed_with_no_task_run(cast: Cast, used: BreakGlassGrant) -> None:
    with time_machine.travel(timezone.now() + LATER, tick=False):
        assert review(used, cast.security).state == "closed"
    used.refresh_from_db()
    assert used.rotation["state"] == "due"


def test_after_a_day_it_is_late_once_and_stays_shut(cast: Cast, used: BreakGlassGrant) -> None:
    with time_machine.travel(timezone.now() + LATER + DAY, tick=False):
        aftermath.tend(timezone.now())
        aftermath.tend(timezone.now())
        with pytest.raises(Conflict) as refused:
            cast.arm()
    assert refused.value.code == "review_open"
    assert AuditEvent.objects.filter(type="break_glass.review_late").count() == 1
    assert {notice.person for notice in Notice.objects.filter(kind="break_glass_late")} == {cast.security}


def test_reviewed_it_frees_the_next(cast: Cast, used: BreakGlassGrant) -> None:
    review(over(used), cast.security)
    assert cast.arm().state == "asked"


def test_what_was_never_used_lapses(cast: Cast) -> None:
    grant = cast.armed()
    assert aftermath.tend(grant.valid_until) == 1
    grant.refresh_from_db()
    assert grant.state == "expired"
    assert AuditEvent.objects.filter(type="break_glass.expired").count() == 1
