"""The red banner: runs that ended for a reason of identity, secret or token, with cause, owner and what mends it."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from identities.access.matrix import Duty
from identities.admin.pages import address_of, command_of, list_of
from identities.admin.parts import Lines, Link, Live, Moment, Notice, Quiet
from identities.admin.scope import Scope, scope_of
from identities.inventory.models import ManagedIdentity
from scheduling.models import Schedule, ScheduleRun
from scheduling.services.blocking import blocked

SHOWN = 3
WORDS = {
    "identity_not_found": "its identity does not exist",
    "identity_disabled": "its identity may not work",
    "secret_unresolved": "its secret does not resolve",
    "mint_refused": "no token was given",
}


def banners(scope: Scope, **narrowed: Any) -> Live:
    """A notice for each blocked schedule in the scope, the newest first, in a place that keeps itself up to date."""
    # The page of one thing is open also while another tenant is looked at.
    duty = Duty.READ_REGISTER
    tenants = scope.principal.visible_tenants(duty) if narrowed else scope.tenant_ids(duty)
    query = "&".join(f"{name}={value}" for name, value in narrowed.items())
    return Live(f"{reverse('admin:scheduling_blocked')}?{query}".rstrip("?"), _notices(scope, tenants, narrowed))


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The place alone, for the page that asks again; `?schedule=` or `?identity=` narrows it."""
    narrowed: dict[str, Any] = {}
    for name in ("schedule", "identity"):
        try:
            narrowed |= {name: UUID(request.GET[name])} if name in request.GET else {}
        except ValueError:
            return HttpResponse(status=404)
    return HttpResponse(str(banners(scope_of(request), **narrowed)))


def _notices(scope: Scope, tenants: Collection[UUID] | None, narrowed: dict[str, Any]) -> Sequence[Notice]:
    columns = {"schedule": "pk", "identity": "managed_identity_id"}
    rows = blocked(tenants).filter(**{columns[name]: value for name, value in narrowed.items()})
    found = list(rows[: SHOWN + 1])
    notices = [_notice(schedule, scope) for schedule in found[:SHOWN]]
    if len(found) > SHOWN:
        more = Link("All of them", list_of(Schedule, state="blocked"))
        notices.append(Notice("More schedules cannot act as their identity.", "", "bad", "key_off", more))
    return notices


def _notice(schedule: Any, scope: Scope) -> Notice:
    who = schedule.technical_owner or schedule.business_owner or "nobody: the identity has no owner"
    run = Link("See the run", address_of(ScheduleRun, schedule.blocked_run_id))
    cause = schedule.blocked_reason.rstrip(".") + "."
    parts = [Quiet("Since"), Moment(schedule.blocked_since, exact=True), Quiet("Owner"), who, run]
    text = Lines([cause, Lines(parts, row=True)])
    title = f"{schedule.name} cannot act as its identity: {WORDS.get(schedule.blocked_code, schedule.blocked_code)}."
    return Notice(title, text, "bad", "key_off", _mend(schedule, scope))


def _mend(schedule: Any, scope: Scope) -> Link | None:
    """The button that mends it: where that is one step, the step itself. Who may not press it is shown the identity."""
    identity = ManagedIdentity(pk=schedule.managed_identity_id)
    if not scope.may(Duty.GOVERN, schedule.tenant_id):
        known = schedule.identity_name
        return Link(f"Open {known}", address_of(ManagedIdentity, identity.pk)) if known else None
    if schedule.identity_name is None:
        return Link("Choose another identity", command_of(schedule, "edit"))
    if schedule.identity_state == "disabled":
        return Link(f"Enable {schedule.identity_name}", command_of(identity, "enable"))
    if schedule.identity_state != "active":
        return Link(f"Open {schedule.identity_name}", address_of(ManagedIdentity, identity.pk))
    if schedule.blocked_code == "mint_refused":
        return Link("Issue a new secret", command_of(identity, "issue-secret"))
    if schedule.blocked_code == "secret_unresolved":
        return Link("Mend its secret reference", command_of(schedule, "edit"))
    return Link("Run it again", command_of(schedule, "run-now"))
