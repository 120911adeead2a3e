"""The commands on an identity: make, edit, disable, enable, issue and revoke secrets, retire."""

from collections.abc import Mapping
from typing import Any

from identities.admin import custody_commands
from identities.admin.commands import Call, Command, Done, Shown, button
from identities.admin.elsewhere_commands import ADD_ELSEWHERE, CHANGE_ELSEWHERE, GONE_ELSEWHERE
from identities.admin.forms import ReasonForm
from identities.admin.identity_forms import SHOW_ONCE, FactsForm, NewIdentityForm, SecretForm, reference_of
from identities.admin.key_commands import ADD_KEY, REVOKE_KEY
from identities.admin.merging import MERGE, PART
from identities.admin.pages import page_of
from identities.admin.rotate_command import ROTATE
from identities.admin.stop_commands import BUTTONS as STOPS, stops
from identities.admin.succession_commands import HAND_ON
from identities.admin.suggestion_command import APPLY_SUGGESTION
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State, may_become, only_by
from identities.inventory.vocabulary import Issuance
from identities.lifecycle import services as lifecycle


def _onboard(call: Call) -> Done:
    values = dict(call.values)
    show = values["secret"] == SHOW_ONCE
    reference = reference_of(values)
    made = lifecycle.onboard(
        tenant_id=call.tenant.pk,
        facts=_facts(values),
        issue_secret=show,
        store_secret_at=reference,
        actor=call.actor,
    )
    shown = _shown(made.identity, made.secret_text) if made.secret_text else None
    message = f"{made.identity} is in the register. It has no role: bind one before it can do anything."
    return Done(message, href=page_of(made.identity, tab="access"), shown=shown)


def _change(call: Call) -> Done:
    inventory.change(call.obj, facts=_facts(call.changes), actor=call.actor)
    return Done("Saved.", obj=call.obj)


def _issue(call: Call) -> Done:
    values = dict(call.values)
    delivered = lifecycle.issue_secret(call.obj, store_at=reference_of(values), actor=call.actor)
    where = page_of(call.obj, tab="credentials")
    if delivered.text is None:
        return Done("A new secret is in the vault. Nobody has seen it.", href=where)
    return Done("A new secret is made.", href=where, shown=_shown(call.obj, delivered.text))


def _revoke(call: Call) -> Done:
    credentials.revoke(call.item, reason=call.values["reason"], actor=call.actor)
    return Done(f"The secret {call.item} is revoked.", href=page_of(call.obj, tab="credentials"))


def _shown(identity: ManagedIdentity, text: str) -> Shown:
    return Shown("Client secret", "Client secret", text, facts=(("Client id", identity.client_id),))


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(values)


def _initial(identity: ManagedIdentity) -> dict[str, Any]:
    return FactsForm.initial_of(identity)


def _secret(identity: ManagedIdentity, secret_id: str) -> ClientSecret | None:
    return next((secret for secret in identity.secrets.select_related("identity") if str(secret.pk) == secret_id), None)


def _may(target: State) -> Any:
    return lambda identity: may_become(State(identity.state), target) and not only_by(State(identity.state), target)


CREATION = Command(
    key="add",
    label="New identity",
    run=_onboard,
    form=NewIdentityForm,
    intro="It starts active, with no role and no permission. Nothing comes to it from you.",
)

BUTTONS = (
    APPLY_SUGGESTION,
    ROTATE,
    Command(
        key="issue-secret",
        label="Issue secret",
        icon="key",
        primary=True,
        run=_issue,
        form=SecretForm,
        intro="A new secret works beside those it has, so that it can be rolled out before the old one is revoked.",
        applies=lambda identity: identity.state != State.RETIRED and identity.issuance != Issuance.EXTERNAL,
    ),
    Command(
        key="edit",
        label="Edit",
        icon="edit",
        run=_change,
        form=FactsForm,
        initial=_initial,
        title="Edit identity",
        confirm="Another purpose ends every role it holds: the new purpose asks for its own.",
        applies=lambda identity: identity.state != State.RETIRED,
    ),
    button(
        lifecycle.enable,
        key="enable",
        label="Enable",
        icon="play_circle",
        primary=True,
        done="{obj} may work again. Tokens from before stay dead.",
        applies=lambda identity: identity.state != State.APPROVED and _may(State.ACTIVE)(identity),
    ),
    button(
        lifecycle.disable,
        key="disable",
        label="Disable",
        icon="block",
        danger=True,
        done="{obj} is disabled: no token, no call, no run.",
        applies=_may(State.DISABLED),
        notes=stops,
        confirm="It stops within five seconds everywhere. Secrets and roles stay for the day it is enabled again.",
    ),
    *STOPS,
    button(
        lifecycle.retire,
        key="retire",
        label="Retire",
        icon="delete_forever",
        danger=True,
        done="{obj} is retired.",
        applies=_may(State.RETIRED),
        notes=stops,
        confirm="For good: secrets and tokens die, roles end. The row and its history stay as evidence.",
    ),
    Command(
        key="revoke-secret",
        label="Revoke secret",
        icon="key_off",
        danger=True,
        run=_revoke,
        form=ReasonForm,
        item=_secret,
        listed=False,
        applies=lambda secret: not isinstance(secret, ClientSecret) or secret.revoked_at is None,
        intro=lambda secret: f"Secret {secret}, made {secret.created_at:%d %b %Y}, used {secret.uses} times.",
        confirm="Whoever still uses this secret is shut out at once, and nothing brings it back.",
    ),
    *custody_commands.BUTTONS,
    ADD_KEY,
    REVOKE_KEY,
    ADD_ELSEWHERE,
    CHANGE_ELSEWHERE,
    GONE_ELSEWHERE,
    HAND_ON,
    MERGE,
    PART,
)
