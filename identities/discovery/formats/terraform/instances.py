"""Instances of managed resources, whichever version of the state they stand in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from identities.discovery.formats.members import objects, text, within
from identities.discovery.reading.secrets import sealed
from identities.discovery.reading.text import clean

Members = Mapping[str, object]
#: Attributes in which some resource keeps a secret value under a name that means none elsewhere.
SECRET_ATTRIBUTES = (
    "private_key", "ses_smtp_password_v4", "ses_smtp_password", "encrypted_secret", "encrypted_ses_smtp_password_v4",
    "plaintext_value", "value_wo", "key_value", "kube_config_raw", "kubeconfig", "admin_password", "primary_key",
    "secondary_key", "primary_access_key", "secondary_access_key", "connection_string", "private_key_jwk",
    "client_key", "token_value", "auth_token", "service_account_token", "basic_auth", "client_basic_secret", "hmac_key",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance without its secrets: `held` names the attributes that had a value of one, `address` says where.

    The address is as Terraform prints it: module.team["a"].aws_iam_user.bot[0].
    """

    type: str
    address: str
    attributes: Members
    held: tuple[str, ...]

    @property
    def exposed_in(self) -> str:
        """Where the secret lay, "" if none did."""
        return clean(f"{self.held[0]} of {self.address}", 400) if self.held else ""


def of_resource(resource: Members) -> Iterator[Instance]:
    """The instances of a resource of version 4; a data source has none, for it belongs to somebody else."""
    address = ".".join(filter(None, (text(resource, "module"), text(resource, "type"), text(resource, "name"))))
    for found in objects(resource, "instances"):
        index = found.get("index_key")
        mark = "" if index is None else f"[{index}]" if isinstance(index, int) else f'["{clean(index, 120)}"]'
        yield _instance(text(resource, "type"), f"{address}{mark}", found)


def of_module(module: Members) -> Iterator[Instance]:
    """The instances in a module of version 3, whose attributes are flat texts ("tags.owner")."""
    path = ".".join(f"module.{name}" for name in _path(module) if name != "root")
    for name, resource in within(module, "resources").items():
        primary = within(resource, "primary") if isinstance(resource, Mapping) else {}
        if primary and not name.startswith("data."):
            attributes = _nested(within(primary, "attributes"))
            kind = text(resource, "type") if isinstance(resource, Mapping) else ""
            yield _instance(kind, f"{path}.{name}" if path else name, {"attributes": attributes})


def _instance(kind: str, address: str, found: Members) -> Instance:
    """Sensitive is also what Terraform itself says to be: `sensitive_attributes` are paths into the attributes."""
    named = [*SECRET_ATTRIBUTES, *_said_sensitive(found), *(["value"] if kind.endswith("_password") else [])]
    kept = sealed(within(found, "attributes"), named)
    return Instance(kind, clean(address, 300), kept.record, kept.held)


def _said_sensitive(found: Members) -> Iterator[str]:
    paths = found.get("sensitive_attributes")
    for path in paths if isinstance(paths, list) else ():
        steps = path if isinstance(path, list) else [path]
        names = [step.get("value") if isinstance(step, Mapping) else step for step in steps]
        yield from (name for name in names[:1] if isinstance(name, str))


def _path(module: Members) -> list[str]:
    path = module.get("path")
    return [clean(name) for name in path] if isinstance(path, list) else []


def _nested(flat: Members) -> dict[str, object]:
    """Of flat names only objects of texts are put together again: tags and labels."""
    nested: dict[str, object] = {}
    for name, value in flat.items():
        outer, dot, inner = name.partition(".")
        if not dot:
            nested[name] = value
        elif inner not in {"%", "#"}:
            group = nested.setdefault(outer, {})
            if isinstance(group, dict):
                group[inner] = value
    return nested
