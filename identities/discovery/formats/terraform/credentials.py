"""Resources that are credentials, by type: whose they are, and where their id and dates stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from identities.discovery.formats.members import text
from identities.discovery.formats.terraform.holders import named
from identities.discovery.formats.terraform.instances import Instance
from identities.discovery.reading.moments import moment
from identities.discovery.records import ReportedCredential


@dataclass(frozen=True, slots=True)
class Sort:
    """`holder` are the attributes that name the identity, in names of the sort `prefix`; `id` those with the id."""

    kind: str
    prefix: str
    holder: tuple[str, ...]
    id: tuple[str, ...]
    made: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


SORTS: Mapping[str, Sort] = {
    "aws_iam_access_key": Sort("access_key", "aws-user", ("user",), ("id",), ("create_date",)),
    "aws_iam_user_login_profile": Sort("password", "aws-user", ("user",), ()),
    "aws_iam_service_specific_credential": Sort(
        "password", "aws-user", ("user_name",), ("service_specific_credential_id",), ("create_date",)
    ),
    "aws_iam_user_ssh_key": Sort("ssh_key", "aws-user", ("username",), ("ssh_public_key_id",)),
    "google_service_account_key": Sort(
        "access_key", "gcp", ("service_account_id", "name"), ("name", "id"), ("valid_after",), ("valid_before",)
    ),
    "azuread_application_password": Sort(
        "client_secret",
        "entra",
        ("application_id", "application_object_id"),
        ("key_id", "id"),
        ("start_date",),
        ("end_date",),
    ),
    "azuread_service_principal_password": Sort(
        "client_secret", "entra", ("service_principal_id",), ("key_id", "id"), ("start_date",), ("end_date",)
    ),
    "azuread_application_certificate": Sort(
        "certificate",
        "entra",
        ("application_id", "application_object_id"),
        ("key_id", "id"),
        ("start_date",),
        ("end_date",),
    ),
    "azuread_application_federated_identity_credential": Sort(
        "federated", "entra", ("application_id", "application_object_id"), ("credential_id", "id")
    ),
}

#: Resources that attach a policy or a role: the attribute that names the identity, in names of the sort.
GRANTS: Mapping[str, tuple[str, str]] = {
    "aws_iam_user_policy_attachment": ("aws-user", "user"),
    "aws_iam_user_policy": ("aws-user", "user"),
    "aws_iam_role_policy_attachment": ("aws-role", "role"),
    "aws_iam_role_policy": ("aws-role", "role"),
}
SELF_HELD = {
    "okta_app_oauth": "client_secret",
    "keycloak_openid_client": "client_secret",
    "auth0_client": "client_secret",
    "github_actions_secret": "stored_secret",
    "github_actions_environment_secret": "stored_secret",
    "github_actions_organization_secret": "stored_secret",
    "github_dependabot_secret": "stored_secret",
}


def holder_names(instance: Instance) -> tuple[str, ...]:
    """The names by which the credential calls its identity; a key of Google's names it within its own path."""
    sort = SORTS[instance.type]
    values = [text(instance.attributes, member, limit=400) for member in sort.holder]
    return named(sort.prefix, *(value.partition("/keys/")[0] for value in values))


def holder_label(instance: Instance) -> str:
    """What to call the identity where the state does not make it."""
    return text(instance.attributes, *SORTS[instance.type].holder, limit=400).partition("/keys/")[0].rpartition("/")[2]


def credential(instance: Instance) -> ReportedCredential:
    """The credential without its value; `exposed_in` tells that the state holds it, for whoever may read the state."""
    here, sort = instance.attributes, SORTS[instance.type]
    own = text(here, *sort.id, limit=400).rpartition("/")[2] if sort.id else instance.address
    made = moment(text(here, *sort.made)) if sort.made else None
    return ReportedCredential(
        kind=sort.kind,
        external_id=own or instance.address,
        name=own or instance.address,
        exposed_in=instance.exposed_in,
        is_active=text(here, "status") != "Inactive",
        created_at=made,
        last_rotated_at=made,
        expires_at=moment(text(here, *sort.ends)) if sort.ends else None,
    )


def own_credential(instance: Instance) -> ReportedCredential | None:
    """The secret that a resource of an identity holds itself, if its type is one that does."""
    kind = SELF_HELD.get(instance.type)
    if kind is None or not (instance.held or kind == "stored_secret"):
        return None
    made, changed = (moment(text(instance.attributes, member)) for member in ("created_at", "updated_at"))
    name = text(instance.attributes, "secret_name", "client_id") or instance.address
    return ReportedCredential(
        kind=kind,
        external_id=instance.address,
        name=name,
        exposed_in=instance.exposed_in,
        created_at=made,
        last_rotated_at=changed or made,
    )
