"""A GitHub App that is installed on an organisation: it acts by itself, with permissions of its own.

https://docs.github.com/rest/orgs/orgs#list-app-installations-for-an-organization
"""

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.github.permissions import powers, spoken
from identities.discovery.formats.members import Members, known, objects, text, within
from identities.discovery.records import Reported, ReportedCredential

#: Apps of GitHub itself.
OF_GITHUB = frozenset({"github-actions", "dependabot", "github-pages", "github-advanced-security", "copilot"})


def is_installation(item: Members) -> bool:
    """An app, and whom it is installed on."""
    return "app_id" in item and ("target_type" in item or "account" in item)


def reported(entry: Entry, *, payload: Members | None = None) -> Reported:
    """The installation; a webhook's `payload` also names who installed it and on which repositories."""
    item = entry.record
    account = text(within(item, "account"), "login", "slug")
    name = text(item, "app_slug", "app_name") or f"app {text(item, 'app_id')}"
    granted = spoken(within(item, "permissions"))
    facts = known(
        kind="saas_connector",
        ownership_class=_ownership(item, account),
        auth_method="oauth_delegated",
        description=_description(item),
        downstream_permissions=granted,
        downstream_systems=sorted(text(one, "full_name") for one in objects(payload or item, "repositories")),
        technical_owner=_installer(payload),
        **powers(granted),
    )
    return Reported(
        record_type="installation" if payload is None else "installation_event",
        key=text(item, "id"),
        label=f"{name} on {account}" if account else name,
        place=entry.place,
        account=account.lower(),
        aliases=(f"./installation/{text(item, 'id')}",),
        facts=facts,
        credentials=(_key(item),),
    )


def _ownership(item: Members, account: str) -> str:
    """A vendor's where the app is known to be somebody else's; the listing alone does not say whose it is."""
    maker = text(within(item, "app_owner", "owner"), "login", "slug") or text(
        within(within(item, "app"), "owner"), "login"
    )
    if text(item, "app_slug") in OF_GITHUB or (maker and account and maker.lower() != account.lower()):
        return "vendor"
    return ""


def _description(item: Members) -> str:
    reach = {"all": "all repositories", "selected": "selected repositories"}.get(text(item, "repository_selection"), "")
    suspended = "suspended" if item.get("suspended_at") else ""
    parts = ", ".join(filter(None, (reach, suspended)))
    return f"A GitHub App: {parts}." if parts else "A GitHub App."


def _installer(payload: Members | None) -> str:
    return text(within(payload or {}, "sender"), "login")


def _key(item: Members) -> ReportedCredential:
    return ReportedCredential(
        kind="signing_key",
        external_id=f"app {text(item, 'app_id')}",
        name="private key of the app",
        is_active=not item.get("suspended_at"),
    )
