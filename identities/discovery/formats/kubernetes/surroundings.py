"""What other objects of the same export say of a service account: its tokens, what runs as it, what it may do."""

from collections import defaultdict
from dataclasses import dataclass, field

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.kubernetes import tokens
from identities.discovery.formats.kubernetes.metadata import full_name, name_of, namespace_of
from identities.discovery.formats.members import Members, objects, text, within
from identities.discovery.records import ReportedCredential

#: where the template of its pods stands
WORKLOADS = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
BINDINGS = ("RoleBinding", "ClusterRoleBinding")


@dataclass
class Surroundings:
    """Each by namespace/name of the service account."""

    accounts: set[str] = field(default_factory=set)
    tokens: dict[str, list[ReportedCredential]] = field(default_factory=lambda: defaultdict(list))
    workloads: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    grants: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, entry: Entry) -> None:
        """Take from `entry` what it says of a service account; everything else of it is forgotten."""
        item = entry.record
        kind = item.get("kind")
        if kind == "ServiceAccount":
            self.accounts.add(full_name(item))
        elif kind == "Secret" and item.get("type") == tokens.TYPE and (owner := tokens.owner_of(item)):
            self.tokens[owner].append(tokens.credential(entry))
        elif kind in WORKLOADS and _is_free(item):
            self.workloads[_runs_as(item)].append(f"{kind} {full_name(item)}")
        elif kind in BINDINGS:
            self._note_binding(item)

    def _note_binding(self, binding: Members) -> None:
        role = within(binding, "roleRef")
        everywhere = binding.get("kind") == "ClusterRoleBinding"
        reach = "in the whole cluster" if everywhere else f"in namespace {namespace_of(binding)}"
        for subject in objects(binding, "subjects"):
            if subject.get("kind") == "ServiceAccount":
                named = f"{text(subject, 'namespace') or namespace_of(binding)}/{text(subject, 'name')}"
                self.grants[named].append(f"kubernetes: {text(role, 'kind')} {text(role, 'name')} {reach}")


def _is_free(item: Members) -> bool:
    """Not made by another object that is listed itself: a Pod of a Deployment says nothing new."""
    return bool(name_of(item)) and not any(objects(within(item, "metadata"), "ownerReferences"))


def _runs_as(item: Members) -> str:
    template = item
    for step in WORKLOADS[str(item.get("kind"))]:
        template = within(template, step)
    spec = within(template, "spec")
    return f"{namespace_of(item)}/{text(spec, 'serviceAccountName', 'serviceAccount') or 'default'}"
