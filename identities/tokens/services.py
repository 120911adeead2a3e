"""The commands of the room."""

from identities.tokens.minting import Minted, mint
from identities.tokens.revoking import kill_tokens, remove_ended, revoke
from identities.tokens.signing_keys import (
    destroy_retired,
    ensure_signing_key,
    revoke_signing_key,
    rotate_signing_key,
)
from identities.tokens.user_tokens import MintedUserToken, mint_user_token

__all__ = [
    "Minted",
    "MintedUserToken",
    "destroy_retired",
    "ensure_signing_key",
    "kill_tokens",
    "mint",
    "mint_user_token",
    "remove_ended",
    "revoke",
    "revoke_signing_key",
    "rotate_signing_key",
]
