"""Free search over the register: which rows hold every word of a text, by an index that holds at a million rows.

A word is found wherever it stands in name, client id, purpose, description, application, ticket, an owner's label, the
team's name or a key by which a source knows the identity; letters' case does not matter. Words of fewer than three
characters have no trigram: alone, they are looked for at the beginning of the name; beside longer ones, anywhere.
"""

import json
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_

from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery
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
#: PostgreSQL is told to gather the rows of a word that it believes so many to hold, and to read them all first of so
#: many. Left alone it reads the list in its order, since it takes them to be spread over it: those whose names begin
#: alike stand together in the order of names, behind hundreds of thousands of others.
GATHERED, READ_FIRST = 50_000, 300_000
EVERY = 2**31
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
    condition = _sqlite(long) if connection.vendor == "sqlite" else _postgresql(long)
    return condition & _all(_holding(word) for word in short)


def leading_to(text: str, path: str) -> Q | None:
    """The same of rows that know the key of their identity as `path`; None where the register itself has to be asked.

    For the first so many of such rows in no order. Known on PostgreSQL, of texts with a word of three characters.
    """
    words = words_of(text.strip()[:LONGEST])
    long = [word for word in words if len(word) >= SHORTEST]
    if connection.vendor == "sqlite" or not long or any(mark in text for mark in NEVER_THERE):
        return None
    rare = _rarest(long)
    found = [_gathered_in(rare, path)] if _believed(rare) <= GATHERED else [_holding(rare, path)]
    return _all([*found, *(_holding(word, path) for word in words if word != rare)])


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


def _holding(word: str, path: str = "pk") -> Q:
    """Asked row by row, or turned into a join where the planner sees fit (PostgreSQL)."""
    return Q(Exists(_entries(word).filter(identity_id=OuterRef(path))))


def _entries(word: str) -> QuerySet[SearchEntry]:
    spelled = {lowered(word)} if word.isascii() else {lowered(word), word.lower(), word.upper(), word.capitalize()}
    holds = Q()
    for each in spelled:
        holds |= Q(text__contains=each)
    return SearchEntry.objects.filter(holds)


class _Gathered(Subquery):
    """An array: found before anything else is read."""

    template = "(ARRAY(%(subquery)s))"


def _gathered_in(word: str, path: str) -> Q:
    entries = _Gathered(_entries(word).values("identity_id"))
    return Q(Func(F(path), entries, template="%(expressions)s", arg_joiner=" = ANY ", output_field=BooleanField()))


def _postgresql(words: Sequence[str]) -> Q:
    """The rarest word by the way that suits how many are believed to hold it; the others are asked row by row."""
    rare = _rarest(words)
    believed = _believed(rare)
    if believed <= GATHERED:
        found = _gathered_in(rare, "pk")
    elif believed <= READ_FIRST:
        # What is limited is read as it stands, and not turned into a question to each row.
        found = Q(pk__in=_entries(rare).values("identity_id")[:EVERY])
    else:
        found = _holding(rare)
    return _all([found, *(_holding(word) for word in words if word != rare)])


def _rarest(words: Sequence[str]) -> str:
    """The longest: mostly the rarest too, and to have each judged would cost a question each."""
    return max(words, key=len)


def _believed(word: str) -> int:
    """How many rows PostgreSQL's statistics believe to hold a word; one question, which reads none of them."""
    plan = json.loads(_entries(word).order_by().values("identity_id").explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


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
