"""Old and new usage during a rotation: one small chart, and from where each of the two is used."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from identities.admin.parts import Badge, Block, Code, Empty, Lines, Moment, Quiet, Table
from identities.admin.parts.series import Line, Series
from identities.admin.rotation_rows import new_of, old_of
from identities.admin.wording import ACCENT, GOOD, QUIET, WARN
from identities.credentials.models import Rotation, SecretSource, SecretUse
from identities.credentials.rotation_selectors import marks_of

SHOWN = 20
FEWEST_COLUMNS, MOST_COLUMNS = 24, 48
EPOCH = datetime(2000, 1, 3, tzinfo=UTC)
#: Columns as people read them, the finest that still fits.
STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440, 2880, 10080, 86400))


def use_of(rotation: Rotation, *, at: datetime) -> list[Block]:
    """A chart of both since the overlap began, then their sources; two queries."""
    return [chart_of(rotation, at=at), _sources(rotation)]


def chart_of(rotation: Rotation, *, at: datetime) -> Series:
    """How often each of the two was used since the overlap began; one query."""
    since, until = rotation.started_at, rotation.ended_at or at
    spans = SecretUse.objects.filter(marks_of(rotation), at__gte=since - timedelta(minutes=1), at__lte=until)
    used = [(span.credential_id, span.at, span.uses) for span in spans.order_by()]
    return chart(used, old=old_of(rotation).pk, new=new_of(rotation).pk, since=since, until=until)


def chart(
    used: Sequence[tuple[UUID, datetime, int]], *, old: UUID, new: UUID, since: datetime, until: datetime
) -> Series:
    """Columns of equal width from `since` to `until`, how often each of the two was used in them. Pure."""
    step = next((step for step in STEPS if (until - since) / step <= MOST_COLUMNS - 1), STEPS[-1])
    first = _floor(since, step)
    # A young rotation has room to its right: two columns as wide as the page tell nobody anything.
    columns = [first + step * place for place in range(max(FEWEST_COLUMNS, int((until - first) / step) + 1))]
    counts: Counter[tuple[UUID, datetime]] = Counter()
    for credential_id, at, uses in used:
        counts[credential_id, max(_floor(at, step), first)] += uses

    def values(credential_id: UUID) -> list[int | None]:
        return [counts[credential_id, column] if column <= until else None for column in columns]

    lines = [
        Line("with the new one", GOOD, values(new), is_sum=True),
        Line("with the old one", WARN, values(old), is_sum=True),
    ]
    text = "Tokens fetched with each, all in UTC. It moves within five seconds."
    return Series("rotation-use", "Old and new", columns, lines, _nobody(), text, bars=True)


def _floor(at: datetime, step: timedelta) -> datetime:
    return EPOCH + (at - EPOCH) // step * step


def _nobody() -> Empty:
    return Empty("Neither was used yet", "The next token that is fetched shows here.", icon="show_chart")


def _sources(rotation: Rotation) -> Table:
    """Who uses which, those of the old one first that came after the new one was there."""
    rows = SecretSource.objects.filter(marks_of(rotation)).order_by("-last_seen_at", "pk")
    old, is_open = old_of(rotation), rotation.ended_at is None
    cells = [
        [
            Badge("old", WARN if is_open else QUIET) if source.credential_id == old.pk else Badge("new", GOOD),
            Lines([Code(source.address or "address not known"), Quiet(source.user_agent or "client not named")]),
            Moment(source.first_seen_at),
            Lines([Moment(source.last_seen_at), _still(source, rotation)]),
            f"{source.uses:,}",
        ]
        for source in rows[:SHOWN]
    ]
    text = "Whoever still comes with the old one has not been told of the new one yet."
    heads = ["Key" if rotation.old_key_id else "Secret", "From", "First seen", "Last seen", "Uses"]
    return Table("Who uses which", heads, cells, _nobody(), text if is_open and cells else "")


def _still(source: SecretSource, rotation: Rotation) -> object:
    if source.credential_id == old_of(rotation).pk and source.last_seen_at >= rotation.started_at:
        return Badge("since the rotation began", ACCENT)
    return ""
