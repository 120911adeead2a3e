"""Roles and bindings: made, changed, held and ended."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import AuditEvent
from identities.access import selectors, services as access
from identities.access.models import Role, RoleBinding
from identities.errors import Conflict, Invalid
from identities.inventory.states import State
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def role(of, name="payroll-executor", permissions=("workflow.execute",)):
    return access.create_role(tenant=of, name=name, permissions=permissions, actor=cast.SYSTEM)


def grant(identity, to_give, **span):
    span.setdefault("valid_until", timezone.now() + DAY)
    return access.grant(identity, to_give, reason="payroll", actor=cast.SYSTEM, **span)


def test_an_unknown_permission_is_refused_by_name():
    with pytest.raises(Invalid) as refused:
        role(cast.tenant(), permissions=["workflow.execute", "workflow.everything"])
    assert "workflow.everything" in refused.value.errors["permissions"][0]


@pytest.mark.parametrize("name", ["", " ", "-x", "x" * 101, "a\nb", "<b>", "a\u202eb"])
def test_a_name_that_does_not_belong_into_a_token_is_refused(name):
    if name == "a\nb":
        assert role(cast.tenant(), name=name).name == "a b"
        return
    with pytest.raises(Invalid) as refused:
        role(cast.tenant(), name=name)
    assert "name" in refused.value.errors


def test_a_roles_name_is_unique_in_its_tenant_whatever_its_case():
    tenant = cast.tenant()
    role(tenant)
    with pytest.raises(Invalid) as refused:
        role(tenant, name="Payroll-Executor")
    assert refused.value.code == "name_taken"
    assert role(cast.tenant())


def test_permissions_are_kept_once_and_in_order():
    made = role(cast.tenant(), permissions=["run.read", "identity.read", "run.read"])
    assert made.permissions == ["identity.read", "run.read"]


def test_a_changed_role_counts_at_once_for_those_who_hold_it():
    identity = bots.identity()
    held = role(identity.tenant)
    grant(identity, held)
    access.change_role(held, permissions=["run.read"], actor=cast.SYSTEM)
    assert selectors.effective_permissions(identity, timezone.now()) == {"run.read"}
    event = AuditEvent.objects.get(type="role.changed")
    assert event.changes["permissions"] == {"previous": ["workflow.execute"], "current": ["run.read"]}


def test_a_role_that_somebody_holds_or_held_is_not_deleted():
    identity = bots.identity()
    held = role(identity.tenant)
    binding = grant(identity, held)
    access.end_binding(binding, reason="moved", actor=cast.SYSTEM)
    with pytest.raises(Conflict) as refused:
        access.remove_role(held, actor=cast.SYSTEM)
    assert refused.value.code == "role_in_use"
    access.remove_role(role(identity.tenant, name="unused"), actor=cast.SYSTEM)
    assert Role.objects.get() == held
    assert AuditEvent.objects.get(type="role.removed").subject_label == "unused"


def test_a_new_identity_holds_nothing():
    identity = bots.identity()
    assert selectors.effective_roles(identity, timezone.now()) == []
    assert selectors.effective_permissions(identity, timezone.now()) == frozenset()


def test_a_role_is_held_from_its_first_instant_up_to_its_last():
    identity = bots.identity()
    start = timezone.now() + DAY
    grant(identity, role(identity.tenant), valid_from=start, valid_until=start + DAY)
    moments = [start - timedelta(microseconds=1), start, start + DAY - timedelta(microseconds=1), start + DAY]
    assert [bool(selectors.effective_roles(identity, at)) for at in moments] == [False, True, True, False]


def test_an_ended_binding_gives_nothing_from_then_on_and_stays_as_evidence():
    identity = bots.identity()
    binding = grant(identity, role(identity.tenant))
    ended = access.end_binding(binding, reason="moved", actor=cast.SYSTEM)
    assert selectors.effective_roles(identity, timezone.now()) == []
    assert RoleBinding.objects.get().ended_reason == "moved"
    assert not ended.is_effective(timezone.now())
    with pytest.raises(Conflict):
        access.end_binding(binding, reason="again", actor=cast.SYSTEM)


@pytest.mark.parametrize(("start", "end"), [(timedelta(0), timedelta(0)), (DAY, timedelta(hours=1)), (-2 * DAY, -DAY)])
def test_a_span_that_ends_before_it_starts_or_in_the_past_is_refused(start, end):
    identity, now = bots.identity(), timezone.now()
    with pytest.raises(Invalid) as refused:
        grant(identity, role(identity.tenant), valid_from=now + start, valid_until=now + end)
    assert "valid_until" in refused.value.errors


def test_the_database_refuses_a_span_that_ends_before_it_starts():
    identity = bots.identity()
    binding = grant(identity, role(identity.tenant))
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleBinding.objects.filter(pk=binding.pk).update(valid_until=binding.valid_from)


def test_a_grant_needs_a_reason():
    identity = bots.identity()
    with pytest.raises(Invalid) as refused:
        access.grant(identity, role(identity.tenant), valid_until=timezone.now() + DAY, reason="  ", actor=cast.SYSTEM)
    assert "reason" in refused.value.errors


def test_a_role_of_another_tenant_is_not_there():
    with pytest.raises(Invalid) as refused:
        grant(bots.identity(), role(cast.tenant()))
    assert refused.value.errors == {"role": ["There is no such role."]}


def test_a_retired_identity_gets_no_role():
    identity = bots.identity()
    bots.stop(identity, State.RETIRED)
    with pytest.raises(Conflict) as refused:
        grant(identity, role(identity.tenant))
    assert refused.value.code == "identity_retired"


def test_the_same_role_is_not_held_twice_at_once_but_may_follow_on():
    identity, now = bots.identity(), timezone.now()
    given = role(identity.tenant)
    first = grant(identity, given, valid_until=now + DAY)
    with pytest.raises(Conflict) as refused:
        grant(identity, given, valid_until=now + 3 * DAY)
    assert refused.value.code == "role_binding_overlaps"
    grant(identity, given, valid_from=first.valid_until, valid_until=now + 3 * DAY)
    access.end_binding(first, reason="sooner", actor=cast.SYSTEM)
    assert grant(identity, given, valid_until=now + DAY)


def test_a_grant_is_recorded_with_who_what_why_and_until_when():
    identity = bots.identity()
    admin = cast.person(of=identity.tenant)
    binding = grant(identity, role(identity.tenant))
    event = AuditEvent.objects.get(type="role_binding.granted")
    assert event.reason == "payroll"
    assert event.details["client_id"] == identity.client_id
    assert event.details["role"] == "payroll-executor"
    assert event.tenant_id == identity.tenant_id
    assert str(binding) == f"payroll-executor for {identity.name}"
    assert admin.is_active


def test_retirement_ends_what_is_held_now_and_what_was_to_come():
    identity, now = bots.identity(), timezone.now()
    grant(identity, role(identity.tenant))
    grant(identity, role(identity.tenant, name="later"), valid_from=now + DAY, valid_until=now + 2 * DAY)
    assert access.end_bindings_of(identity, reason="retired", actor=cast.SYSTEM) == 2
    assert not RoleBinding.objects.standing(now).exists()


def test_what_stands_on_a_role_but_not_in_the_closed_list_counts_for_nothing():
    identity = bots.identity()
    held = role(identity.tenant)
    grant(identity, held)
    Role.objects.filter(pk=held.pk).update(permissions=["run.read", "be.root", 7, None])
    assert selectors.effective_permissions(identity, timezone.now()) == {"run.read"}


def test_an_unknown_role_name_adds_no_permission_and_no_error():
    tenant = cast.tenant()
    role(tenant)
    assert selectors.permissions_of_role_names(tenant.pk, ["nobody-knows", "payroll-executor"]) == {"workflow.execute"}
    assert selectors.permissions_of_role_names(tenant.pk, ["nobody-knows"]) == frozenset()
