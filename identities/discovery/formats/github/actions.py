"""GitHub Actions: secrets by name, deploy keys, environments and workflows.

https://docs.github.com/rest/actions/secrets, .../deploy-keys, .../deployments/environments, .../actions/workflows
"""

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.github.addresses import organisation_of, repository_of
from identities.discovery.formats.members import Members, known, objects, text, within
from identities.discovery.reading.moments import moment
from identities.discovery.reading.tags import environment_from_word
from identities.discovery.records import Reported, ReportedCredential


def is_secret(item: Members) -> bool:
    """An id would make it something else: a secret is known by its name alone."""
    return "name" in item and "id" not in item and ("updated_at" in item or "updatedAt" in item)


def is_deploy_key(item: Members) -> bool:
    """As GitHub lists the keys of a repository; a person's SSH keys do not say read_only."""
    return "read_only" in item and "title" in item


def is_environment(item: Members) -> bool:
    """Even one without rules says that it has none."""
    return "name" in item and "id" in item and ("protection_rules" in item or "deployment_branch_policy" in item)


def is_workflow(item: Members) -> bool:
    """Its file and whether it is on."""
    return "path" in item and "state" in item


def secret(entry: Entry) -> Reported:
    """A secret of an organisation or repository: no list names which, so the source that the user names does."""
    item = entry.record
    of_organisation = "visibility" in item
    name = text(item, "name")
    credential = ReportedCredential(
        kind="stored_secret",
        external_id=name,
        name=name,
        scope=tuple(filter(None, (text(item, "visibility"),))),
        stored_at=f"GitHub {'organisation' if of_organisation else 'repository'} secret {name}",
        exposed_in=f"secret {name} in the export" if entry.held else "",
        created_at=moment(text(item, "created_at", "createdAt")),
        last_rotated_at=moment(text(item, "updated_at", "updatedAt")),
    )
    return Reported(
        record_type="organisation_secret" if of_organisation else "repository_secret",
        key=name,
        label=name,
        place=entry.place,
        facts=known(kind="api_client", description="A secret that workflows of GitHub Actions may read."),
        credentials=(credential,),
    )


def deploy_key(entry: Entry) -> Reported:
    """An SSH key for one repository: it may read it, or write to it."""
    item = entry.record
    repository = repository_of(item)
    used = moment(text(item, "last_used"))
    reads_only = item.get("read_only") is not False
    credential = ReportedCredential(
        kind="ssh_key",
        external_id=text(item, "id"),
        name=text(item, "title"),
        scope=("read" if reads_only else "write",),
        is_active=item.get("enabled") is not False,
        created_at=moment(text(item, "created_at")),
        last_used_at=used,
    )
    return Reported(
        record_type="deploy_key",
        key=f"{repository.lower()}#{text(item, 'id')}",
        label=f"{text(item, 'title') or 'deploy key'} on {repository}" if repository else text(item, "title"),
        place=entry.place,
        account=organisation_of(repository),
        facts=known(
            kind="deploy_runner",
            function="deploy",
            auth_method="long_lived_secret",
            blast_radius="read_only" if reads_only else "write_limited",
            repository=repository,
            downstream_permissions=[f"{repository or 'repository'} contents:{'read' if reads_only else 'write'}"],
            technical_owner=text(item, "added_by"),
        ),
        credentials=(credential,),
        last_used_at=used,
    )


def environment(entry: Entry) -> Reported:
    """A deployment environment: jobs in it are one subject to whoever trusts GitHub, and read its secrets."""
    item = entry.record
    repository, name = repository_of(item), text(item, "name")
    rules = list(objects(item, "protection_rules"))
    reviewers = [within(one, "reviewer") for rule in rules for one in objects(rule, "reviewers")]
    people = [login for reviewer in reviewers if (login := text(reviewer, "login"))]
    guards = sorted({text(rule, "type") for rule in rules} - {""})
    return Reported(
        record_type="environment",
        key=f"{repository.lower()}/{name}",
        label=f"environment {name} of {repository}" if repository else f"environment {name}",
        place=entry.place,
        account=organisation_of(repository),
        facts=known(
            kind="deploy_runner",
            function="deploy",
            environment=environment_from_word(name),
            repository=repository,
            description=f"Guarded by: {', '.join(guards)}." if guards else "Guarded by no rule.",
            technical_owner=next(iter(people), ""),
        ),
        aliases=(f"github:repo:{repository.lower()}:environment:{name}",) if repository else (),
    )


def workflow(entry: Entry) -> Reported:
    """A workflow file: what runs with the repository's rights."""
    item = entry.record
    repository, path = repository_of(item), text(item, "path")
    name = text(item, "name") or path
    state = text(item, "state")
    return Reported(
        record_type="workflow",
        key=f"{repository.lower()}/{path}",
        label=f"workflow {name} of {repository}" if repository else f"workflow {name}",
        place=entry.place,
        account=organisation_of(repository),
        facts=known(
            kind="deploy_runner",
            repository=repository,
            description=f"{path}, {state}.",
        ),
    )
