"""The button that rotates an identity's secret: it goes where the old one rests, or is shown once."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from identities.admin.commands import Call, Command, Done, Shown
from identities.admin.forms import Section
from identities.admin.identity_forms import SHOW_ONCE, TO_VAULT, SecretForm, reference_of
from identities.admin.pages import address_of, page_of
from identities.admin.parts import Block, Fact, Facts, Link, Notice
from identities.admin.rotation_rows import span
from identities.credentials.models import ClientSecret, Rotation
from identities.credentials.rotations import terms_of
from identities.credentials.selectors import live_secrets
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.vocabulary import Issuance
from identities.lifecycle import rotations

SAME = "same"
ENDINGS = {"alert": "you are told", "throttle": "it is slowed down", "retire": "it ends"}
AGAIN, ONCE, VAULT = (
    (SAME, "Where the old one rests"),
    (SHOW_ONCE, "Show it to me once"),
    (TO_VAULT, "Put it straight into a vault"),
)


class RotateForm(SecretForm):
    """Where the new secret goes, and why it is replaced."""

    reason = forms.CharField(
        label="Reason", max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text="Goes into the audit log."
    )
    sections = (Section("Where it goes", ("secret", "vault", "secret_name")), Section("Why", ("reason",)))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rests = isinstance(self.obj, ManagedIdentity) and _rests(self.obj)
        field: Any = self.fields["secret"]
        # What rests in a vault is never shown: only another vault can be chosen.
        field.choices = [AGAIN, VAULT] if rests else [ONCE, VAULT]
        field.initial = SAME if rests else SHOW_ONCE


def _rests(identity: ManagedIdentity) -> bool:
    return any(secret.stored_at for secret in live_secrets(identity, timezone.now())[:2])


def _rotate(call: Call) -> Done:
    values = dict(call.values)
    delivered = rotations.rotate(call.obj, reason=values["reason"], store_at=reference_of(values), actor=call.actor)
    open_one = Rotation.objects.filter(identity=call.obj, ended_at=None).first()
    where = address_of(Rotation, open_one.pk) if open_one else page_of(call.obj, tab="credentials")
    if delivered.text is None:
        return Done("The new secret goes into its vault; nobody sees it. Both work until the old one ends.", href=where)
    facts = (("Client id", call.obj.client_id),)
    shown = Shown("New client secret", "Client secret", delivered.text, facts=facts)
    return Done("Both secrets work until the old one ends.", href=where, shown=shown)


def _live(identity: ManagedIdentity) -> list[ClientSecret]:
    return list(live_secrets(identity, timezone.now())[:2])


def _agreed(identity: ManagedIdentity) -> Sequence[Block]:
    """What will happen, in figures of this identity's tier and rhythm."""
    agreed, live = terms_of(identity), _live(identity)
    open_one = Rotation.objects.filter(identity=identity, ended_at=None).first() if len(live) > 1 else None
    if open_one is not None:
        text = "A third is never made. Wait until the old one is silent, retire it, or roll back."
        link = Link("The rotation", address_of(Rotation, open_one.pk))
        return [Notice("Two secrets of it work already.", text, "warn", "autorenew", link)]
    rows = [
        Fact("Replaced", ", ".join(map(str, live))),
        Fact("Both work", f"at most {span(agreed.overlap.total_seconds())}", "The bound of the overlap."),
        Fact("Old one ends", f"after {span(agreed.silence.total_seconds())} of silence", "Once the new one was seen."),
        Fact("Used after that", ENDINGS[agreed.after_deadline], "By the risk tier."),
    ]
    return [Facts("What happens", rows)]


def _applies(identity: ManagedIdentity) -> bool:
    return identity.state != State.RETIRED and identity.issuance != Issuance.EXTERNAL


ROTATE = Command(
    key="rotate",
    label="Rotate",
    icon="autorenew",
    run=_rotate,
    form=RotateForm,
    applies=_applies,
    title="Rotate the secret",
    submit="Rotate",
    intro="A new secret is made beside the old one. Nothing else of the identity changes.",
    notes=_agreed,
)
