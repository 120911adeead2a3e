"""The commands of the room."""

from identities.tokens.minting import KEYS_WITH_ROLES, WITH_ROLES, Minted, mint, roles_beside
from identities.tokens.revoking import kill_tokens, kill_tokens_held, remove_ended, revoke
from identities.tokens.signing_keys import (
    destroy_retired,
    ensure_signing_key,
    follow_setting,
    revoke_every_signing_key,
    revoke_signing_key,
    rotate_signing_key,
)
from identities.tokens.user_tokens import MintedUserToken, mint_user_token

__all__ = [
    "KEYS_WITH_ROLES",
    "WITH_ROLES",
    "Minted",
    "MintedUserToken",
    "destroy_retired",
    "ensure_signing_key",
    "follow_setting",
    "kill_tokens",
    "kill_tokens_held",
    "mint",
    "mint_user_token",
    "remove_ended",
    "revoke",
    "revoke_every_signing_key",
    "revoke_signing_key",
    "roles_beside",
    "rotate_signing_key",
]
