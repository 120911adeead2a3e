"""Where an identity runs, and whether a token could be had there without a secret. Pure."""

from identities.detections.facts import IdentityFacts
from identities.inventory.vocabulary import Kind

#: By the first part of a source's name: what runs there can prove itself by what it is.
FEDERATING = {
    "kubernetes": "a Kubernetes workload",
    "github": "a CI runner",
    "gitlab": "a CI runner",
    "aws": "a cloud workload on AWS",
    "gcp": "a cloud workload on Google Cloud",
    "entra": "a cloud workload on Azure",
    "azure": "a cloud workload on Azure",
}
SAAS_KINDS = frozenset({Kind.SAAS_CONNECTOR.value, Kind.WEBHOOK.value})
#: Kinds that run on a platform at all; a database user or an OAuth client is somebody's account there.
RUNNING_KINDS = frozenset(
    {
        Kind.WORKLOAD.value,
        Kind.SERVICE_ACCOUNT.value,
        Kind.CLOUD_KEY.value,
        Kind.CRON_JOB.value,
        Kind.DEPLOY_RUNNER.value,
        Kind.BOT.value,
        Kind.AI_AGENT.value,
    }
)
_OIDC_ISSUERS = ("token.actions.githubusercontent.com", "gitlab", "circleci", "buildkite", "bitbucket", "vstoken")


def platform_of(source: str) -> str:
    """`aws/644160558196` is `aws`."""
    return source.partition("/")[0].casefold()


def account_of(source: str) -> str:
    """`aws/644160558196` is `644160558196`."""
    return source.partition("/")[2]


def is_saas(facts: IdentityFacts) -> bool:
    """Does it live in somebody else's product, where we take what is offered (S3-05)?"""
    return facts.is_vendor or facts.kind in SAAS_KINDS


def federates_as(facts: IdentityFacts) -> str:
    """What it is ("a CI runner") where federation exists for it; empty where it does not, or where we do not know."""
    if is_saas(facts) or facts.kind not in RUNNING_KINDS:
        return ""
    if facts.kind == Kind.DEPLOY_RUNNER:
        return "a CI runner"
    named = [platform_of(source) for source in facts.reported_by] + [facts.tags.get("platform", "").casefold()]
    return next((FEDERATING[platform] for platform in named if platform in FEDERATING), "")


def is_pipeline(facts: IdentityFacts) -> bool:
    """Is it trusted for what a CI system says of a job?"""
    trusted = facts.upstream_trust_source.casefold()
    return facts.kind == Kind.DEPLOY_RUNNER or any(issuer in trusted for issuer in _OIDC_ISSUERS)
