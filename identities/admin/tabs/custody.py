"""Custody of an identity's credentials: when each is due, what is allowed beyond the policy, who saw its secrets."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.pages import command_of, page_of
from identities.admin.parts import Badge, Block, Code, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.tabs.base import IdentityTab
from identities.credentials import due, selectors as credentials
from identities.credentials.models import ClientKey, ClientSecret, SecretShowing
from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind, PolicyException
from identities.inventory.standards_rows import standards_of

SHOWN = 25
KINDS = {
    ExceptionKind.ROTATION_BEYOND_MAXIMUM.value: "Due later than its tier allows",
    ExceptionKind.SHARED_IDENTITY.value: "Shared by several workloads",
}


class CustodyTab(IdentityTab):
    """Dates, exceptions, and who was shown what."""

    kind = "custody"
    label = "Custody"
    position = 22

    def blocks(self) -> Sequence[Block]:
        self.at = timezone.now()
        self.may_govern = self.scope.may(Duty.GOVERN, self.identity.tenant_id)
        self.granted = list(self.identity.exceptions.all()[:SHOWN])
        return [self._dates(), self._exceptions(), self._showings()]

    def _dates(self) -> Table:
        live = credentials.alive(self.at)
        held: list[ClientSecret | ClientKey] = [*self.identity.secrets.filter(live)[:SHOWN]]
        held += self.identity.keys.filter(live)[:SHOWN]
        standards = standards_of(self.identity.tenant_id)
        kind = ExceptionKind.ROTATION_BEYOND_MAXIMUM
        live_ones = [one for one in self.granted if one.kind == kind and exceptions.is_live(one, self.at)]
        until = max((one.expires_at for one in live_ones), default=None)
        rows = []
        for one in held:
            day = due.effective(
                created_at=one.created_at,
                own=one.rotate_by,
                renewed_at=one.renewed_at,
                expires_at=one.expires_at,
                excepted_until=until,
                identity=self.identity,
                standards=standards,
            )
            late = [Badge("overdue", "warn")] if day < self.at else []
            ways = Link("Renew", command_of(self.identity, "renew", one.pk)) if self.may_govern else ""
            renewed = Moment(one.renewed_at) if one.renewed_at else "–"
            rows.append([Code(str(one)), Moment(one.created_at), Lines([Moment(day), *late], row=True), renewed, ways])
        empty = Empty("No live credential of ours", "There is nothing to renew.", icon="event_available")
        heads = ["Credential", "Made", "Due", "Renewed", ""]
        text = "By the risk tier, counted from the day it was made. A date that passes alarms and stops nothing."
        return Table("When they are due", heads, rows, empty, text if rows else "")

    def _exceptions(self) -> Table:
        grant = None
        if self.may_govern and self.identity.state != "retired":
            grant = Link("Grant exception", command_of(self.identity, "grant-exception"))
        empty = Empty(
            "No exception",
            "The policy counts for it as it stands. An exception has a reason and an end.",
            grant,
            "rule",
        )
        rows = [self._exception(one) for one in self.granted]
        heads = ["Allowed", "Why", "Ends", ""]
        return Table("Exceptions from the policy", heads, rows, empty, action=grant if rows else None)

    def _exception(self, one: PolicyException) -> list[object]:
        live = exceptions.is_live(one, self.at)
        state = Badge("in force", "warn") if live else Badge("over", "quiet")
        end = Link("End", command_of(self.identity, "end-exception", one.pk)) if live and self.may_govern else ""
        return [
            Lines([Link(KINDS.get(one.kind, one.get_kind_display()), page_of(one)), state]),
            Lines([one.reason, Quiet(one.ticket)] if one.ticket else [one.reason]),
            Lines([Moment(one.ended_at or one.expires_at), Quiet(one.ended_reason or f"granted by {one.granted_by}")]),
            end,
        ]

    def _showings(self) -> Table:
        found = SecretShowing.objects.filter(secret__identity=self.identity).select_related("secret", "person")
        rows = [self._showing(one) for one in found[:SHOWN]]
        empty = Empty(
            "Nobody was shown a secret of it",
            "What goes straight into a vault is seen by nobody. That is the way to prefer.",
            icon="visibility_off",
        )
        text = "Whoever was shown a secret may have kept a copy. When they leave, it is a finding until it is replaced."
        return Table("Who was shown its secrets", ["Who", "Secret", "Shown"], rows, empty, text if rows else "")

    def _showing(self, one: SecretShowing) -> list[object]:
        person, live = one.person, credentials.is_live(one.secret, self.at)
        has_left = person is not None and not person.is_active
        seen = reverse("admin:secrets_seen", args=[person.pk]) if person and self.may_govern else ""
        who: list[object] = [Link(one.label, seen)]
        if has_left:
            who.append(Badge("account disabled", "bad" if live else "quiet"))
        state = Badge("works", "bad" if has_left else "info") if live else Badge("dead", "quiet")
        return [Lines(who, row=True), Lines([Code(str(one.secret)), state], row=True), Moment(one.shown_at)]
