"""Permissions of apps and tokens: {"contents": "write"}; a token has such an object for each of repository and more."""

from collections.abc import Iterator, Mapping

from identities.discovery.formats.members import Members

#: Write on one of these changes who may do what, or what runs.
STRONG = ("administration", "secrets", "workflows", "members", "organization_administration", "organization_secrets",
          "actions", "environments", "repository_hooks", "organization_hooks", "codespaces_secrets")  # fmt: skip


def spoken(permissions: Members, prefix: str = "") -> list[str]:
    """ "contents:write" or "repository contents:write", sorted."""
    return sorted(_walk(permissions, prefix))


def powers(permissions: list[str]) -> dict[str, str]:
    """How far they reach: nothing is said where there are none."""
    if any(_is_strong(permission) for permission in permissions):
        return {"blast_radius": "privileged", "privilege_level": "high"}
    if any(permission.endswith(("write", "admin")) for permission in permissions):
        return {"blast_radius": "write_limited"}
    return {"blast_radius": "read_only"} if permissions else {}


def _walk(permissions: Members, prefix: str) -> Iterator[str]:
    for name, level in permissions.items():
        if isinstance(level, Mapping):
            yield from _walk(level, f"{prefix}{name} ")
        elif isinstance(level, str) and level != "none":
            yield f"{prefix}{name}:{level}"[:254]


def _is_strong(permission: str) -> bool:
    name, _, level = permission.rpartition(":")
    return level in {"write", "admin"} and name.split()[-1] in STRONG
