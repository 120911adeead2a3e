import pytest

from identities.discovery.reading import text
from identities.discovery.records import Unreadable


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a\r\nb\tc", "a b c"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x\x00y", "x y"),
        (None, ""),
        (7, "7"),
        (True, ""),
        ([], ""),
    ],
)
def test_texts_become_one_line_that_may_be_kept(written, kept):
    assert text.clean(written) == kept


def test_long_texts_end_in_an_ellipsis():
    assert text.clean("x" * 300, 10) == "xxxxxxxxx…"


def test_a_refusal_shows_a_name_that_forges_no_line(tmp_path):
    assert str(text.refusal(tmp_path / "a\nb.csv", "row 1", "no")) == "a b.csv: row 1: no"


@pytest.mark.parametrize(
    ("start", "said"), [(b"%PDF-1.7", "a PDF"), (b"\x1f\x8b\x08", "gzip"), (b"\xd0\xcf\x11\xe0", "XLS")]
)
def test_other_sorts_of_files_are_named(tmp_path, start, said):
    path = tmp_path / "file"
    path.write_bytes(start)
    with pytest.raises(Unreadable, match=said):
        list(text.blocks(path))


def test_a_device_is_no_file(tmp_path):
    link = tmp_path / "zero"
    link.symlink_to("/dev/zero")
    with pytest.raises(Unreadable, match="no such file"):
        text.check(link)
