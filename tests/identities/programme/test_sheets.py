"""No cell of a file can be run, whatever was imported into the register; and a file reads back as it was written."""

import csv
import time
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from hypothesis import given, strategies as st
from openpyxl import load_workbook

from identities.programme import sheets

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "\n=1"]
#: Wide signs, a minus of typographers, what has no width before a sign.
EVIL += [
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "\u22121",
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1",
    " \u2060 +1",
]
SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212")


@pytest.mark.parametrize("text", EVIL)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert str(sheets.cell(text)).startswith("'")


@given(st.text(max_size=60))
def test_no_text_begins_with_what_is_run(text):
    found = str(sheets.cell(text))
    assert not found.startswith(SIGNS)
    assert not found.lstrip().startswith(SIGNS)


@pytest.mark.parametrize("text", ["a;=1+1", "a; @x", "a\t=1", "a\n=1", 'a;"=1"', "a;\uff1d1", "a;b;-1"])
def test_no_cell_begins_within_a_text_where_semicolons_part_cells(text):
    line = "".join(sheets.csv_lines(["One", "Two"], [["x", text]])).splitlines(keepends=True)[1:]
    cells = [cell for row in csv.reader(line, delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.strip(' "').startswith(SIGNS)]
    assert str(sheets.cell("a;b; c")) == "a;b; c"


def test_a_text_of_nothing_but_line_ends_takes_no_time():
    began = time.process_time()
    sheets.cell("a" + "\n" * 40_000)
    sheets.cell(" " * 40_000)
    assert time.process_time() - began < 1


def test_numbers_stay_numbers_and_times_are_in_utc():
    assert sheets.cell(-5) == -5
    assert sheets.cell(True) is True
    assert sheets.cell(None) == ""
    assert sheets.cell(datetime(2026, 3, 1, 12, tzinfo=UTC)) == "2026-03-01T12:00:00Z"
    assert sheets.cell(date(2026, 3, 1)) == "2026-03-01"


def test_a_csv_file_reads_back_with_every_cell_in_its_place():
    rows: list[list[object]] = [["a,b", 'say "x"', 3], ["two\nlines", None, "=1"]]
    text = "".join(sheets.csv_lines(["One", "Two", "Three"], rows)).removeprefix("\ufeff")
    assert list(csv.reader(StringIO(text, newline=""))) == [
        ["One", "Two", "Three"],
        ["a,b", 'say "x"', "3"],
        ["two\nlines", "", "'=1"],
    ]


def test_an_xlsx_file_holds_no_formula_and_takes_control_characters_away():
    with sheets.xlsx_file(["=Header"], [["=1+1"], ["a\x00b\x0b"], [7]], title="A/B: [x]") as file:
        sheet = load_workbook(file).active
    assert [cell.value for row in sheet.iter_rows() for cell in row] == ["'=Header", "'=1+1", "ab", 7]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert sheet.title == "AB x"


def test_a_file_has_a_plain_name():
    assert sheets.file_name("Who? Where: “x”", datetime(2026, 3, 1, tzinfo=UTC), "csv") == "who-where-x-2026-03-01.csv"
    assert sheets.file_name("…", datetime(2026, 3, 1, tzinfo=UTC), "csv") == "export-2026-03-01.csv"
