"""Files, folders and pipes are gone through whole, and what cannot be read is said."""

import io
import os

import pytest

from identities.credentials.secret_format import generate
from identities.management.leak_search import PIECE, Search

SECRET = generate("production")


def found(*names, given=b""):
    search = Search([str(name) for name in names], io.BytesIO(given))
    return [(place.file, place.found.line) for place in search.places()], search


def test_a_folder_is_searched_in_its_order_without_what_is_packed(tmp_path):
    for name in ("b.env", "a/deep/c.log", ".git/objects/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"line\n{SECRET}\n")
    places, search = found(tmp_path)
    assert places == [(str(tmp_path / "b.env"), 2), (str(tmp_path / "a/deep/c.log"), 2)]
    assert (search.files, search.unreadable) == (2, [])


def test_links_and_pipes_in_a_folder_are_left_alone(tmp_path):
    outside = tmp_path / "outside.env"
    outside.write_text(SECRET)
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    assert found(folder)[0] == []
    assert found(folder / "link")[0] == [(str(folder / "link"), 1)]


def test_standard_input_has_a_name_of_its_own():
    places, _ = found("-", given=f"\n\n{SECRET}".encode())
    assert places == [("(standard input)", 3)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_it_is_found_in_every_usual_encoding(tmp_path, encoding):
    file = tmp_path / "log"
    file.write_bytes(f"zwölf\nx = {SECRET}\n".encode(encoding))
    assert found(file)[0] == [(str(file), 2)]


def test_binary_files_are_searched_and_counted(tmp_path):
    file = tmp_path / "core"
    file.write_bytes(b"\x7fELF\0\0\xff\xfe" + SECRET.encode() + b"\0")
    places, search = found(file)
    assert (places, search.binary) == ([(str(file), 1)], 1)


def test_a_file_of_many_pieces_is_read_without_a_seam(tmp_path):
    file = tmp_path / "big"
    before = PIECE - 20
    file.write_bytes(b"x" * before + SECRET.encode() + b"\n" * PIECE + SECRET.encode())
    assert [line for _, line in found(file)[0]] == [1, PIECE + 1]


def test_what_cannot_be_read_is_kept_with_its_reason(tmp_path):
    file = tmp_path / "gone"
    search = Search([str(file)], io.BytesIO())
    assert search.missing() == [str(file)]
    assert list(search.places()) == []
    assert search.unreadable == [(str(file), "No such file or directory")]
