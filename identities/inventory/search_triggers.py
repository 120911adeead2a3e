"""The statements that keep the search table true, whoever writes: SQLite and PostgreSQL. Pure text, no connection.

`Part` is a table whose rows say something an identity is found by. Each of its rows has one row in the search table,
named by `origin`: the part's letter and the row's id. On SQLite a full-text table of trigrams follows the search table
by triggers of its own; on PostgreSQL a trigram index does it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TABLE, WORDS = "identities_searchentry", "register_search"
REGISTER, TEAMS = "identities_managedidentity", "identities_team"
#: Counted up when the text of a row is made otherwise: triggers of another version are replaced and rows rewritten.
PREFIX = "register_search_1_"
INDEX = "register_search_trigrams"
#: The sources that report an identity are looked for by how they begin.
SOURCES = "register_source_trigrams"
#: No member may hold this character, so that nothing is found across the border of two members.
BORDER = 31


@dataclass(frozen=True)
class Part:
    """`letter` is its own; `identity` the column that leads to the register; `columns` are what is searched."""

    letter: str
    table: str
    identity: str
    columns: Sequence[str]
    name: str = ""
    has_team: bool = False

    @property
    def watched(self) -> Sequence[str]:
        """The columns whose change changes the row of the search table."""
        more = [*([self.identity] if self.identity != "id" else []), *(["owner_team_id"] if self.has_team else [])]
        return [*self.columns, *more]


OWN = Part(
    "i", REGISTER, "id",
    ("name", "client_id", "purpose", "description", "application", "ticket",
     "business_owner_label", "technical_owner_label", "deputy_owner_label"),
    name="name", has_team=True,
)  # fmt: skip


def names(vendor: str, parts: Sequence[Part]) -> dict[str, str]:
    """The triggers there must be, each with its table."""
    found = {f"{PREFIX}{part.letter}_{act}": part.table for part in parts for act in ("new", "changed", "gone")}
    found[f"{PREFIX}team"] = TEAMS
    if vendor == "sqlite":
        found |= {f"{PREFIX}words_{act}": TABLE for act in ("new", "changed", "gone")}
    return found


def text_of(part: Part, row: str, vendor: str) -> str:
    """The searched text of `row` (NEW, or a table's alias) as SQL."""
    border = f"char({BORDER})" if vendor == "sqlite" else f"chr({BORDER})"
    team = f"coalesce((SELECT name FROM {TEAMS} WHERE id = {row}.owner_team_id), '')"  # noqa: S608 - constants
    pieces = [*(f"{row}.{column}" for column in part.columns), *([team] if part.has_team else [])]
    return "lower(" + f" || {border} || ".join(pieces) + ")"


def origin_of(part: Part, row: str, vendor: str) -> str:
    """The name of a row's row in the search table, as SQL."""
    return f"'{part.letter}' || {row}.id" + ("" if vendor == "sqlite" else "::text")


def values_of(part: Part, row: str, vendor: str) -> str:
    """origin, identity_id, name, text as SQL."""
    name = f"lower({row}.{part.name})" if part.name else "''"
    return f"{origin_of(part, row, vendor)}, {row}.{part.identity}, {name}, {text_of(part, row, vendor)}"


def _upsert(part: Part, vendor: str) -> str:
    return (
        f"INSERT INTO {TABLE} (origin, identity_id, name, text) VALUES ({values_of(part, 'NEW', vendor)}) "  # noqa: S608 - constants
        "ON CONFLICT (origin) DO UPDATE SET identity_id = excluded.identity_id, name = excluded.name, "
        "text = excluded.text;"
    )


def _renamed_team(vendor: str) -> str:
    return (
        f"UPDATE {TABLE} SET text = (SELECT {text_of(OWN, 'r', vendor)} FROM {REGISTER} r "  # noqa: S608 - constants
        f"WHERE r.id = {TABLE}.identity_id) WHERE origin IN "
        f"(SELECT {origin_of(OWN, 'r', vendor)} FROM {REGISTER} r WHERE r.owner_team_id = NEW.id);"
    )


def sqlite(parts: Sequence[Part]) -> Iterator[str]:
    """The triggers, and the table of trigrams that they lead to."""
    yield (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {WORDS} "
        f"USING fts5(text, content='{TABLE}', content_rowid='id', tokenize='trigram')"
    )
    for part in parts:
        start, changed = f"CREATE TRIGGER {PREFIX}{part.letter}", _differs(part.watched, "IS NOT")
        save, columns = _upsert(part, "sqlite"), ", ".join(part.watched)
        origin = origin_of(part, "OLD", "sqlite")
        yield f"{start}_new AFTER INSERT ON {part.table} BEGIN {save} END"
        yield f"{start}_changed AFTER UPDATE OF {columns} ON {part.table} WHEN {changed} BEGIN {save} END"
        yield f"{start}_gone AFTER DELETE ON {part.table} BEGIN DELETE FROM {TABLE} WHERE origin = {origin}; END"  # noqa: S608 - constants
    yield (
        f"CREATE TRIGGER {PREFIX}team AFTER UPDATE OF name ON {TEAMS} WHEN NEW.name IS NOT OLD.name "
        f"BEGIN {_renamed_team('sqlite')} END"
    )
    forget = f"INSERT INTO {WORDS} ({WORDS}, rowid, text) VALUES ('delete', OLD.id, OLD.text);"  # noqa: S608 - constants
    learn = f"INSERT INTO {WORDS} (rowid, text) VALUES (NEW.id, NEW.text);"  # noqa: S608 - constants
    yield f"CREATE TRIGGER {PREFIX}words_new AFTER INSERT ON {TABLE} BEGIN {learn} END"
    yield (
        f"CREATE TRIGGER {PREFIX}words_changed AFTER UPDATE OF text ON {TABLE} WHEN NEW.text IS NOT OLD.text "
        f"BEGIN {forget} {learn} END"
    )
    yield f"CREATE TRIGGER {PREFIX}words_gone AFTER DELETE ON {TABLE} BEGIN {forget} END"


def postgresql(parts: Sequence[Part]) -> Iterator[str]:
    """The functions and the triggers that call them."""
    for part in parts:
        name, changed = f"{PREFIX}{part.letter}", _differs(part.watched, "IS DISTINCT FROM")
        origin = origin_of(part, "OLD", "postgresql")
        columns = ", ".join(part.watched)
        yield _function(f"{name}_save", _upsert(part, "postgresql"))
        yield _function(f"{name}_gone", f"DELETE FROM {TABLE} WHERE origin = {origin};")  # noqa: S608 - constants
        each = f"FOR EACH ROW EXECUTE FUNCTION {name}"
        yield f"CREATE OR REPLACE TRIGGER {name}_new AFTER INSERT ON {part.table} {each}_save()"
        yield (
            f"CREATE OR REPLACE TRIGGER {name}_changed AFTER UPDATE OF {columns} ON {part.table} "
            f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION {name}_save()"
        )
        yield f"CREATE OR REPLACE TRIGGER {name}_gone AFTER DELETE ON {part.table} {each}_gone()"
    yield _function(f"{PREFIX}team", _renamed_team("postgresql"))
    yield (
        f"CREATE OR REPLACE TRIGGER {PREFIX}team AFTER UPDATE OF name ON {TEAMS} "
        f"FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION {PREFIX}team()"
    )


def missing_rows(part: Part, vendor: str) -> str:
    """Enter what the search table does not hold yet."""
    origin = origin_of(part, "r", vendor)
    return (
        f"INSERT INTO {TABLE} (origin, identity_id, name, text) SELECT {values_of(part, 'r', vendor)} "  # noqa: S608 - constants
        f"FROM {part.table} r WHERE NOT EXISTS (SELECT 1 FROM {TABLE} s WHERE s.origin = {origin}) "
        "ON CONFLICT (origin) DO NOTHING"
    )


def stale_rows(part: Part, vendor: str) -> str:
    """Rewrite what it holds wrongly."""
    origin, text = origin_of(part, "r", vendor), text_of(part, "r", vendor)
    name = f"lower(r.{part.name})" if part.name else "''"
    return (
        f"UPDATE {TABLE} SET identity_id = r.{part.identity}, name = {name}, text = {text} FROM {part.table} r "  # noqa: S608 - constants
        f"WHERE {TABLE}.origin = {origin} AND ({TABLE}.text <> {text} OR {TABLE}.identity_id <> r.{part.identity})"
    )


def orphaned_rows(part: Part, vendor: str) -> str:
    """Remove what it holds of rows that are no more."""
    origin = origin_of(part, "r", vendor)
    return (
        f"DELETE FROM {TABLE} WHERE origin LIKE '{part.letter}%' "  # noqa: S608 - constants
        f"AND NOT EXISTS (SELECT 1 FROM {part.table} r WHERE {origin} = {TABLE}.origin)"
    )


def _differs(columns: Sequence[str], operator: str) -> str:
    return " OR ".join(f"NEW.{column} {operator} OLD.{column}" for column in columns)


def _function(name: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
    )
