"""Free search over the register: which rows hold every word of a text, by an index that holds at a million rows.

A word is found wherever it stands in name, client id, purpose, description, application, ticket, an owner's label, the
team's name or a key by which a source knows the identity; letters' case does not matter. Words of fewer than three
characters have no trigram: alone, they are looked for at the beginning of the name; beside longer ones, anywhere.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.utils.text import smart_split, unescape_string_literal

from identities.inventory.models import ManagedIdentity, SearchEntry
from identities.inventory.search_triggers import TABLE, WORDS

SHORTEST = 3
MOST_WORDS = 8
LONGEST = 200
#: A word that more rows hold than this is not gathered first: reading the list in its order meets enough of them soon.
COMMON = 10_000
#: No more rows than these are named one by one; the text is then looked up once, not for the count and the page again.
FEW = 200
#: No member holds these, and FTS5 ends its text at a NUL.
NEVER_THERE = ("\x00", "\x1f")


def matching(text: str) -> Q:
    """The condition behind a search. Nothing typed finds everything; words beyond the eighth are passed over.

    It asks once how common a beginning is, and on SQLite words too, since its planner cannot know.
    """
    text = text.strip()[:LONGEST]
    words = words_of(text)
    if not words:
        return Q()
    if any(mark in text for mark in NEVER_THERE):
        return Q(pk__in=ManagedIdentity.objects.none().values("pk"))
    long = [word for word in words if len(word) >= SHORTEST]
    if not long:
        begun = SearchEntry.objects.filter(_beginning(text))
        is_common = begun[: COMMON + 1].count() > COMMON
        return Q(name__istartswith=text) if is_common else Q(pk__in=begun.values("identity_id"))
    short = [word for word in words if len(word) < SHORTEST]
    condition = _sqlite(long) if connection.vendor == "sqlite" else _all(_holding(word) for word in long)
    return condition & _all(_holding(word) for word in short)


def words_of(text: str) -> list[str]:
    """What is looked for one by one; what stands in quotation marks is one word."""
    words = []
    for bit in smart_split(text):
        is_quoted = len(bit) > 1 and bit[0] == bit[-1] and bit[0] in "\"'"
        words.append(unescape_string_literal(bit) if is_quoted else bit)
    return [word for word in dict.fromkeys(words) if word.strip()][:MOST_WORDS]


def lowered(text: str) -> str:
    """As the database lowers: SQLite knows only the letters of ASCII."""
    if connection.vendor != "sqlite":
        return text.lower()
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _beginning(text: str) -> Q:
    start = lowered(text)
    if connection.vendor == "sqlite":
        # LIKE would not use the index: its own idea of case is not the index's.
        return Q(name__gte=start, name__lt=f"{start}\U0010ffff")
    return Q(name__startswith=start)


def _holding(word: str) -> Q:
    """Asked row by row, or turned into a join where the planner sees fit (PostgreSQL)."""
    spelled = {lowered(word)} if word.isascii() else {lowered(word), word.lower(), word.upper(), word.capitalize()}
    holds = Q()
    for each in spelled:
        holds |= Q(text__contains=each)
    return Q(Exists(SearchEntry.objects.filter(holds, identity_id=OuterRef("pk"))))


def _sqlite(words: Sequence[str]) -> Q:
    """Name the rows of a word that few hold; else gather what rare words are in, and ask row by row for common ones.

    Only the trigrams know letters beyond ASCII.
    """
    few = _few(words)
    if few:
        in_all = set.intersection(*map(set, few.values()))
        return _all([Q(pk__in=in_all), *(_asked(word) for word in words if word not in few)])
    counts = _counts(words)
    return _all(_gathered(word) if count <= COMMON else _asked(word) for word, count in counts.items())


def _asked(word: str) -> Q:
    return _holding(word) if word.isascii() else _gathered(word)


def _few(words: Sequence[str]) -> dict[str, list[str]]:
    """The rows that hold each word, where no more than FEW do; one question for all of them."""
    one = (
        f"SELECT * FROM (SELECT %s, identity_id FROM {TABLE} WHERE id IN "  # noqa: S608 - constants
        f"(SELECT rowid FROM {WORDS} WHERE {WORDS} MATCH %s LIMIT {FEW + 1}))"
    )
    asked = [part for word in words for part in (word, _phrase(word))]
    found: dict[str, list[str]] = {word: [] for word in words}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([one] * len(words)), asked)
        for word, identity_id in cursor.fetchall():
            found[word].append(identity_id)
    return {word: ids for word, ids in found.items() if len(ids) <= FEW}


def _gathered(word: str) -> Q:
    hits = RawSQL(f"SELECT rowid FROM {WORDS} WHERE {WORDS} MATCH %s", [_phrase(word)])  # noqa: S608, S611 - constants
    return Q(pk__in=SearchEntry.objects.filter(pk__in=hits).values("identity_id"))


def _counts(words: Sequence[str]) -> dict[str, int]:
    """How many rows hold each word, counted no further than one past COMMON; one question for all of them."""
    one = f"(SELECT count(*) FROM (SELECT 1 FROM {WORDS} WHERE {WORDS} MATCH %s LIMIT {COMMON + 1}))"  # noqa: S608 - constants
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join([one] * len(words)), [_phrase(word) for word in words])
        return dict(zip(words, cursor.fetchone(), strict=True))


def _phrase(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _all(conditions: Iterable[Q]) -> Q:
    return reduce(and_, conditions, Q())
