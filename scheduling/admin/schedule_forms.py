"""The input for a schedule."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminSelect2Widget

from identities.admin.forms import CommandForm, Json, Section
from identities.admin.identity_fields import Somebody, UsableVault
from identities.admin.searching import OfTenant
from identities.inventory.models import ManagedIdentity
from identities.people.models import Team
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from scheduling.calendar import zones
from scheduling.models import MisfirePolicy, OverlapPolicy, Schedule, Workflow
from scheduling.services.facts import Facts

CRON_HELP = (
    "Five fields: minute, hour, day of month, month, day of week. Such as 0 2 1 * * for 02:00 on the first of each "
    "month, or */15 * * * 1-5 for every 15 minutes from Monday to Friday. “Next runs” below shows what it means."
)
INPUT_HELP = (
    "Handed to the workflow. May use {{schedule.triggerMonth}}, triggerDate, triggerTime, triggerYear, triggerDay, "
    "scheduledFor, name and id. Never a secret."
)


class RunningIdentity(OfTenant):
    """An identity that is not retired."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ManagedIdentity, by=("name", "client_id"), **kwargs)

    def narrow(self, tenant_id: Any) -> None:
        super().narrow(tenant_id)
        if self.queryset is not None:
            self.queryset = self.queryset.exclude(state="retired")

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.environment}{'' if obj.is_enabled else ', ' + obj.state})"


class ScheduleForm(CommandForm):
    """What runs, when, as whom, and what happens when things go wrong."""

    name = forms.CharField(max_length=200)
    workflow = OfTenant(Workflow, where={"deleted_at": None}, by=("name", "key"))
    cron_expression = forms.CharField(
        label="When (cron)", max_length=256, help_text=CRON_HELP, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=[(zone, zone) for zone in sorted(zones.names())],
        initial="UTC",
        widget=UnfoldAdminSelect2Widget(attrs={"data-width": "100%"}),
        error_messages={"invalid_choice": "There is no time zone “%(value)s”. Choose one such as Europe/Berlin."},
    )
    identity = RunningIdentity(label="Runs as", help_text="Every step is done in its name and with its permissions.")
    vault = UsableVault(label="Its secret lies in")
    secret_name = forms.CharField(
        max_length=300, help_text="A name in that vault. The value is fetched for each run and kept nowhere."
    )
    secret_version = forms.CharField(max_length=100, required=False, help_text="Empty: the newest.")
    input_data = Json(label="Input (JSON)", required=False, initial=dict, help_text=INPUT_HELP)
    max_attempts = forms.IntegerField(min_value=1, max_value=10, initial=1, help_text="Refusals are never tried again.")
    backoff_seconds = forms.IntegerField(
        min_value=1, initial=60, help_text="Before the second attempt; it doubles with each."
    )
    misfire_policy = forms.ChoiceField(
        label="Runs that were missed", choices=MisfirePolicy.choices, initial=MisfirePolicy.RUN_ONCE
    )
    overlap_policy = forms.ChoiceField(
        label="While one is still going", choices=OverlapPolicy.choices, initial=OverlapPolicy.SKIP
    )
    overlap_limit = forms.IntegerField(
        label="At most side by side", min_value=1, required=False, help_text="Only with “Run side by side”."
    )
    jitter_seconds = forms.IntegerField(
        label="Jitter (seconds)",
        min_value=0,
        max_value=300,
        initial=0,
        help_text="Spreads starts; always the same for one schedule.",
    )
    owner = Somebody(required=False, help_text="May pause, resume and start it.")
    owner_team = OfTenant(Team, required=False)

    sections = (
        Section("What and when", ("name", "workflow", "cron_expression", "timezone", "input_data")),
        Section("As whom", ("identity", "vault", "secret_name", "secret_version")),
        Section(
            "When things go wrong",
            ("max_attempts", "backoff_seconds", "misfire_policy", "overlap_policy", "overlap_limit", "jitter_seconds"),
        ),
        Section("Who looks after it", ("owner", "owner_team")),
    )
    renamed: ClassVar[Mapping[str, str]] = {
        "workflow_id": "workflow",
        "managed_identity_id": "identity",
        "secret_reference.secret_name": "secret_name",
        "secret_reference.version": "secret_version",
        "secret_reference": "vault",
        "retry_policy.maxAttempts": "max_attempts",
        "retry_policy.backoffSeconds": "backoff_seconds",
    }

    def clean_input_data(self) -> Any:
        return self.cleaned_data["input_data"] or {}

    @classmethod
    def initial_of(cls, schedule: Schedule) -> dict[str, Any]:
        reference = schedule.secret_reference
        places = VaultConnection.objects.filter(provider=reference.get("provider"), vault_uri=reference.get("vaultUri"))
        held = places.filter(tenant_id=schedule.tenant_id).first() or places.filter(tenant__isnull=True).first()
        return super().initial_of(schedule) | {
            "workflow": schedule.workflow_id,
            "identity": schedule.managed_identity_id,
            "vault": held.pk if held else None,
            "secret_name": reference.get("secretName", ""),
            "secret_version": reference.get("version", ""),
        }


def members(values: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values as the members that the service takes."""
    plain = dict(values)
    vault, workflow, identity = plain.pop("vault"), plain.pop("workflow"), plain.pop("identity")
    reference = SecretReference(
        vault.provider, vault.vault_uri, plain.pop("secret_name"), plain.pop("secret_version") or None
    )
    owner, team = plain.pop("owner"), plain.pop("owner_team")
    return {
        **plain,
        "workflow_id": workflow.key,
        "managed_identity_id": str(identity.pk),
        "secret_reference": reference.as_json(),
        "owner": str(owner.pk) if owner else None,
        "owner_team": str(team.pk) if team else None,
    }


def facts(values: Mapping[str, Any]) -> Facts:
    """The form's values as the facts of a new schedule."""
    return Facts(**members(values))
