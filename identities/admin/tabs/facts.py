"""The facts of an identity."""

from collections.abc import Sequence

from identities.admin.pages import link_to
from identities.admin.parts import Badge, Block, Code, Fact, Facts, Lines, Moment, Quiet
from identities.admin.tabs.base import IdentityTab
from identities.admin.wording import tone_of, words
from identities.people.models import User


class FactsTab(IdentityTab):
    """Its facts."""

    kind = "facts"
    label = "Facts"
    position = 10

    def blocks(self) -> Sequence[Block]:
        return [self._identity(), self._owners(), self._risk(), self._origin()]

    def _identity(self) -> Facts:
        it = self.identity
        return Facts(
            "Identity",
            [
                Fact("Client id", Code(it.client_id, copy=True), "It signs in to Passport with this and a secret."),
                Fact("Id", Code(str(it.pk), copy=True)),
                Fact("Kind", words(it.kind)),
                Fact("Environment", Badge(it.environment, tone_of(it.environment))),
                Fact("Gets its token", words(it.issuance)),
                Fact("Last used", Moment(it.last_used_at)),
                *([Fact("Description", it.description, wide=True)] if it.description else []),
            ],
        )

    def _owners(self) -> Facts:
        it = self.identity
        return Facts(
            "Who answers for it",
            [
                Fact("Business owner", _owner(it.business_owner, it.business_owner_label)),
                Fact("Technical owner", _owner(it.technical_owner, it.technical_owner_label)),
                Fact("Deputy", _owner(it.deputy_owner, it.deputy_owner_label)),
                Fact("Team", link_to(it.owner_team) if it.owner_team else ""),
                Fact("Belongs to", words(it.ownership_class)),
            ],
            "" if it.has_owner else "Nobody answers for this identity. Name a business or a technical owner.",
        )

    def _risk(self) -> Facts:
        it = self.identity
        return Facts(
            "Risk",
            [
                Fact("Risk tier", Badge(it.risk_tier, tone_of(it.risk_tier))),
                Fact("Data", it.data_classification),
                Fact("Reachable from the internet", "yes" if it.internet_exposed else "no"),
                Fact("Customers depend on it", "yes" if it.customer_facing else "no"),
                Fact("Review by", f"{it.review_by:%d %b %Y}" if it.review_by else ""),
                Fact("Purpose ends", Moment(it.expires_at, "no end set")),
                Fact(
                    "Rotate every", f"{it.rotation_interval_days} days" if it.rotation_interval_days else "by risk tier"
                ),
                Fact("How to switch it off", it.revocation_procedure, wide=True),
            ],
        )

    def _origin(self) -> Facts:
        it = self.identity
        tags = it.tags.items() if isinstance(it.tags, dict) else [(tag, "") for tag in it.tags]
        badges = [Badge(f"{key}: {value}" if value else key) for key, value in tags]
        return Facts(
            "Where it comes from",
            [
                Fact("Application", it.application),
                Fact("Business unit", it.business_unit),
                Fact("Repository", it.repository),
                Fact("Ticket", it.ticket),
                Fact("Made", Lines([Moment(it.created_at), Quiet(f"by {it.created_by}")])),
                Fact("Tokens ended by hand", Moment(it.tokens_revoked_at)),
                Fact("Tags", Lines(badges, row=True) if badges else "", wide=True),
            ],
        )


def _owner(user: User | None, label: str) -> object:
    if user is None:
        return Lines([label, Badge("not matched to a person", "warn")]) if label else ""
    return link_to(user) if user.is_active else Lines([link_to(user), Badge("account disabled", "warn")])
