"""The parts that must be played for every identity, and who plays each; a part that nobody plays is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from identities.credentials.models import ClientSecret, ExternalCredential
from identities.credentials.selectors import live_keys, live_secrets
from identities.inventory.completeness import NOTHING_TO_ROTATE
from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import Issuance, UseState
from identities.policies.models import ResourcePolicy

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Layer:
    """One part: who plays it, in sentences, and what is missing (empty where nothing is)."""

    part: str
    played_by: Sequence[str]
    missing: str = ""


def layers_of(identity: ManagedIdentity, roles: Sequence[str], *, at: datetime) -> list[Layer]:
    """Inventory, trust source, resting place, policy, watch, and care, in this order. Four queries."""
    ours = list(live_secrets(identity, at)[:SHOWN])
    others = list(ExternalCredential.objects.filter(identity=identity, is_active=True, gone_at=None)[:SHOWN])
    signs = live_keys(identity, at).exists()
    return [
        _inventory(identity),
        _trust(identity, is_secret=bool(ours), signs=signs),
        _resting_place(identity, ours, others, signs=signs),
        _policy(identity, roles),
        _watch(identity),
        _care(identity),
    ]


def _inventory(of: ManagedIdentity) -> Layer:
    said = ["Steward, the register of record."]
    if of.reported_by:
        said.append(f"Reported by {', '.join(of.reported_by[:SHOWN])}.")
    gone = f"No source has reported it since {of.unreported_since:%d %b %Y}." if of.unreported_since else ""
    return Layer("Inventory", [*said, gone] if gone else said)


def _trust(of: ManagedIdentity, *, is_secret: bool, signs: bool) -> Layer:
    part = "Trust source or broker"
    if of.issuance == Issuance.PORTAL:
        vouching = f"Its workload is vouched for by {of.upstream_trust_source}." if of.upstream_trust_source else ""
        proof = "a client secret or what it signs with its key" if is_secret else "what it signs with its key"
        said = [f"Passport of Steward issues its tokens, for {proof if signs else 'a client secret'}."]
        return Layer(part, [*said, vouching] if vouching else said)
    if of.account_id is not None:
        return Layer(
            part, ["Steward's own sign-in, for an address and a password."], "Nothing vouches for its workload."
        )
    passport = ["Passport of Steward issues its tokens."] if of.issuance == Issuance.FEDERATED else []
    if not of.upstream_trust_source:
        return Layer(part, passport, "Nobody is named who vouches for its workload.")
    return Layer(part, [*passport, f"{of.upstream_trust_source} vouches for its workload."])


def _resting_place(
    of: ManagedIdentity, ours: Sequence[ClientSecret], others: Sequence[ExternalCredential], *, signs: bool
) -> Layer:
    part = "Where the secret rests"
    kept = ["The private half of its key stays with the client and was never here."] if signs else []
    if not ours and not others:
        if kept:
            return Layer(part, kept)
        if of.auth_method in NOTHING_TO_ROTATE or of.issuance == Issuance.FEDERATED:
            return Layer(part, ["It has no secret that lasts: nothing rests anywhere."])
        return Layer(part, ["No credential of it is known."], "" if of.issuance == Issuance.PORTAL else "Not known.")
    places = [_place_of(secret) for secret in ours] + [credential.stored_at for credential in others]
    said = [*(f"{place}." for place in dict.fromkeys(places) if place), *kept]
    unknown = places.count("")
    if unknown:
        return Layer(part, said, f"{unknown} of {len(places)} credentials rest where nobody has said.")
    return Layer(part, said)


def _place_of(secret: ClientSecret) -> str:
    reference = secret.stored_at or {}
    return f"{reference.get('vaultUri')}, under {reference.get('secretName')}" if reference else ""


def _policy(of: ManagedIdentity, roles: Sequence[str]) -> Layer:
    part = "Who decides"
    if not of.ends_elsewhere and of.account_id is None:
        rules = ResourcePolicy.objects.filter(tenant_id=of.tenant_id).count()
        held = f"Its roles: {', '.join(roles[:SHOWN])}." if roles else "It holds no role, so everything is refused."
        more = f"{rules} {'policy' if rules == 1 else 'policies'} of the tenant, beside the built-in rules."
        return Layer(part, ["Steward's policy engine, before every call.", held, more])
    if of.account_id is not None:
        return Layer(part, ["Steward's own guard, by its portal role, as for people.", *of.downstream_permissions[:1]])
    if not of.downstream_permissions:
        return Layer(part, ["The platform it works on."], "What that platform lets it do is not known.")
    return Layer(part, [f"The platform it works on: {len(of.downstream_permissions)} permissions are on record."])


def _watch(of: ManagedIdentity) -> Layer:
    part = "Who watches"
    if of.account_id is not None:
        return Layer(
            part, ["Steward's audit: each sign-in, refresh and change, and each decision on what it asks for."]
        )
    if not of.ends_elsewhere:
        return Layer(part, ["Steward's audit: every token, decision and change is recorded and sealed."])
    if of.use_state == UseState.UNOBSERVED:
        return Layer(part, ["Steward's audit, for changes of its record."], "No source tells when it is used.")
    return Layer(part, ["Its source reports when it was used; changes of its record are in Steward's audit."])


def _care(of: ManagedIdentity) -> Layer:
    people = [
        f"{role}: {label}"
        for role, key, label in (
            ("Technical owner", of.technical_owner_id, of.technical_owner_label),
            ("Business owner", of.business_owner_id, of.business_owner_label),
            ("Deputy", of.deputy_owner_id, of.deputy_owner_label),
        )
        if key is not None
    ]
    team = [f"Team: {of.owner_team.name}"] if of.owner_team else []
    dates = [f"Rotation is due by {of.rotate_by:%d %b %Y}."] if of.rotate_by else []
    dates += [f"Review is due by {of.review_by:%d %b %Y}."] if of.review_by else []
    gaps = [] if people or team else ["nobody answers for it"]
    gaps += [] if of.review_by or of.expires_at else ["no day of review and no end"]
    gaps += [] if of.rotate_by or not _must_rotate(of) else ["no day of rotation"]
    return Layer(
        "Who rotates and reviews", [*people, *team, *dates], f"{'; '.join(gaps).capitalize()}." if gaps else ""
    )


def _must_rotate(of: ManagedIdentity) -> bool:
    return of.ends_elsewhere and of.auth_method not in NOTHING_TO_ROTATE
