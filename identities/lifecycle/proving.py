"""Does a secret open the door? Tried the way its consumer will: authenticated, a token minted, the token verified."""

from django.views.decorators.debug import sensitive_variables

from audit.actors import Actor
from identities.credentials.authentication import authenticate
from identities.errors import Refused
from identities.inventory.models import ManagedIdentity
from identities.tokens import services as tokens
from identities.tokens.verification import BadToken, verify_access_token
from identities.vaults.secret_text import SecretText

WHY = "Made only to try a new secret"
SCOPE = "roles"


class NotProven(Exception):
    """It does not, and why: `code` is stable, `reason` a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code, self.reason = code, reason


@sensitive_variables("text", "minted")
def prove(identity: ManagedIdentity, text: SecretText, *, actor: Actor) -> None:
    """Have a token minted with this secret, look at it, and end it. Leaves no mark of use. Raises NotProven."""
    proved = authenticate(identity.client_id, text.reveal(), tokens.WITH_ROLES, is_check=True)
    if proved is None:
        raise _refused(identity)
    try:
        minted = tokens.mint(proved.identity, scope=SCOPE, at=proved.at, roles=tokens.roles_beside(proved))
    except Refused as refused:
        raise NotProven(refused.code, refused.message) from None
    try:
        verify_access_token(minted.access_token)
    except BadToken as error:
        raise NotProven(
            "token_not_valid", f"The token made with the new secret does not hold: {error.reason}"
        ) from None
    finally:
        tokens.revoke(minted.jti, actor=actor, reason=WHY)


def _refused(identity: ManagedIdentity) -> NotProven:
    state = ManagedIdentity.objects.get(pk=identity.pk)
    if not state.is_enabled:
        said = f"Managed identity '{state.name}' is {state.state}: the new secret is tried once it is active again."
        return NotProven("identity_not_active", said)
    return NotProven("secret_not_accepted", "Passport gives no token for the new secret.")
