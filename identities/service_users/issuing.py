"""Making an account that somebody asked for, and putting a service user's first tokens straight into a vault."""

import json
from collections.abc import Mapping
from datetime import UTC

import structlog
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import selectors as trail, services as audit
from audit.actors import Actor
from audit.events import Outcome
from identities.access.secret_places import Place
from identities.errors import DomainError, Invalid, Unavailable
from identities.events import CredentialEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import secrets
from identities.people import services as people, sign_in
from identities.people.actors import subject_of
from identities.people.models import PortalRole, Tenant, User
from identities.people.refresh_reasons import Cause
from identities.people.services import rules, sessions
from identities.people.sign_in import Session
from identities.tokens import services as tokens
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference

SOURCE = "vault"
Owner = str | Mapping[str, object]

log = structlog.get_logger(__name__)


@sensitive_variables("password")
def issue(
    *,
    tenant: Tenant,
    actor: Actor,
    email: str,
    password: str,
    role: PortalRole | str,
    is_agent: bool | None = None,
    owner: Owner | None = None,
    store_tokens_at: SecretReference | None = None,
    first_name: str = "",
    last_name: str = "",
    must_reset_password: bool = False,
) -> User:
    """Make an account (S2-01…07); silent `is_agent`, an address with `-agent@` makes a service user.

    `owner` answers for a service user in the register: an id, an address or a name of a person. With
    `store_tokens_at` it is signed in once and its tokens go into the vault; nobody sees them. Raises Invalid before
    anything is made, as `people.create_user` does and for a place that will not do; and Unavailable, code
    `tokens_not_stored`, where the vault failed: the account is there then, without a session. Call it outside a
    transaction: it commits before it speaks to the vault.
    """
    agent = people.is_agents_address(email) if is_agent is None else is_agent
    _check_for_agents_only(agent=agent, owner=owner, store_tokens_at=store_tokens_at)
    check_place(store_tokens_at, tenant=tenant)
    with transaction.atomic():
        user = people.create_user(
            tenant=tenant,
            email=email,
            password=password,
            role=role,
            first_name=first_name,
            last_name=last_name,
            is_agent=agent,
            must_reset_password=must_reset_password,
            actor=actor,
        )
        if owner is not None:
            _give_owner(user, owner, actor)
    if store_tokens_at is not None:
        store_tokens(user, store_at=store_tokens_at, actor=actor)
    return user


def check_place(store_at: SecretReference | None, *, tenant: Tenant, of: User | None = None) -> None:
    """Can tokens be put there, and is it nobody else's place? `of`: whose they will be. Raises Invalid."""
    try:
        secrets.check(store_at, tenant_id=tenant.pk, environment="")
    except Invalid as error:
        members = {name.replace("store_secret_at", "store_tokens_at"): said for name, said in error.errors.items()}
        raise Invalid(members, code=error.code) from error
    if store_at is not None:
        _check_no_others_tokens(Place.of(store_at), tenant, of)


def _check_no_others_tokens(place: Place, tenant: Tenant, of: User | None) -> None:
    """What is written over the tokens of another account shuts that one out. The audit tells whose were put where."""
    rows = trail.events({tenant.pk}, event=CredentialEvent.STORED, subject_kind="user")
    named = rows.filter(details__stored_at__secretName=place.secret_name)
    told = named.values_list("subject_id", "details__stored_at")
    there = {user_id for user_id, stored_at in told if Place.of(stored_at) == place}
    others = User.objects.filter(pk__in=there - {str(of.pk) if of else ""}, is_active=True)
    if held := others.order_by("email").first():
        said = f"The tokens of {held.email} rest there: each account needs a place of its own."
        raise Invalid({"store_tokens_at.secret_name": [said]}, code="place_taken")


@sensitive_variables("session", "text")
def store_tokens(user: User, *, store_at: SecretReference, actor: Actor) -> str:
    """Sign a service user in and put the tokens into the vault as JSON; answers the version. Nobody is shown them.

    Raises Invalid for a person and for a place that will not do, Refused for an account that reaches beyond the
    actor's tenant, Unavailable (`tokens_not_stored`) where the vault failed: the session is ended by then. Call it
    outside a transaction.
    """
    rules.check_account(user, actor)
    if not user.is_agent:
        raise Invalid({"store_tokens_at": ["Only the tokens of a service user are put into a vault."]})
    session = sign_in.open_session(user, source=SOURCE, actor=actor)
    text = _written(session)
    try:
        version = vaults.write_secret(store_at, text, tenant_id=user.tenant_id, actor=actor)
    except DomainError as error:
        _take_back(session, error, store_at=store_at, actor=actor)
        raise Unavailable(
            f"{user.email} ({user.pk}) is made, and its first tokens could not be stored and were ended: "
            f"{error.message} It signs in with its password.",
            code="tokens_not_stored",
        ) from error
    with transaction.atomic():
        stored = {"stored_at": {**store_at.as_json(), "version": version}, "refresh_id": str(session.refresh_id)}
        audit.record(CredentialEvent.STORED, actor=actor, subject=subject_of(user), details=stored)
    return version


def _written(session: Session) -> str:
    """What rests in the vault: all that a client needs to go on by itself."""
    minted = tokens.mint_user_token(session.user, session=session.family)
    return json.dumps(
        {
            "userId": str(session.user.pk),
            "email": session.user.email,
            "accessToken": minted.access_token,
            "accessTokenExpiresIn": minted.expires_in,
            "refreshToken": session.refresh_token,
            "refreshTokenExpiresIn": session.refresh_expires_in,
            "issuedAt": timezone.now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
    )


def _take_back(session: Session, error: DomainError, *, store_at: SecretReference, actor: Actor) -> None:
    log.error("tokens_not_stored", user_id=str(session.user.pk), reference=str(store_at), code=error.code)
    with transaction.atomic():
        sessions.end_family(session.family, Cause.NOT_STORED)
        audit.record(
            CredentialEvent.STORE_FAILED,
            actor=actor,
            subject=subject_of(session.user),
            outcome=Outcome.FAILURE,
            reason=error.message,
            details={"stored_at": store_at.as_json(), "code": error.code},
        )


def _check_for_agents_only(*, agent: bool, owner: Owner | None, store_tokens_at: SecretReference | None) -> None:
    given = {"owner": owner, "store_tokens_at": store_tokens_at}
    if not agent and (wrong := [name for name, value in given.items() if value is not None]):
        raise Invalid({name: ["Only a service user has one."] for name in wrong})


def _give_owner(user: User, owner: Owner, actor: Actor) -> None:
    row = ManagedIdentity.objects.filter(account=user).first()
    if row is None:
        raise Invalid({"owner": ["The account has no row in the register."]})
    try:
        changed = inventory.change(row, facts={"technical_owner": owner}, actor=actor)
    except Invalid as error:
        raise Invalid({"owner": error.errors.get("technical_owner", [error.message])}, code=error.code) from error
    if changed.technical_owner_id is None:
        raise Invalid({"owner": ["There is no such person in this tenant."]})
