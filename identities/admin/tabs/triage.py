"""Why it has its colour, and the button that mends each reason; what its silence may mean; what is missing of it."""

from collections.abc import Sequence
from functools import cached_property

from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.mends import mend_of
from identities.admin.pages import command_of, page_of
from identities.admin.parts import Badge, Block, Code, Empty, Lines, Link, Notice, Quiet, Table
from identities.admin.silence import silence_of
from identities.admin.suggestion_command import Offer, offers_for, said
from identities.admin.tabs.base import IdentityTab
from identities.inventory import completeness, posture
from identities.inventory.assessment import Verdict
from identities.inventory.vocabulary import AuthMethod, Issuance, Triage, UseState

TONES = {Triage.RED.value: "bad", Triage.AMBER.value: "warn", Triage.GREEN.value: "good"}
TITLES = {
    Triage.RED.value: "It is red: look at it today",
    Triage.AMBER.value: "It is amber: something is wrong or not known",
    Triage.GREEN.value: "It is green: nothing speaks against it",
}
ICONS = {Triage.RED.value: "error", Triage.AMBER.value: "warning"}


class TriageTab(IdentityTab):
    """Its colour, explained."""

    kind = "triage"
    label = "Triage"
    position = 12

    def blocks(self) -> Sequence[Block]:
        verdict = self._verdict
        found: list[Block] = [self._reasons(verdict)]
        if verdict.use_state is UseState.DORMANT:
            found.append(silence_of(self.identity, verdict.use, at=self._at))
        if self.identity.state != "retired":
            found += [self._missing(verdict), self._offers()]
        return found

    def notices(self) -> Sequence[Block]:
        """The first reason, whichever tab is open: from the row, without a question."""
        colour, reasons = self.identity.triage, self.identity.triage_reasons
        if colour not in ICONS or not reasons:
            return ()
        more = len(reasons) - 1
        text = Lines([reasons[0]["reason"], Quiet(f"and {more} more reason{'' if more == 1 else 's'}" if more else "")])
        action = Link("Why, and what to do", page_of(self.identity, tab=self.kind))
        return [Notice(TITLES[colour].split(":")[0] + ".", text, TONES[colour], ICONS[colour], action)]

    @cached_property
    def _verdict(self) -> Verdict:
        """As it is now: the row may be five seconds behind."""
        self._at = timezone.now()
        return posture.verdicts([self.identity], at=self._at)[0]

    @cached_property
    def _may_mend(self) -> bool:
        return self.scope.may(Duty.GOVERN, self.identity.tenant_id) and self.identity.state != "retired"

    def _reasons(self, verdict: Verdict) -> Table:
        rows = [
            [
                Badge(reason.colour.value, TONES[reason.colour.value]),
                Lines([reason.text, Code(reason.code)]),
                (mend_of(self.identity, reason.code) if self._may_mend else None) or "",
            ]
            for reason in verdict.reasons
        ]
        text = "The worst reason gives the colour. What is not known is never green."
        return Table(
            TITLES[verdict.colour.value], ["Colour", "Reason", "What mends it"], rows, Empty("No reason"), text
        )

    def _missing(self, verdict: Verdict) -> Table:
        edit = Link("Edit", command_of(self.identity, "edit")) if self._may_mend else None
        rows = [[one.label, f"+{one.weight}", _why(one.member)] for one in verdict.missing]
        text = (
            f"{verdict.completeness} of 100. Counted are the eleven fields of a usable inventory and the mandatory "
            "tags: 15 for an owner; 10 each for environment, purpose, credential type, what ends it, and a review "
            "date or end; 2 to 5 for the rest. For what Steward issues, it knows trust source, permissions and use."
        )
        empty = Empty("Nothing is missing", "Every counted field is known.", icon="task_alt")
        return Table("What is missing", ["Field", "Adds", "Why it matters"], rows, empty, text, edit)

    def _offers(self) -> Table:
        rows = [
            [offer.label, self._known(offer.current), self._suggested(offer), offer.reason]
            for offer in offers_for(self.identity)
        ]
        text = "From function, trust boundary, blast radius and what else is known. Nothing is set before you say so."
        empty = Empty("No suggestion", "Say what it does, across which boundary, and how far its harm would go.")
        return Table("Suggestions", ["Field", "Now", "Suggested", "Why"], rows, empty, text)

    def _known(self, value: str) -> object:
        if value != AuthMethod.UNKNOWN:
            return Badge(said(value))
        ours = {Issuance.PORTAL.value: "our client secret", Issuance.FEDERATED.value: "a token of its platform"}
        return Quiet(ours.get(self.identity.issuance, "not known"))

    def _suggested(self, offer: Offer) -> object:
        if not offer.value:
            return Quiet("too little is known")
        if offer.is_set:
            return Badge(f"{said(offer.value)}, as it is", "good")
        way = Link("Apply", command_of(self.identity, "apply-suggestion", offer.key)) if self._may_mend else ""
        return Lines([Badge(said(offer.value), "info"), way])


_WHY = {
    "owner": "Somebody must answer when it misbehaves.",
    "environment": "A key of production in a sandbox is seen only when it is known where it belongs.",
    "purpose": "Who does not know what it is for cannot say whether it is still needed.",
    "auth_method": "How it proves itself decides what a thief needs.",
    "deprovisioning_trigger": "Without it, nobody notices that its time has come.",
    "review_by": "What has no date is never looked at again.",
    "upstream_trust_source": "Who vouches for its workload?",
    "downstream_permissions": "What it may do elsewhere is the harm it can do there.",
    "rotation_interval_days": "A secret that nobody renews is found in the end.",
    "last_used_at": "Without it, dead and busy look the same.",
    "application": "It ends with its application, if one knows which.",
    "business_unit": "Who pays for it, and who is asked?",
    "ticket": "Where was it decided?",
}


def _why(member: str) -> str:
    tag = " A mandatory tag." if member in completeness.MANDATORY_TAGS else ""
    return f"{_WHY.get(member, '')}{tag}".strip()
