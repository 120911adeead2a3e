from datetime import date
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest

from identities.discovery.reading import csv_rows, xlsx_rows
from identities.discovery.reading.limits import MEBIBYTE, Limits
from identities.discovery.records import Unreadable


def workbook(folder, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    path = folder / "table.xlsx"
    book.save(path)
    return path


def with_part(path, name, content):
    """The same workbook with one part replaced."""
    with ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for part, old in {**parts, name: content}.items():
            archive.writestr(part, content if part == name else old)
    return path


def refusal_of(path, **limits):
    with pytest.raises(Unreadable) as refusal:
        list(xlsx_rows.rows(path, limits=Limits(**limits)))
    return str(refusal.value)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = with_part(workbook(tmp_path, ["a"]), "xl/worksheets/sheet1.xml", b" " * (30 * MEBIBYTE))
    assert "unpacks to more than 200 times its size" in refusal_of(path)
    assert "the workbook unpacks to more than 10 MiB" in refusal_of(path, file_bytes=10 * MEBIBYTE)
    assert "larger than 1 MiB" in refusal_of(
        with_part(workbook(tmp_path, ["a"]), "xl/styles.xml", b" " * (2 * MEBIBYTE)), part_bytes=MEBIBYTE, ratio=2000
    )


def test_entities_are_not_expanded(tmp_path):
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    path = with_part(workbook(tmp_path, ["a"]), "xl/worksheets/sheet1.xml", laughs)
    assert "declares XML entities" in refusal_of(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 not one", b"name,owner\n", b"<html></html>"])
def test_what_is_no_workbook_is_refused(tmp_path, content):
    path = tmp_path / "table.xlsx"
    path.write_bytes(content)
    assert refusal_of(path) == "table.xlsx: this is not a workbook (XLSX)"


def test_another_archive_and_a_broken_workbook_are_refused(tmp_path):
    other = tmp_path / "other.zip"
    with ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "x")
    assert "a ZIP archive but not a workbook" in refusal_of(other)
    assert "is broken" in refusal_of(with_part(workbook(tmp_path, ["a"]), "xl/worksheets/sheet1.xml", b"<worksheet><r"))
    assert "is broken" in refusal_of(with_part(workbook(tmp_path, ["a"]), "xl/workbook.xml", b"<workbook/>"))


def test_too_many_columns_and_rows_are_refused_with_their_place(tmp_path):
    path = workbook(tmp_path, ["a", "b", "c"], [1, 2, 3])
    assert refusal_of(path, columns=2) == "table.xlsx: row 1, column 3: more than 2 columns"
    assert refusal_of(path, rows=1) == "table.xlsx: row 2: more than 1 rows"


def test_a_workbook_is_not_taken_for_text(tmp_path):
    with pytest.raises(Unreadable, match="not text but a ZIP archive or workbook"):
        list(csv_rows.rows(workbook(tmp_path, ["a"])))


def test_values_come_as_texts_and_no_formula_is_computed(tmp_path):
    path = workbook(tmp_path, ["a", "b", "c", "d", "e"], ["=1+1", 7.0, True, date(2026, 3, 1), "@x"])
    (row,) = xlsx_rows.rows(path)
    assert row.cells == {"a": "", "b": "7", "c": "true", "d": "2026-03-01T00:00:00", "e": "@x"}
    assert row.place == "row 2"
    assert xlsx_rows.headers(path) == ("a", "b", "c", "d", "e")
    assert xlsx_rows.is_workbook(path)
