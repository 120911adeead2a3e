"""What is suggested for an identity, and the command that sets one of it: never silently, always with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from identities.admin.commands import Call, Command, Done
from identities.admin.forms import ReasonForm
from identities.admin.pages import page_of
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.suggestions import suggest_auth_methods, suggest_tier
from identities.inventory.vocabulary import AuthMethod, RiskTier

TIERS = [tier.value for tier in RiskTier]
LABELS: Mapping[str, str] = {**{tier.value: str(tier.label) for tier in RiskTier}, **dict(AuthMethod.choices)}


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that fits a member of the register better; `value` is empty where too little is known to say."""

    member: str
    label: str
    current: str
    value: str
    reason: str

    @property
    def key(self) -> str:
        return f"{self.member}:{self.value}"

    @property
    def is_set(self) -> bool:
        return self.current == self.value

    def __str__(self) -> str:
        return f"{self.label}: {said(self.value)}"


def said(value: str) -> str:
    """A value as the register's own lists write it."""
    return LABELS.get(value, "not known")


def offers_for(identity: ManagedIdentity) -> Sequence[Offer]:
    """The risk tier first, then the credential types that fit, best first."""
    tier = suggest_tier(identity)
    methods = suggest_auth_methods(identity)
    return [
        Offer("risk_tier", "Risk tier", identity.risk_tier, *tier),
        *(Offer("auth_method", "Credential type", identity.auth_method, *method) for method in methods),
    ]


def _offer(identity: ManagedIdentity, key: str) -> Offer | None:
    """By its key, and only while it is still offered."""
    return next((offer for offer in offers_for(identity) if offer.key == key and offer.value), None)


def _initial(offer: Offer) -> Mapping[str, Any]:
    return {"reason": offer.reason}


def _apply(call: Call) -> Done:
    offer: Offer = call.item
    inventory.change(call.obj, facts={offer.member: offer.value}, reason=call.values["reason"], actor=call.actor)
    return Done(f"{offer} is set.", href=page_of(call.obj, tab="triage"))


def _intro(offer: object) -> str:
    if not isinstance(offer, Offer):
        return ""
    note = "This writes down how it proves itself; the workload must follow."
    if offer.member == "risk_tier":
        is_lower = TIERS.index(offer.value) < TIERS.index(offer.current)
        note = "It is lower: secrets may grow older and reviews become rarer." if is_lower else ""
    return f"{offer.label} becomes: {said(offer.value)}. It is now: {said(offer.current)}. {note}".strip()


APPLY_SUGGESTION = Command(
    key="apply-suggestion",
    label="Apply suggestion",
    icon="auto_awesome",
    run=_apply,
    form=ReasonForm,
    item=_offer,
    initial=_initial,
    listed=False,
    intro=_intro,
    applies=lambda thing: not isinstance(thing, ManagedIdentity) or thing.state != State.RETIRED,
)
