"""metadata of a Kubernetes object: its name within the cluster, and which labels and annotations are kept.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
"""

from identities.discovery.formats.members import Members, text, within
from identities.discovery.reading.tags import facts_from_tags

#: kubectl keeps a whole copy of what was applied in this annotation, secrets included; other tools do alike.
COPIES = ("last-applied-configuration", "last-applied", "managed-fields", "helm.sh/release")


def namespace_of(item: Members) -> str:
    """kubectl leaves out nothing, but manifests leave out the namespace "default"."""
    return text(within(item, "metadata"), "namespace") or "default"


def name_of(item: Members) -> str:
    """ "" where the object has no name: then it cannot be told from others."""
    return text(within(item, "metadata"), "name")


def full_name(item: Members) -> str:
    """namespace/name, unique for each kind within one cluster."""
    return f"{namespace_of(item)}/{name_of(item)}"


def facts(item: Members) -> dict[str, object]:
    """What the metadata of an object say of owner, environment, application …; see `labelled`."""
    return labelled(within(item, "metadata"))


def labelled(metadata: Members) -> dict[str, object]:
    """What labels and annotations say; see `facts_from_tags`.

    All labels are kept as tags, and those annotations that speak of such a member: others may hold anything.
    """
    written = within(metadata, "annotations").items()
    annotations = {name: value for name, value in written if not any(word in name for word in COPIES)}
    spoken = facts_from_tags(annotations)
    spoken.pop("tags", None)
    return {**spoken, **facts_from_tags(within(metadata, "labels"))}
