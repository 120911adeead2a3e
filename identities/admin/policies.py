"""Resource policies: Cedar text that rules who may run a workflow, checked before it is kept."""

from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from identities.admin.base import CommandAdmin
from identities.admin.cedar_words import in_words
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import ChangedReasonForm, CommandForm, source
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, list_of
from identities.admin.parts import Badge, Block, Code, Empty, Entry, Fact, Facts, Moment, Source, Timeline
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.policies import engine, services as policies
from identities.policies.models import ResourcePolicy
from identities.policies.statements import split

EXAMPLE = """@id("payroll-night-only")
@reason("Payroll runs at night")
forbid (principal, action == Action::"workflow.execute", resource)
when { context.hour >= 6 && context.hour < 22 };
"""
HELP = """Each rule carries @id("…") and @reason("…"): the reason is what a refused run shows.
Only forbid rules: everything else is allowed. As soon as there is one permit rule, what no rule allows is refused.
A rule may speak of principal.name, .roles, .environment, .kind, .riskTier, .certified, .isServiceAccount; of
resource.name; and of context.trigger, .environment, .hour, .minute, .weekday (1 is Monday), .day, .month and
.scheduledFor."""


class PolicyForm(CommandForm):
    """A policy's name and text."""

    asks_change = True

    name = forms.CharField(max_length=120)
    text = source(label="Rules (Cedar)", rows=16, initial=EXAMPLE, help_text=HELP)


def _create(call: Call) -> Done:
    policy = policies.create_policy(tenant_id=call.tenant.pk, **call.values, actor=call.actor)
    return Done(f"Policy {policy} is kept. Name it on a workflow to make it rule.", obj=policy)


def _change(call: Call) -> Done:
    policies.change_policy(call.obj, **call.changes, actor=call.actor)
    return Done("Saved. The next decision asks the new text.", obj=call.obj)


def _remove(call: Call) -> Done:
    policies.remove_policy(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done("The policy is deleted.", href=list_of(ResourcePolicy))


def rules_of(text: str) -> Sequence[Entry]:
    """The rules of a policy, each in plain words."""
    try:
        known = list(engine.compile(text).rules.values())
    except engine.BadPolicy:
        return ()
    return [
        Entry(
            at=None,
            title=rule.id,
            text=in_words(statement.text),
            tone="good" if rule.permits else "warn",
            icon="check" if rule.permits else "block",
            facts=[Fact("Reason it gives", rule.reason)],
        )
        for rule, statement in zip(known, split(text), strict=False)
    ]


@admin.register(ResourcePolicy, site=site)
class PolicyAdmin(CommandAdmin):
    """The policies of a tenant."""

    called: ClassVar[str] = "Policies"
    list_display = ("name", "rule_count", "changed")
    search_fields = ("name", "text")
    search_help_text = "Name or text"
    ordering = ("name",)
    empty_list = Empty(
        "No policies yet",
        "Without a policy the role alone decides who may run a workflow. A policy adds when, where and whom.",
        icon="policy",
    )
    creation: ClassVar[Command] = Command(key="add", label="New policy", run=_create, form=PolicyForm)
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="edit",
            label="Edit",
            icon="edit",
            run=_change,
            form=PolicyForm,
            initial=PolicyForm.initial_of,
            title="Edit policy",
        ),
        Command(
            key="remove",
            label="Delete",
            icon="delete",
            danger=True,
            run=_remove,
            form=ChangedReasonForm,
            title="Delete policy",
            confirm="Only a policy that rules nothing can be deleted: taking it away would open what it closes.",
        ),
    )

    @column("Rules")
    def rule_count(self, policy: ResourcePolicy) -> object:
        rules = rules_of(policy.text)
        return f"{len(rules)} rule{'s' if len(rules) != 1 else ''}"

    @column("Changed", order="updated_at")
    def changed(self, policy: ResourcePolicy) -> object:
        return Moment(policy.updated_at)

    def page(self, request: HttpRequest, obj: ResourcePolicy, scope: Scope) -> Page:
        tabs = [Tab("rules", "Rules", lambda: self._rules(obj)), *timeline_tab(scope, obj)]
        has_permit = any(entry.tone == "good" for entry in rules_of(obj.text))
        badge = (
            Badge("what no rule allows is refused", "warn")
            if has_permit
            else Badge("what no rule forbids is allowed", "good")
        )
        return Page(obj.name, tabs, [badge])

    def _rules(self, policy: ResourcePolicy) -> list[Block]:
        empty = Empty(
            "The text does not hold any more", "Edit the policy: it refuses everything as it stands.", icon="error"
        )
        about = [Fact("Fingerprint", Code(policy.content_hash[:16])), Fact("Changed", Moment(policy.updated_at))]
        return [
            Timeline("In plain words", list(rules_of(policy.text)), empty),
            Source("Cedar", policy.text),
            Facts("About", [*about, Fact("Id", Code(str(policy.pk), copy=True))]),
        ]
