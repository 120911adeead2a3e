"""State: the identities of one state, each with the credentials and policies that the same state gives it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from identities.discovery.formats import gcp
from identities.discovery.formats.aws import arns
from identities.discovery.formats.terraform import credentials, holders
from identities.discovery.formats.terraform.holders import HOLDERS, Holder
from identities.discovery.formats.terraform.instances import Instance
from identities.discovery.records import Reported, ReportedCredential


@dataclass
class _Found:
    holder: Holder
    type: str
    key: str
    place: str
    keys: list[ReportedCredential] = field(default_factory=list)
    policies: list[tuple[str, object]] = field(default_factory=list)


class State:
    """Gathers what matters of a state, whatever the order of its resources: keys stand before their users."""

    def __init__(self) -> None:
        self.lineage = ""
        self._found: list[_Found] = []
        self._keys: list[tuple[Instance, str]] = []
        self._grants: list[Instance] = []

    def take(self, instances: Iterable[Instance], place: str) -> None:
        """Instances of any types; those that are neither identity, credential nor grant are passed by."""
        for instance in instances:
            if instance.type in HOLDERS:
                own = credentials.own_credential(instance)
                found = _Found(HOLDERS[instance.type](instance), instance.type, instance.address, place)
                found.keys += [own] if own else []
                self._found.append(found)
            elif instance.type in credentials.SORTS:
                self._keys.append((instance, place))
            elif instance.type in credentials.GRANTS:
                self._grants.append(instance)

    def reported(self) -> Iterator[Reported]:
        """Every identity once, an application and its service principal as one, and holders known by a key alone."""
        by_name: dict[str, _Found] = {}
        whole: list[_Found] = []
        for found in self._found:
            known = next((by_name[name] for name in found.holder.names if name in by_name), None)
            if known is None:
                whole.append(found)
            by_name.update(dict.fromkeys(found.holder.names, known or found))
        for instance, place in self._keys:
            names = credentials.holder_names(instance)
            holder = next((by_name[name] for name in names if name in by_name), None)
            if holder is None:
                holder = _by_key_alone(names, instance, place)
                whole.append(holder)
                by_name.update(dict.fromkeys(names, holder))
            holder.keys.append(credentials.credential(instance))
        for instance in self._grants:
            self._grant(by_name, instance)
        yield from (self._reported(found) for found in whole)

    def _grant(self, by_name: dict[str, _Found], instance: Instance) -> None:
        prefix, member = credentials.GRANTS[instance.type]
        for name in holders.named(prefix, str(instance.attributes.get(member) or "")):
            if name in by_name:
                by_name[name].policies.append(holders.policy_of(instance))

    def _reported(self, found: _Found) -> Reported:
        holder, keys = found.holder, sorted(found.keys, key=lambda key: key.external_id)
        ids = [arns.key_alias(key.external_id) for key in keys if found.type.startswith("aws") and _is_key(key)]
        facts = {**holder.facts, **holders.powers(holder, found.policies)}
        if keys and "auth_method" not in facts:
            facts["auth_method"] = _auth_method(keys)
        return Reported(
            record_type=found.type,
            key=next(iter(holder.aliases), found.key),
            label=holder.label,
            place=found.place,
            account=self.lineage,
            facts=facts,
            aliases=(*holder.aliases, *ids),
            credentials=tuple(keys),
        )


def _is_key(key: ReportedCredential) -> bool:
    return key.kind == "access_key"


def _auth_method(keys: list[ReportedCredential]) -> str:
    kinds = {key.kind for key in keys}
    if "access_key" in kinds:
        return "static_api_key"
    return "federated" if kinds == {"federated"} else "long_lived_secret"


def _by_key_alone(names: tuple[str, ...], instance: Instance, place: str) -> _Found:
    """The identity is not made in this state; the key names it, so it is there all the same."""
    label = credentials.holder_label(instance) or instance.address
    kind = "oauth_client" if instance.type.startswith("azuread") else "service_account"
    aliases = tuple(gcp.aliases(label, "")) if instance.type.startswith("google") and "@" in label else ()
    return _Found(
        Holder(label, names, {"kind": kind}, aliases), instance.type, next(iter(names), instance.address), place
    )
