"""Annotations by which a service account becomes an identity of a cloud, without a key (S3-17, S4-72).

Amazon EKS: IAM roles for service accounts; Google GKE: Workload Identity; Azure AKS: Microsoft Entra Workload ID.
"""

from identities.discovery.formats.kubernetes.metadata import full_name
from identities.discovery.formats.members import Members, text, within

#: annotation -> what the cloud lets it do with the name that stands there
CLOUDS = {
    "eks.amazonaws.com/role-arn": "aws: assume {}",
    "iam.gke.io/gcp-service-account": "gcp: act as {}",
    "azure.workload.identity/client-id": "entra: act as application {}",
}


def permissions(item: Members) -> list[str]:
    """What the clouds grant by annotation; empty where the service account is known to none."""
    annotations = within(within(item, "metadata"), "annotations")
    named = ((grant, text(annotations, annotation)) for annotation, grant in CLOUDS.items())
    return [grant.format(name) for grant, name in named if name]


def trust(item: Members) -> str:
    """Who vouches for it: the cluster's own issuer, for this one subject."""
    return f"kubernetes subject=system:serviceaccount:{full_name(item).replace('/', ':')}"
