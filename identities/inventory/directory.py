"""The people and teams of a tenant, found for many texts at once: as `owners` finds them one by one, but lenient."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from identities.inventory.owners import MAX_LABEL, NOBODY, Owner
from identities.people.models import Team, User


class Directory:
    """Who and what of a tenant stands behind the texts named. At most two queries, however many texts."""

    def __init__(self, tenant_id: UUID, *, people: Iterable[object], teams: Iterable[object]) -> None:
        self._people = _people(tenant_id, _texts(people))
        self._teams = _teams(tenant_id, _texts(teams))

    def owner(self, written: object) -> Owner:
        """A person who can own, or the text as a label: who cannot (service user, disabled, foreign) is a label too."""
        text = _text(written)
        if not text:
            return NOBODY
        user = self._people.get(text.lower())
        return Owner(user=user, label=user.email) if user else Owner(user=None, label=_one_line(text))

    def team(self, written: object) -> Team | None:
        """The team of this name or id, or None: an import makes no team."""
        return self._teams.get(_text(written).lower())


def _people(tenant_id: UUID, texts: set[str]) -> dict[str, User]:
    ids, emails = _parted(texts)
    if not (ids or emails):
        return {}
    known = Q(email__in=emails) | Q(pk__in=ids)
    rows = User.objects.filter(known, tenant_id=tenant_id, is_active=True, is_agent=False)
    return {key: user for user in rows for key in (user.email.lower(), str(user.pk))}


def _teams(tenant_id: UUID, texts: set[str]) -> dict[str, Team]:
    if not texts:
        return {}
    # A tenant has few teams: all of them are fewer than a batch names, and no database is asked about case.
    rows = Team.objects.filter(tenant_id=tenant_id)
    return {key: team for team in rows for key in (team.name.lower(), str(team.pk)) if key in texts}


def _parted(texts: set[str]) -> tuple[list[UUID], list[str]]:
    ids: list[UUID] = []
    emails: list[str] = []
    for text in texts:
        try:
            ids.append(UUID(text))
        except ValueError:
            emails.extend([text] if "@" in text else [])
    return ids, emails


def _texts(written: Iterable[object]) -> set[str]:
    return {text.lower() for value in written if (text := _text(value))}


def _text(written: object) -> str:
    return written.strip() if isinstance(written, str) else str(written) if isinstance(written, UUID) else ""


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:MAX_LABEL].strip()
