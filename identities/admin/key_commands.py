"""The commands on public keys: add one, which replaces the one there is; revoke one."""

from typing import ClassVar

from django import forms

from identities.admin.commands import Call, Command, Done
from identities.admin.forms import ReasonForm, Section, moment
from identities.admin.key_material import MaterialForm, Pasted, pem_file
from identities.admin.pages import page_of
from identities.credentials import keys
from identities.credentials.models import ClientKey
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.vocabulary import Issuance


class KeyForm(MaterialForm):
    """The public half, what it is called and how long it counts."""

    material = "public_key"
    public_key = Pasted(
        required=False,
        label="Public key",
        help_text="PEM (-----BEGIN PUBLIC KEY-----) or a JWK. RSA from 2048 bits, P-256, P-384 or Ed25519. The private "
        "half stays with the client: it is refused here.",
    )
    file = pem_file("A file with the public key. It is read once.")
    name = forms.CharField(required=False, max_length=keys.MAX_NAME, help_text="What people call it.")
    kid = forms.CharField(
        required=False,
        label="Key id",
        max_length=keys.MAX_KID,
        help_text="What the client writes as kid. Empty: the one in the JWK, else the thumbprint.",
    )
    expires_at = moment(
        label="Ends", required=False, help_text="Empty: it does not end by itself, it is due by policy."
    )
    reason = forms.CharField(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    sections: ClassVar = (
        Section("The key", ("public_key", "file")),
        Section("How it is known and how long it counts", ("name", "kid", "expires_at", "reason")),
    )


def _add(call: Call) -> Done:
    added = keys.add_key(call.obj, **call.values, actor=call.actor)
    where = page_of(call.obj, tab="credentials")
    if added.rotation is None:
        return Done(f"It may sign with {added.key} from now on. Its key id is {added.key.kid}.", href=where)
    return Done(f"{added.key} works beside the old key, until that one has been silent.", href=where)


def _revoke(call: Call) -> Done:
    keys.revoke_key(call.item, reason=call.values["reason"], actor=call.actor)
    return Done(f"The key {call.item} is revoked.", href=page_of(call.obj, tab="credentials"))


def _used(key: ClientKey) -> str:
    if key.last_used_at is None:
        return "never used"
    return f"used {key.uses:,} times, last {key.last_used_at:%d %b %Y, %H:%M} UTC"


def _key(identity: ManagedIdentity, key_id: str) -> ClientKey | None:
    return next((key for key in identity.keys.select_related("identity") if str(key.pk) == key_id), None)


ADD_KEY = Command(
    key="add-key",
    label="Add public key",
    icon="vpn_key",
    run=_add,
    form=KeyForm,
    listed=False,
    intro="It proves itself by what it signs instead of sending a secret. Two keys may work at once: the second one "
    "replaces the first as soon as that one is silent.",
    applies=lambda identity: identity.state != State.RETIRED and identity.issuance != Issuance.EXTERNAL,
)

REVOKE_KEY = Command(
    key="revoke-key",
    label="Revoke key",
    icon="key_off",
    danger=True,
    run=_revoke,
    form=ReasonForm,
    item=_key,
    listed=False,
    applies=lambda key: not isinstance(key, ClientKey) or key.revoked_at is None,
    intro=lambda key: f"Key {key}, added {key.created_at:%d %b %Y}, {_used(key)}.",
    confirm="Whoever still signs with it is shut out at once, and nothing brings it back.",
)
