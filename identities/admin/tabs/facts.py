"""The facts of an identity: every member of its record, and where each value came from."""

from collections.abc import Sequence
from typing import Any

from identities.admin.identity_forms import origin_said
from identities.admin.identity_rows import JUDGED, LABELS
from identities.admin.pages import link_to
from identities.admin.parts import Badge, Block, Code, Fact, Facts, Lines, Moment, Quiet
from identities.admin.tabs.base import IdentityTab
from identities.admin.wording import tone_of, words
from identities.inventory import provenance
from identities.people.models import User


class FactsTab(IdentityTab):
    """Its facts."""

    kind = "facts"
    label = "Overview"
    position = 10

    def blocks(self) -> Sequence[Block]:
        self._origins = provenance.entries(self.identity.provenance)
        return [self._identity(), self._owners(), self._risk(), self._proof(), self._life(), self._origin()]

    def _fact(self, member: str, label: str, value: object = None, *, wide: bool = False) -> Fact:
        """A member with where it came from; without `value` its own text, in words."""
        shown: Any = getattr(self.identity, member) if value is None else value
        if value is None:
            shown = _listed(shown) if isinstance(shown, list) else words(shown) if member in _WORDS and shown else shown
        entry = self._origins.get(member)
        return Fact(label, shown, origin_said(entry) if entry else "", wide=wide)

    def _identity(self) -> Facts:
        it = self.identity
        hint = "It signs in to Passport with this and a secret."
        signs_in = [] if it.issuance == "external" else [Fact("Client id", Code(it.client_id, copy=True), hint)]
        return Facts(
            "Identity",
            [
                *signs_in,
                Fact("Id", Code(str(it.pk), copy=True)),
                self._fact("kind", "Kind"),
                self._fact("environment", "Environment", Badge(it.environment, tone_of(it.environment))
                           if it.environment else Quiet("not known")),
                self._fact("function", "Function"),
                Fact("Last used", Moment(it.last_used_at)),
                self._fact("protocols", "Protocols"),
                *([self._fact("description", "Description", wide=True)] if it.description else []),
            ],
        )  # fmt: skip

    def _owners(self) -> Facts:
        it = self.identity
        team = link_to(it.owner_team) if it.owner_team else ""
        return Facts(
            "Who answers for it",
            [
                self._fact("business_owner", "Business owner", _owner(it.business_owner, it.business_owner_label)),
                self._fact("technical_owner", "Technical owner", _owner(it.technical_owner, it.technical_owner_label)),
                self._fact("deputy_owner", "Deputy", _owner(it.deputy_owner, it.deputy_owner_label)),
                self._fact("owner_team", "Team", team),
                self._fact("ownership_class", "Belongs to"),
                self._fact("vendor_contract", "Contract"),
                self._fact("vendor_renewal_on", "Contract renews on", _day(it.vendor_renewal_on)),
            ],
            "" if it.has_owner else "Nobody answers for this identity. Name a business or a technical owner.",
        )

    def _risk(self) -> Facts:
        it = self.identity
        return Facts(
            "Risk",
            [
                self._fact("risk_tier", "Risk tier", Badge(it.risk_tier, tone_of(it.risk_tier))),
                self._fact("privilege_level", "Privilege"),
                self._fact("blast_radius", "Blast radius"),
                self._fact("trust_boundary", "Trust boundary"),
                self._fact("business_criticality", "Criticality"),
                self._fact("data_classification", "Data classification"),
                self._fact("internet_exposed", "Reachable from the internet", "yes" if it.internet_exposed else "no"),
                self._fact("customer_facing", "Customers depend on it", "yes" if it.customer_facing else "no"),
            ],
        )

    def _proof(self) -> Facts:
        it = self.identity
        tone, verdict, sentence = JUDGED.get(it.auth_method, ("quiet", "", ""))
        method = Lines([LABELS.get(it.auth_method, it.auth_method), Badge(verdict, tone, sentence)], row=True)
        days = f"{it.rotation_interval_days} days" if it.rotation_interval_days else "by risk tier"
        return Facts(
            "Proof, and what is around it",
            [
                self._fact("issuance", "Gets its token"),
                self._fact("auth_method", "Proves itself by", method if verdict != "unknown" else Quiet("not known")),
                self._fact("rotation_interval_days", "Rotate every", days),
                self._fact("upstream_trust_source", "Vouched for by"),
                self._fact("upstream_dependencies", "Depends on", wide=True),
                self._fact("downstream_systems", "Works on", wide=True),
                self._fact("downstream_permissions", "May do there", wide=True),
            ],
            "" if verdict == "unknown" else sentence,
        )

    def _life(self) -> Facts:
        it = self.identity
        return Facts(
            "Life and end",
            [
                self._fact("expected_cadence", "Expected cadence"),
                self._fact("review_by", "Review by", _day(it.review_by)),
                self._fact("expires_at", "Purpose ends", Moment(it.expires_at, "no end set")),
                self._fact("disable_strategy", "May be switched off"),
                self._fact("deprovisioning_trigger", "What ends it", wide=True),
                self._fact("revocation_procedure", "How to switch it off", wide=True),
                self._fact("revocation_tested_at", "Switching off tried", Moment(it.revocation_tested_at)),
                Fact("Tokens ended by hand", Moment(it.tokens_revoked_at)),
            ],
        )

    def _origin(self) -> Facts:
        it = self.identity
        tags = it.tags.items() if isinstance(it.tags, dict) else [(tag, "") for tag in it.tags]
        badges = [Badge(f"{key}: {value}" if value else key) for key, value in tags]
        return Facts(
            "Where it comes from",
            [
                self._fact("application", "Application"),
                self._fact("business_unit", "Business unit"),
                self._fact("repository", "Repository"),
                self._fact("ticket", "Ticket"),
                Fact("Entered", Lines([Moment(it.created_at), Quiet(f"by {it.created_by}")])),
                self._fact("tags", "Tags", Lines(badges, row=True) if badges else "", wide=True),
            ],
        )


#: Members whose values are words of a closed list.
_WORDS = frozenset({
    "kind", "function", "ownership_class", "privilege_level", "blast_radius", "trust_boundary", "business_criticality",
    "issuance", "disable_strategy",
})  # fmt: skip


def _listed(texts: Sequence[str]) -> object:
    return Lines([Code(text) for text in texts[:30]], row=True) if texts else ""


def _day(day: Any) -> str:
    return f"{day:%d %b %Y}" if day else ""


def _owner(user: User | None, label: str) -> object:
    if user is None:
        return Lines([label, Badge("not matched to a person", "warn")]) if label else ""
    return link_to(user) if user.is_active else Lines([link_to(user), Badge("account disabled", "warn")])
