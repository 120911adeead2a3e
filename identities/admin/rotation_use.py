"""Old and new usage during a rotation: one small chart, and from where each of the two is used."""

from datetime import datetime

from identities.admin.parts import Badge, Block, Code, Empty, Lines, Moment, Quiet, Table
from identities.admin.parts.series import Line, Series
from identities.admin.rotation_rows import old_of
from identities.admin.wording import ACCENT, GOOD, QUIET, WARN
from identities.credentials.models import Rotation, SecretSource
from identities.credentials.rotation_selectors import marks_of
from identities.credentials.rotation_use import Use, use_of as counted

SHOWN = 20
FEWEST_COLUMNS = 24


def use_of(rotation: Rotation, *, at: datetime) -> list[Block]:
    """A chart of both since the overlap began, then their sources; two queries."""
    return [chart_of(rotation, at=at), _sources(rotation)]


def chart_of(rotation: Rotation, *, at: datetime) -> Series:
    """How often each of the two was used since the overlap began; one query."""
    return chart(counted(rotation, at=at))


def chart(use: Use) -> Series:
    """One bar a column, the old one and the new one on each other. Pure."""
    # A young rotation has room to its right: two columns as wide as the page tell nobody anything.
    room = max(FEWEST_COLUMNS - len(use.columns), 0)
    first = use.columns[0].at
    columns = [first + use.step * place for place in range(len(use.columns) + room)]
    lines = [
        Line("with the new one", GOOD, [*(column.new for column in use.columns), *[None] * room], is_sum=True),
        Line("with the old one", WARN, [*(column.old for column in use.columns), *[None] * room], is_sum=True),
    ]
    text = "Tokens fetched with each, all in UTC. It moves within five seconds."
    return Series("rotation-use", "Old and new", columns, lines, _nobody(), text, bars=True)


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
