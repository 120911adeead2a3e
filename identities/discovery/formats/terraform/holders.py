"""Resources that are identities: what the register keeps of each, in the words of their own platforms' importers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from identities.discovery.formats import gcp
from identities.discovery.formats.aws import arns, permissions, roles
from identities.discovery.formats.kubernetes.metadata import labelled
from identities.discovery.formats.members import known, objects, text, texts
from identities.discovery.formats.terraform.instances import Instance
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.reading.text import clean


@dataclass(frozen=True, slots=True)
class Holder:
    """An identity of the state. `names` are those by which its keys and grants in the same state call it.

    `aliases` are the names that other sources have for it; `policies` those that stand in the resource itself.
    """

    label: str
    names: tuple[str, ...]
    facts: dict[str, object]
    aliases: tuple[str, ...] = ()
    policies: tuple[tuple[str, object], ...] = ()


def named(prefix: str, *values: str) -> tuple[str, ...]:
    """Names of one sort, as both sides of a reference write them: an id at its end, after any path."""
    return tuple(f"{prefix}:{value.rpartition('/')[2].lower()}" for value in values if value)


def aws_user(instance: Instance) -> Holder:
    """aws_iam_user."""
    here = instance.attributes
    name, arn, unique = text(here, "name"), text(here, "arn", limit=400), text(here, "unique_id")
    facts = {**_tagged(instance, "tags_all", "tags"), "name": name, "kind": "service_account"}
    return Holder(name, named("aws-user", name), facts, _aliases(arn, arns.unique_alias(unique) if unique else ""))


def aws_role(instance: Instance) -> Holder:
    """aws_iam_role: its trust policy and policies are texts."""
    here = instance.attributes
    name, arn, unique = text(here, "name"), text(here, "arn", limit=400), text(here, "unique_id")
    as_listed = {
        "AssumeRolePolicyDocument": here.get("assume_role_policy"),
        "Description": here.get("description"),
        "Tags": here.get("tags_all") or here.get("tags"),
    }
    policies: list[tuple[str, object]] = [
        (clean(policy).rpartition("/")[2], None) for policy in texts(here, "managed_policy_arns")
    ]
    policies += [(text(policy, "name"), policy.get("policy")) for policy in objects(here, "inline_policy")]
    return Holder(
        name,
        named("aws-role", name),
        roles.facts(as_listed, name),
        _aliases(arn, arns.unique_alias(unique) if unique else ""),
        tuple((policy, document) for policy, document in policies if policy),
    )


def google_account(instance: Instance) -> Holder:
    """google_service_account."""
    here = instance.attributes
    email, unique = text(here, "email"), text(here, "unique_id")
    facts = known(
        name=text(here, "display_name") or email,
        kind="service_account",
        description=clean(here.get("description"), 1000),
    )
    return Holder(email, named("gcp", email), facts, tuple(gcp.aliases(email, unique)))


def entra_application(instance: Instance) -> Holder:
    """azuread_application, azuread_service_principal and azurerm_user_assigned_identity share an application id."""
    here = instance.attributes
    application = text(here, "client_id", "application_id").lower()
    label = text(here, "display_name", "name") or application
    facts = {**_tagged(instance, "tags"), "name": label, "kind": "oauth_client"}
    if instance.type == "azurerm_user_assigned_identity":
        facts.update(kind="workload", auth_method="federated")
    path = text(here, "id", limit=400).lower() if instance.type.startswith("azurerm") else ""
    return Holder(
        label,
        named("entra", application, text(here, "object_id"), text(here, "id", limit=400)),
        facts,
        _aliases(f"entra:appId:{application}" if application else "", f"azure:{path}" if path else ""),
    )


def kubernetes_account(instance: Instance) -> Holder:
    """kubernetes_service_account: the state does not tell the cluster, so no other source's name is known."""
    metadata = next(objects(instance.attributes, "metadata"), {})
    name = f"{text(metadata, 'namespace') or 'default'}/{text(metadata, 'name')}"
    return Holder(name, named("kubernetes", name), {**labelled(metadata), "kind": "service_account"})


def oauth_client(instance: Instance) -> Holder:
    """okta_app_oauth, keycloak_openid_client, auth0_client and their like: a client with an id of its own."""
    here = instance.attributes
    label = text(here, "label", "name", "client_id") or instance.address
    facts = known(name=label, kind="oauth_client", description=clean(here.get("description"), 1000))
    if instance.held:
        facts["auth_method"] = "long_lived_secret"
    return Holder(label, named(instance.type, text(here, "client_id"), text(here, "id")), facts)


def github_secret(instance: Instance) -> Holder:
    """github_actions_secret and its like: workflows of one repository, environment or organisation may read it."""
    here = instance.attributes
    where = " ".join(filter(None, (text(here, "repository"), text(here, "environment"))))
    label = f"{text(here, 'secret_name')} in {where or 'the organisation'}"
    facts = known(kind="api_client", description="A secret that workflows of GitHub Actions may read.")
    return Holder(label, (), {**facts, "name": label, **known(repository=text(here, "repository"))})


HOLDERS: Mapping[str, Callable[[Instance], Holder]] = {
    "aws_iam_user": aws_user,
    "aws_iam_role": aws_role,
    "google_service_account": google_account,
    "azuread_application": entra_application,
    "azuread_application_registration": entra_application,
    "azuread_service_principal": entra_application,
    "azurerm_user_assigned_identity": entra_application,
    "kubernetes_service_account": kubernetes_account,
    "kubernetes_service_account_v1": kubernetes_account,
    "okta_app_oauth": oauth_client,
    "keycloak_openid_client": oauth_client,
    "auth0_client": oauth_client,
    "github_actions_secret": github_secret,
    "github_actions_environment_secret": github_secret,
    "github_actions_organization_secret": github_secret,
    "github_dependabot_secret": github_secret,
}


def policy_of(instance: Instance) -> tuple[str, object]:
    """A policy in a resource of its own, or the name of one that is attached by ARN."""
    here = instance.attributes
    attached = text(here, "policy_arn", limit=400).rpartition("/")[2]
    return attached or text(here, "name") or "inline policy", here.get("policy")


def powers(holder: Holder, policies: list[tuple[str, object]]) -> dict[str, object]:
    """What its policies in this state let it do."""
    return permissions.facts([*holder.policies, *policies])


def _tagged(instance: Instance, *members: str) -> dict[str, object]:
    return facts_from_tags(next((found for member in members if (found := instance.attributes.get(member))), None))


def _aliases(*names: str) -> tuple[str, ...]:
    return tuple(filter(None, names))
