"""What is approved, as a table a person reads: each member by its path, before and after where something stood."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from identities.admin.parts import Badge, Empty, Lines, Quiet, Table
from identities.admin.wording import WARN, plain, words
from identities.approvals.models import ApprovalRequest
from identities.people.models import Team, User

NOTHING = Quiet("nothing")
#: So long a text is shown whole in a cell.
MOST = 400
#: Between the names of a path.
UNDER = " / "
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def content_table(row: ApprovalRequest) -> Table:
    """What is approved, a line a member; where something stood before, what changes comes first, with both."""
    names = _names([row.content, row.previous_content or {}])
    now = dict(flat(row.content))
    if row.previous_content is None:
        rows: list[list[object]] = [[_label(name), _shown(value, names)] for name, value in now.items()]
        return Table("What is approved", ["What", "Value"], rows, Empty("Nothing is written down"))
    before = dict(flat(row.previous_content))
    every = list(dict.fromkeys([*now, *before]))
    changed = [name for name in every if before.get(name) != now.get(name)]
    same = [name for name in every if name not in changed]
    rows = [
        [
            Lines([_label(name), *([Badge("changes", WARN)] if name in changed else [])]),
            _shown(before.get(name), names),
            _shown(now.get(name), names),
        ]
        for name in (*changed, *same)
    ]
    text = "Nothing differs from what stood before." if not changed else ""
    return Table("What is approved", ["What", "Before", "After"], rows, Empty("Nothing is written down"), text)


def flat(content: Mapping[str, Any], under: str = "") -> Iterable[tuple[str, Any]]:
    """The members of nested JSON by their path, lists of plain values whole."""
    for name, value in content.items():
        path = f"{under}{UNDER}{name}" if under else str(name)
        if isinstance(value, Mapping) and value:
            yield from flat(value, path)
        elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
            for place, one in enumerate(value, 1):
                yield from flat(one if isinstance(one, Mapping) else {"": one}, f"{path} {place}")
        else:
            yield path, value


def _label(path: str) -> str:
    return UNDER.join(words(_spaced(part)) for part in path.split(UNDER))


def _spaced(name: str) -> str:
    """A member's name without what only programs need: `releaseTicket` is two words, `owner_team_id` names a team."""
    return HUMP.sub("_", name.removesuffix("_id")).lower()


def _shown(value: Any, names: Mapping[str, str]) -> object:
    if value in (None, "", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return Lines([_text(one, names) for one in value])
    return _text(value, names)


def _text(value: Any, names: Mapping[str, str]) -> object:
    text = names.get(str(value)) or plain(str(value))
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def _names(contents: Sequence[Any]) -> dict[str, str]:
    """What people know the people and teams by whose ids stand in the content. One query at most."""
    ids = {found for content in contents for _, value in flat(content) for found in _ids(value)}
    if not ids:
        return {}
    people = User.objects.order_by().filter(pk__in=ids).values_list("pk", "email")
    return {
        str(pk): name for pk, name in people.union(Team.objects.order_by().filter(pk__in=ids).values_list("pk", "name"))
    }


def _ids(value: Any) -> Iterable[UUID]:
    for one in value if isinstance(value, list) else [value]:
        try:
            yield UUID(one)
        except (ValueError, TypeError, AttributeError):
            continue
