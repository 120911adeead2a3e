"""The page of a leak: each secret with what was done, what is left to do, and how far it reached."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from identities.admin.leak_rows import action_badge, seconds
from identities.admin.pages import address_of, command_of, link_to, page_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.permission_words import permission_badge
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.tabs.dependencies import DependenciesTab
from identities.admin.wording import tone_of
from identities.detections.leak_reach import Reach, reach
from identities.detections.models import LeakAction, LeakMatch
from identities.inventory.models import ManagedIdentity

SHOWN = 50
_NOTICES = {
    LeakAction.REVOKED.value: ("It is dead", "good", "verified_user"),
    LeakAction.QUARANTINED.value: ("It is dead, and its identity stopped", "warn", "front_hand"),
    LeakAction.NONE.value: ("It had ended before", "info", "info"),
}


def tab_of(match: LeakMatch) -> str:
    """The key of the tab that shows how far one secret of several reached."""
    return f"m-{match.pk}"


def blocks_of(matches: Sequence[LeakMatch], scope: Scope) -> list[Block]:
    """What was done about each; for one alone, how far it reached as well."""
    if len(matches) == 1:
        return reach_of(matches[0], scope)
    rows = [
        [
            link_to(match.identity),
            Code(f"…{match.secret.hint}"),
            action_badge(match.action),
            seconds(match.seconds if match.action != LeakAction.NONE else None),
            Link("How far it reached", page_of(match.report, tab=tab_of(match))),
        ]
        for match in matches[:SHOWN]
    ]
    heads = ["Identity", "Secret", "What was done", "In", ""]
    return [Table(f"{len(matches)} secrets in one text", heads, rows, Empty("No secret"))]


def reach_of(match: LeakMatch, scope: Scope) -> list[Block]:
    """One leaked secret: what was done, what is left to do, and how far it reached."""
    found = reach(match.identity, match.secret, at=timezone.now())
    return [_notice(match, found), _steps(match, found, scope), _facts(match, found), _sources(found)]


def around_of(match: LeakMatch, scope: Scope) -> Sequence[Block]:
    """What depends on the identity of a leaked secret: by itself, for it costs as many queries as all the rest."""
    return DependenciesTab(match.identity, scope).blocks()


def _notice(match: LeakMatch, found: Reach) -> Notice:
    title, tone, icon = _NOTICES[match.action]
    taken = f" in {seconds(match.seconds)}" if match.action != LeakAction.NONE and match.seconds else ""
    secret = Lines([Code(f"…{match.secret.hint}"), Quiet("of"), link_to(match.identity)], row=True)
    lines: list[object] = [secret]
    if match.action != LeakAction.NONE and found.residual_until is not None:
        said = Quiet("A system that verifies tokens by itself, without our revocations, may believe an old one until")
        lines.append(Lines([said, Moment(found.residual_until)], row=True))
    return Notice(f"{title}{taken}", Lines(lines), tone, icon)


def _steps(match: LeakMatch, found: Reach, scope: Scope) -> Table:
    identity = match.identity
    fresh = "Another secret works." if found.left else "It has no secret now: its work stands still until it gets one."
    if found.keys and not found.left:
        fresh = "It has no secret now, and goes on where it signs with its key."
    rows: list[list[object]] = [
        ["Give it a new secret", fresh, _button(scope, identity, "rotate" if found.left else "issue-secret")],
        ["Stop it everywhere", _stopped(found), _stop(found, scope, identity)],
        ["Look at what was done with it", "Its tokens, runs and decisions.", _timeline(identity)],
        ["Clean the place", "Take it out of where it was found, and out of that place's history and copies.", ""],
    ]
    return Table("What is left to do", ["Step", "Now", ""], rows, Empty("Nothing"))


def _stopped(found: Reach) -> object:
    quarantine = found.quarantine
    if quarantine is None:
        return "If something was done with it that should not have been."
    if quarantine.released_at is not None:
        return Lines([Quiet("It was quarantined, and released"), Moment(quarantine.released_at)], row=True)
    return Lines([Badge("quarantined", tone_of("quarantined")), Moment(quarantine.called_at)], row=True)


def _stop(found: Reach, scope: Scope, identity: ManagedIdentity) -> object:
    if found.quarantine is not None and (page := page_of(found.quarantine)):
        return Link("Open the runbook", page)
    return _button(scope, identity, "quarantine")


def _button(scope: Scope, identity: ManagedIdentity, key: str) -> object:
    """The way to a command of the identity, where this person may press it now."""
    admin: Any = site.get_model_admin(ManagedIdentity)
    command = next((found for found in admin.buttons if found.key == key), None)
    if command is None or not command.applies(identity) or not command.may(scope, identity, identity.tenant_id):
        return ""
    return Link(command.label, command_of(identity, key))


def _timeline(identity: ManagedIdentity) -> Link:
    return Link("Timeline", page_of(identity, tab="timeline"))


def _facts(match: LeakMatch, found: Reach) -> Facts:
    identity, secret = match.identity, match.secret
    roles = Lines([link_to(binding.role) for binding in found.bindings], row=True) if found.bindings else ""
    systems = Lines([Badge(str(system)) for system in identity.downstream_systems or ()], row=True)
    permitted = Lines([permission_badge(name) for name in found.permissions], row=True) if found.permissions else ""
    others = Lines([Link(it.name, address_of(ManagedIdentity, it.id)) for it in found.others], row=True)
    facts = [
        Fact("Environment", Badge(identity.environment, tone_of(identity.environment))),
        Fact("Risk tier", Badge(identity.risk_tier, tone_of(identity.risk_tier))),
        Fact("Secret made", Moment(secret.created_at), f"by {secret.created_by}" if secret.created_by else ""),
        Fact("Last used", Moment(secret.last_used_at, "never"), f"{secret.uses} times in all" if secret.uses else ""),
        Fact("Roles", roles, "" if roles else "It holds none."),
        Fact("What it may do here", permitted, "" if permitted else "Nothing.", wide=True),
        Fact(
            "Systems it calls", systems if systems.parts else "", "" if systems.parts else "None is stated.", wide=True
        ),
        Fact("Rests in", Code(found.place) if found.place else "", "" if found.place else "No vault of ours is known."),
    ]
    depending = Link("What depends on it", page_of(identity, tab="dependencies"))
    facts.append(Fact("Around it", depending, "Both ways: what it calls, and what stops without it."))
    if found.others:
        facts.append(Fact("Others in the same place", others, "Whoever read it there could read theirs.", wide=True))
    return Facts("How far it reached", facts)


def _sources(found: Reach) -> Table:
    rows = [
        [
            Code(source.address or "–"),
            source.user_agent or "–",
            source.uses,
            Moment(source.first_seen_at),
            Moment(source.last_seen_at),
        ]
        for source in found.sources
    ]
    none = "Every address and program that used it would be listed."
    empty = Empty("Not known to have been used", none, icon="public_off")
    text = "One that nobody knows is a stranger's: quarantine the identity, and keep the evidence." if rows else ""
    heads = ["Address", "Program", "Times", "First", "Last"]
    return Table("From where it was used", heads, rows, empty, text)
