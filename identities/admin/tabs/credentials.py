"""What an identity proves itself with: a rotation that goes on, its secrets and keys, what it has elsewhere, tokens."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.credential_rows import ours_table
from identities.admin.elsewhere_rows import elsewhere_table
from identities.admin.pages import page_of
from identities.admin.parts import Block, Code, Empty, Link, Moment, Table
from identities.admin.rotation_rows import steps_of, title_of
from identities.admin.rotation_use import chart_of
from identities.admin.tabs.base import IdentityTab
from identities.credentials import rotation_selectors as rotations
from identities.credentials.models import Rotation
from identities.tokens.models import IssuedToken

SHOWN = 25


class CredentialsTab(IdentityTab):
    """Its secrets, keys and live tokens."""

    kind = "credentials"
    label = "Credentials"
    position = 20

    def blocks(self) -> Sequence[Block]:
        self.at = timezone.now()
        self.may_govern = self.scope.may(Duty.GOVERN, self.identity.tenant_id)
        elsewhere = elsewhere_table(self.identity, at=self.at, may_govern=self.may_govern)
        if self.identity.issuance == "external":
            # We issue it nothing: what others issued is all there is.
            return [elsewhere]
        going = rotations.whole().filter(identity=self.identity, ended_at=None).first()
        ours = ours_table(
            self.identity,
            rotation=going,
            at=self.at,
            may_govern=self.may_govern,
            may_issue=self.may_govern and self.identity.state != "retired",
        )
        return [*(self._rotation(going) if going else ()), ours, elsewhere, self._tokens()]

    def _rotation(self, going: Rotation) -> list[Block]:
        """How far it has come and who uses which, as on its own page, which says the rest."""
        open_it = Link("Open the rotation", page_of(going))
        who = Link("Who uses which, and from where", page_of(going))
        title = f"Being rotated: {title_of(going)}"
        return [replace(steps_of(going), title=title, action=open_it), replace(chart_of(going, at=self.at), more=who)]

    def _tokens(self) -> Table:
        tokens = IssuedToken.objects.live(self.at).filter(identity=self.identity).order_by("-issued_at")
        dead_before = self.identity.tokens_revoked_at
        if dead_before is not None:
            tokens = tokens.filter(issued_at__gt=dead_before)
        rows = [
            [Code(str(token.jti)), Moment(token.issued_at), Moment(token.expires_at), token.scope, token.address]
            for token in tokens[:SHOWN]
        ]
        empty = Empty("No live token", "Tokens that it fetched and that have not ended are listed here.", icon="token")
        return Table("Live tokens", ["Token id (jti)", "Issued", "Ends", "Scope", "From"], rows, empty)
