"""What is done with secret references: let read, ask; and on the row of each reader grant, refuse, extend, end."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from identities.access import secret_grants
from identities.access.matrix import Duty
from identities.access.secret_reading import state_of
from identities.access.secret_spans import USUAL
from identities.admin.bindings import LivingIdentity
from identities.admin.commands import Call, Command, Done, button
from identities.admin.forms import CommandForm, ReasonForm, moment
from identities.admin.identity_fields import UsableVault
from identities.inventory.models import ManagedIdentity
from identities.vaults.references import SecretReference

USUAL_SPAN = timedelta(days=90)
MAX_NAME = 300


class ReaderForm(CommandForm):
    """Who shall read what, until when and why."""

    renamed = {
        "secret_reference.secret_name": "secret_name",
        "secret_reference.vault_uri": "vault",
        "secret_reference.provider": "vault",
        "secret_reference": "vault",
    }
    identity = LivingIdentity(ManagedIdentity, label="Identity", by=("name", "client_id"))
    vault = UsableVault(label="Vault")
    secret_name = forms.CharField(label="Name of the secret", max_length=MAX_NAME)
    valid_until = moment(label="Until", help_text="At most a year away. Ninety days is a good habit.")
    reason = forms.CharField(
        max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text="What the identity needs it for."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("valid_until", _minute(USUAL_SPAN))


class ApproveForm(ReasonForm):
    """A yes, perhaps with another end."""

    valid_until = moment(label="Until", help_text="As asked for, or another day within a year.")
    field_order = ("valid_until", "reason")


class ExtendForm(ApproveForm):
    """A later end."""

    valid_until = moment(label="Until", help_text="Later than now, at most a year away.")


def _minute(span: timedelta) -> Any:
    return (timezone.now() + span).replace(second=0, microsecond=0)


def _give(call: Call) -> Done:
    values = dict(call.values)
    identity, vault = values.pop("identity"), values.pop("vault")
    reference = SecretReference(vault.provider, vault.vault_uri, values.pop("secret_name"))
    if not call.scope.may(Duty.GOVERN, identity.tenant_id):
        asked = secret_grants.ask(identity, reference, **values, actor=call.actor)
        return Done("Asked. An administrator decides.", obj=asked)
    given = secret_grants.grant(identity, reference, **values, actor=call.actor)
    return Done(f"{identity} may read it until {given.valid_until:%d %b %Y}.", obj=given)


CREATION = Command(
    key="add",
    label="Let a secret be read",
    submit="Let it be read",
    run=_give,
    form=ReaderForm,
    duty=Duty.REPORT,
    intro="An administrator grants at once; whoever else may come here asks, and an administrator decides. A schedule "
    "may read what it names without this, and an identity the place where its own secret rests.",
)


def _is(state: str) -> Any:
    return lambda grant: state_of(grant, timezone.now()) == state


def _as_asked(grant: Any) -> dict[str, Any]:
    return {"valid_until": grant.valid_until}


def _a_year(grant: Any) -> dict[str, Any]:
    return {"valid_until": _minute(USUAL)}


BUTTONS = (
    button(
        secret_grants.approve,
        key="approve",
        label="Grant",
        icon="check",
        listed=False,
        fields=ApproveForm,
        initial=_as_asked,
        applies=_is("asked"),
        title="Grant what was asked for",
        done="It may be read from now on.",
    ),
    button(
        secret_grants.refuse,
        key="refuse",
        label="Refuse",
        icon="block",
        danger=True,
        listed=False,
        applies=_is("asked"),
        title="Refuse what was asked for",
        done="Refused. Whoever asked reads your reason here.",
    ),
    button(
        secret_grants.extend,
        key="extend",
        label="Extend",
        icon="more_time",
        listed=False,
        fields=ExtendForm,
        initial=_a_year,
        applies=_is("granted"),
        title="Extend the grant",
        done="The grant lasts longer now.",
    ),
    button(
        secret_grants.end,
        key="end",
        label="End",
        icon="key_off",
        danger=True,
        listed=False,
        applies=lambda grant: state_of(grant, timezone.now()) in {"granted", "asked"},
        title="End the grant",
        done="It may not be read any more.",
        confirm="The next run that needs this secret by this grant fails. The row stays as evidence.",
    ),
)
