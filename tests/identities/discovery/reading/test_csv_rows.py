import pytest

from identities.discovery.reading import csv_rows
from identities.discovery.reading.limits import Limits
from identities.discovery.records import Unreadable


def written(folder, content):
    path = folder / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b,a\n1,2,3\n", "row 1, column 3: the same name as column 1"),
        (",,\n1,2,3\n", "row 1: the names of the columns are expected"),
        ("a,b\n1,2\n1,2,3\n", "row 3, column 3: a cell beyond the last named column"),
        ("a,b\n1,\0\n", "row 2, column 2: a NUL byte; this is no CSV"),
        ('a,b\n"x,1\n2,3\n', "row 2: the file ends within a quoted cell"),
        ('a,b\n1,2\n"x"y,1\n', "row 3: this is not CSV: a quotation mark or a line end stands where none may"),
        ('a,b\n"' + "x" * 200_000 + '",1\n', "row 2: a cell is longer than 131072 characters"),
        (",".join(f"c{n}" for n in range(1001)), "row 1, column 1001: more than 1000 columns"),
        ("," * 2_000_000, "row 1: the row is longer than 1048576 characters"),
        ("a,b\nx,é\n".encode("latin-1"), "line 2, column 3: the text does not decode"),
        ("a\n\ud83d".encode("utf-16", "surrogatepass"), "the text does not decode"),
    ],
)
def test_a_broken_table_is_refused_with_row_and_column(tmp_path, content, said):
    with pytest.raises(Unreadable, match=f"^export.csv: .*{said}"):
        list(csv_rows.rows(written(tmp_path, content)))


def test_a_row_spread_over_many_lines_is_refused_before_it_fills_the_memory(tmp_path):
    path = written(tmp_path, "a\n" + ',"\n",' * 5000)
    with pytest.raises(Unreadable, match="row 2: the row is longer than 1000 characters"):
        list(csv_rows.rows(path, limits=Limits(line=1000)))


def test_a_file_of_line_ends_is_not_read_to_its_end(tmp_path):
    path = written(tmp_path, "a\n" + "\n" * 5000)
    with pytest.raises(Unreadable, match="row 1001: more than 1000 rows; split it"):
        list(csv_rows.rows(path, limits=Limits(rows=1000)))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_save_is_read(tmp_path, delimiter, encoding):
    content = delimiter.join(["name", "owner"]) + "\r\n" + delimiter.join(["café", '"a\nb"']) + "\r\n"
    (row,) = csv_rows.rows(written(tmp_path, content.encode(encoding)))
    assert row.cells == {"name": "café", "owner": "a\nb"}


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path):
    found = list(csv_rows.rows(written(tmp_path, 'a,b\n"x\ny",1\n\n2,\n')))
    assert [row.place for row in found] == ["row 2", "row 4"]


def test_short_rows_are_filled_and_unnamed_columns_passed_by(tmp_path):
    (row,) = csv_rows.rows(written(tmp_path, "a,,b\n1,2\n"))
    assert row.cells == {"a": "1", "b": ""}


def test_formulas_are_text(tmp_path):
    (row,) = csv_rows.rows(written(tmp_path, "a,b,c,d\n=1+1,+1,-1,@x\n"))
    assert list(row.cells.values()) == ["=1+1", "+1", "-1", "@x"]


def test_a_table_as_long_as_its_block_loses_no_row(tmp_path):
    path = written(tmp_path, "a\n" + "".join(f"{n:07}é\n" for n in range(30_000)))
    assert [row.cells["a"] for row in csv_rows.rows(path)] == [f"{n:07}é" for n in range(30_000)]
