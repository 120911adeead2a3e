"""The secrets and keys of an identity, what it has elsewhere, and the tokens it holds now."""

from collections.abc import Sequence

from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.key_rows import elsewhere_table, keys_table
from identities.admin.pages import command_of
from identities.admin.parts import Badge, Block, Code, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.tabs.base import IdentityTab
from identities.credentials import selectors as credentials
from identities.credentials.models import ClientSecret
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
        keys = keys_table(self.identity, at=self.at, may_govern=self.may_govern)
        return [self._secrets(), keys, elsewhere, self._tokens()]

    def _secrets(self) -> Table:
        secrets = list(credentials.secrets(self.identity)[:SHOWN])
        action = None
        if self.may_govern and self.identity.state != "retired" and self.identity.issuance != "external":
            action = Link("Issue secret", command_of(self.identity, "issue-secret"))
        why = "It cannot get a token until it has one."
        if self.identity.issuance != "portal":
            why = "It proves itself elsewhere: nothing of ours opens a door for it."
        empty = Empty("No secret", why, action, "key_off")
        text = "Only the last four characters are known: Steward keeps a keyed hash, never the secret."
        heads = ["Secret", "State", "Issued", "Rotate by", "Last used", ""]
        rows = [self._row(secret) for secret in secrets]
        return Table("Client secrets", heads, rows, empty, text if rows else "", action if rows else None)

    def _row(self, secret: ClientSecret) -> list[object]:
        live = credentials.is_live(secret, self.at)
        end = Link("Revoke", command_of(self.identity, "revoke-secret", secret.pk)) if live and self.may_govern else ""
        return [
            Lines([Code(str(secret)), Quiet(_place(secret))]),
            self._state(secret, live=live),
            Lines([Moment(secret.created_at), Quiet(f"by {secret.created_by}")]),
            Moment(secret.rotate_by) if live else "–",
            Lines([Moment(secret.last_used_at), Quiet(f"{secret.uses:,} uses")]),
            end,
        ]

    def _state(self, secret: ClientSecret, *, live: bool) -> object:
        if secret.revoked_at is not None:
            return Lines([Badge("revoked", "quiet"), Quiet(secret.revoked_reason)])
        if not live:
            return Badge("expired", "quiet")
        return Badge("rotation overdue", "warn") if secret.rotate_by < self.at else Badge("live", "good")

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


def _place(secret: ClientSecret) -> str:
    reference = secret.stored_at
    return f"in {reference.get('vaultUri')}, {reference.get('secretName')}" if reference else "shown once"
