"""The one-page policy: the rules of a tenant as people read them, on one sheet when printed (S3-70)."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from identities.access.matrix import Duty
from identities.admin.commands import Command, Done
from identities.admin.pages import Way
from identities.admin.parts import Badge, Block, Code, Empty, Lines, Link, Moment, Table
from identities.admin.policy_forms import PolicyForm, preview, rules_of
from identities.admin.press import PREVIEW
from identities.admin.rotation_rows import OUTCOMES, span
from identities.admin.scope import Scope, scope_of
from identities.admin.wording import label_of
from identities.errors import DomainError
from identities.inventory import services as inventory
from identities.inventory.auth_methods import VERDICTS
from identities.inventory.models import TenantStandards
from identities.inventory.standards import NEVER_ALLOWED, Standards, standards_from
from identities.inventory.vocabulary import AuthMethod, Kind, RiskTier

NOWHERE = Empty(
    "Choose a tenant first",
    "You are looking at every tenant. Each has a policy of its own: choose one in the switch at the top.",
    icon="domain",
)
TONES = {
    "eliminate": "bad", "legacy": "bad", "last resort": "warn", "transitional": "warn", "moderate": "warn",
    "best default": "good", "excellent when mature": "good", "very good": "good",
}  # fmt: skip


def _closed(call: Any) -> Done:
    raise NotImplementedError("The policy has a page of its own.")


def page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """The policy of the tenant looked at; everybody who reads the register reads it."""
    scope = scope_of(request)
    row = TenantStandards.objects.filter(tenant_id=scope.chosen.pk).first() if scope.chosen else None
    standards = standards_from(row.rules if row else {})
    may = scope.chosen is not None and scope.may(Duty.GOVERN, scope.chosen.pk)
    context = {
        **site.each_context(request),
        "title": "Policy",
        "crumbs": [Link("Policy")],
        "nowhere": None if scope.chosen else NOWHERE,
        "tenant": scope.chosen,
        "standards": standards,
        "tiers": _tiers(standards),
        "methods": _methods(standards),
        "kinds": _kinds(standards),
        "changed": Moment(row.updated_at) if row else None,
        "changed_by": row.updated_by if row else "",
        "ways": [Way("Edit", reverse("admin:policy_edit"), "edit", primary=True)] if may else [],
    }
    return TemplateResponse(request, "steward/policy.html", context)


def edit(site: Any, request: HttpRequest) -> HttpResponseBase:
    """The form, what a change would mean, and the change. ADMIN only."""
    scope = scope_of(request)
    if scope.chosen is None:
        return HttpResponseRedirect(reverse("admin:policy"))
    if not scope.may(Duty.GOVERN, scope.chosen.pk):
        raise PermissionDenied
    row = TenantStandards.objects.filter(tenant_id=scope.chosen.pk).first()
    before = standards_from(row.rules if row else {})
    form = PolicyForm(request.POST or None, initial=PolicyForm.initial_of(before), tenant_id=scope.chosen.pk)
    found: Sequence[Block] = ()
    if request.method == "POST" and PREVIEW in request.POST:
        found = _foreseen(form, scope)
    elif request.method == "POST" and form.is_valid() and _is_saved(form, before, scope, _version(row)):
        messages.success(request, "The policy is changed, and in force from now on.")
        return HttpResponseRedirect(reverse("admin:policy"))
    command = Command(
        key="edit", label="Edit the policy", run=_closed, form=PolicyForm, preview=preview(scope.chosen.pk),
        submit="Save",
    )  # fmt: skip
    context = {
        **site.each_context(request),
        "title": "Edit the policy",
        "crumbs": [Link("Policy", reverse("admin:policy")), Link("Edit")],
        "command": command,
        "form": form,
        "foreseen": found,
        "seen": form.data.get("seen") or _version(row),
        "target_tenant": scope.chosen,
        "intro": "What is made, rotated and judged is held to these rules from the moment they are saved.",
        "back": reverse("admin:policy"),
    }
    return TemplateResponse(request, "steward/command.html", context, status=422 if form.errors else 200)


def _foreseen(form: PolicyForm, scope: Scope) -> Sequence[Block]:
    shown = preview(scope.chosen.pk)  # type: ignore[union-attr]  # the caller has asked
    form.look_only_at(shown.fields)
    if form.errors:
        return ()
    try:
        return shown.blocks(form.cleaned_data)
    except DomainError as error:
        form.refuse(error)
        return ()


def _is_saved(form: PolicyForm, before: Standards, scope: Scope, version: str) -> bool:
    if form.data.get("seen", version) != version:
        form.add_error(None, "Somebody changed the policy while you were editing. Look at it again before you save.")
        return False
    try:
        inventory.change_standards(
            tenant_id=scope.chosen.pk,  # type: ignore[union-attr]  # the caller has asked
            rules=rules_of(form.cleaned_data, before),
            actor=scope.actor,
            reason=form.cleaned_data["reason"],
        )
    except DomainError as error:
        form.refuse(error)
        return False
    return True


def _version(row: TenantStandards | None) -> str:
    return row.updated_at.isoformat() if row else ""


def _tiers(standards: Standards) -> Table:
    rows = [
        [
            str(tier.label),
            f"every {standards.rotation_days[tier]} days",
            f"every {standards.review_days[tier]} days",
            span(3600 * standards.overlap_hours[tier]),
            f"after {span(3600 * standards.silent_hours[tier])} of silence",
            OUTCOMES[standards.after_deadline[tier]],
        ]
        for tier in RiskTier
    ]
    heads = ["Risk tier", "Rotate", "Review", "Overlap at most", "Old secret ends", "Used after the overlap"]
    return Table("How long it lasts", heads, rows, Empty("No tiers"))


def _methods(standards: Standards) -> Table:
    rows = []
    for method in AuthMethod:
        if method is AuthMethod.UNKNOWN:
            continue
        verdict = VERDICTS[method.value]
        allowed = [
            "yes" if method.value in standards.auth_methods.get(tier, ()) and method not in NEVER_ALLOWED else "no"
            for tier in RiskTier
        ]
        drawn = [Badge(word, "good" if word == "yes" else "quiet") for word in allowed]
        rows.append(
            [label_of(method), Badge(verdict.verdict, TONES.get(verdict.verdict, "info")), *drawn, verdict.best_for]
        )
    headers = ["Way to prove oneself", "Verdict", *(str(tier.label) for tier in RiskTier), "Best for"]
    return Table("Which credentials are allowed, by risk tier", headers, rows, Empty("None"))


def _kinds(standards: Standards) -> Table:
    named = [kind for kind in Kind if kind.value in {*standards.auth_methods_by_kind, *standards.naming}]
    rows = [
        [
            label_of(kind),
            "; ".join(label_of(AuthMethod(each)) for each in standards.auth_methods_by_kind.get(kind.value, ()))
            or "as its tier",
            Lines([Code(standards.naming[kind.value])]) if kind.value in standards.naming else "any",
        ]
        for kind in named
    ]
    empty = Empty(
        "No kind has rules of its own", "Every kind follows its risk tier, and any name will do.", icon="rule"
    )
    return Table("Kinds with rules of their own", ["Kind", "Allowed", "Names fit"], rows, empty)
