"""Which button mends a reason for a colour: the command on the identity, and the field of its form."""

from dataclasses import dataclass

from identities.admin.pages import command_of, page_of
from identities.admin.parts import Link
from identities.inventory.models import ManagedIdentity


@dataclass(frozen=True)
class Mend:
    """The words on the button, the command's key, and the field to begin with. Without a key it leads to a tab."""

    label: str
    key: str = "edit"
    field: str = ""
    tab: str = ""


MENDS = {
    "human_shared_admin": Mend("Change how it proves itself", field="auth_method"),
    "no_owner": Mend("Name an owner", field="technical_owner"),
    "high_privilege": Mend("Look at what it may do", key="", tab="access"),
    "purpose_ended": Mend("Retire it", key="retire"),
    "rotation_overdue": Mend("Rotate", key="issue-secret"),
    "rotation_unknown": Mend("Say how often it rotates", field="rotation_interval_days"),
    "dormant": Mend("See what needs it", key="", tab="dependencies"),
    "unobserved": Mend("State its cadence", field="expected_cadence"),
    "review_overdue": Mend("Set the next review", field="review_by"),
    "no_review_date": Mend("Set a review date", field="review_by"),
    "user_account": Mend("See its account", key="", tab="account"),
    "human_style_password": Mend("Change how it proves itself", field="auth_method"),
    "auth_method_unknown": Mend("Say how it proves itself", field="auth_method"),
    "auth_method_not_allowed": Mend("Change how it proves itself", field="auth_method"),
    "scope_unknown": Mend("Say how far it reaches", field="blast_radius"),
    "lifecycle_undocumented": Mend("Write down its end", field="deprovisioning_trigger"),
    "purpose_unknown": Mend("Say what it is for", field="purpose"),
    "no_team": Mend("Choose a team", field="owner_team"),
    "no_ticket_or_repository": Mend("Name ticket or repository", field="ticket"),
    "missing_tags": Mend("Fill in the tags", field="application"),
    "retired_but_reported": Mend("See who reports it", key="", tab="sources"),
}
#: Rotation of what somebody else issued happens there; here its next date is written down.
_ELSEWHERE = {"rotation_overdue": Mend("See its credentials", key="", tab="credentials")}


#: A service user signs in with its password as long as there is one: what mends that is another identity.
_OF_ACCOUNTS = dict.fromkeys(("human_style_password", "auth_method_not_allowed"), MENDS["user_account"])


def mend_of(identity: ManagedIdentity, code: str) -> Link | None:
    """The way to the button that mends `code` on this identity; None where nothing needs mending."""
    elsewhere = _ELSEWHERE if identity.issuance == "external" else {}
    if identity.account_id is not None:
        elsewhere = elsewhere | _OF_ACCOUNTS
    mend = elsewhere.get(code) or MENDS.get(code)
    if mend is None:
        return None
    if not mend.key:
        return Link(mend.label, page_of(identity, tab=mend.tab))
    anchor = f"#id_{mend.field}" if mend.field else ""
    return Link(mend.label, command_of(identity, mend.key) + anchor)
