import json
import subprocess
import sys

import pytest

from identities.discovery.reading import json_items
from identities.discovery.reading.limits import Limits
from identities.discovery.records import Unreadable

CANARY = "CANARY-0003-not-to-be-quoted"


def written(folder, content):
    path = folder / "export.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal_of(folder, content, collections=(), **limits):
    with pytest.raises(Unreadable) as refusal:
        list(json_items.items(written(folder, content), collections, limits=Limits(**limits)))
    return str(refusal.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"a": 1},\n {"b": {"c": 1, "c": 2}}]', "line 2, column 19: this object has the same member twice"),
        ('{"Users": [],\n"Users": []}', "line 2, column 7: this object has the same member twice"),
        ('{"Users": [{"a": 1},\n{"b":', "line 2, column 5: the JSON ends here, before its end"),
        ('[{"a": 1}\n{"b": 2}]', "line 2, column 1: this is not JSON"),
        ('[{"a": NaN}]', "line 1, column 8: this is not JSON"),
        ('[{"a": 1e999}]', "line 1, column 13: a number is too large"),
        ("[1]", "line 1, column 3: an object is expected in this list"),
        ("3 ", "line 1, column 2: an object or a list is expected"),
        ('[{"a": "x\0"}]', "line 1, column 10: this is not JSON"),
    ],
)
def test_what_is_no_list_of_objects_is_refused_with_line_and_column(tmp_path, content, said):
    assert refusal_of(tmp_path, content, ("Users",)) == f"export.json: {said}"


def test_the_place_is_right_far_into_a_file_and_beyond_ascii(tmp_path):
    rows = ",\n".join(json.dumps({"name": "é" * 50, "n": n}, ensure_ascii=False) for n in range(3000))
    assert "line 3001, column 12: this object has the same member twice" in refusal_of(
        tmp_path, f'[{rows},\n{{"é": 1, "é": 2}}]'
    )


def test_no_value_of_the_file_is_in_a_refusal(tmp_path):
    assert CANARY not in refusal_of(tmp_path, f'[{{"a": "{CANARY}", "a": "{CANARY}"}}]')
    assert CANARY not in refusal_of(tmp_path, f'[{{"a": {CANARY}}}]')


@pytest.mark.parametrize("content", ["[" + '{"a":' * 70, '{"a":' * 70, '{"a": ' + "[" * 70])
def test_deep_nesting_is_refused(tmp_path, content):
    assert "nested deeper than 64 levels" in refusal_of(tmp_path, content)


def test_one_endless_text_is_refused_before_it_fills_the_memory(tmp_path):
    said = refusal_of(tmp_path, '[{"a": "' + "x" * 3_000_000 + '"}]', value_size=1024 * 1024)
    assert "one value is longer than 1 MiB" in said


def test_one_endless_item_is_refused_before_it_fills_the_memory(tmp_path):
    many = json.dumps([{"a": ["x" * 1000] * 50}])
    assert "one item has more than 20 values" in refusal_of(tmp_path, many, values=20)
    assert "one item is longer than 0 MiB" in refusal_of(tmp_path, many, item_size=20_000)


def test_a_file_beyond_the_limit_is_not_opened(tmp_path):
    assert "larger than 1 MiB" in refusal_of(tmp_path, "[" + " " * (1024 * 1024) + "]", file_bytes=1024 * 1024)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-32", "cp1252"])
def test_other_encodings_are_refused(tmp_path, encoding):
    assert "only UTF-8 and UTF-16" in refusal_of(tmp_path, '[{"name": "café"}]'.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_windows_shells_write_is_read(tmp_path, encoding):
    (item,) = json_items.items(written(tmp_path, '[{"name": "café"}]'.encode(encoding)))
    assert item.value == {"name": "café"}


@pytest.mark.parametrize(
    ("content", "places"),
    [
        ('[{"n": 1}, {"n": 2}]', ["item 1", "item 2"]),
        ('{"Users": [{"n": 1}, {"n": 2}], "More": false}', ["item 1 of Users", "item 2 of Users"]),
        ('{"Users": [{"n": 1}]}{"Users": [{"n": 2}]}', ["item 1 of Users", "item 2 of Users"]),
        ('{"n": 1}\n{"n": 2}\n', ["item 1", "item 2"]),
        ('[{"n": 1}]\n[{"n": 2}]', ["item 1", "item 2"]),
        ('{"Users": [{"n": 1}], "Roles": [{"n": 2}]}', ["item 1 of Users", "item 1 of Roles"]),
    ],
)
def test_items_are_found_wherever_their_list_stands(tmp_path, content, places):
    found = list(json_items.items(written(tmp_path, content), ("Users", "Roles")))
    assert [item.place for item in found] == places
    assert [item.value for item in found] == [{"n": 1}, {"n": 2}]


def test_an_object_without_such_a_list_is_one_item(tmp_path):
    (item,) = json_items.items(written(tmp_path, '{"name": "x", "others": [1, {"Users": [{}]}]}'), ("Users",))
    assert item.value == {"name": "x", "others": [1, {"Users": [{}]}]}
    assert (item.place, item.collection, item.around) == ("item 1", "", None)


def test_what_stands_before_the_list_comes_with_its_items(tmp_path):
    (item,) = json_items.items(written(tmp_path, '{"version": 4, "resources": [{"a": 1}], "z": 1}'), ("resources",))
    assert item.around["version"] == 4


def test_characters_that_no_database_takes_are_replaced(tmp_path):
    (item,) = json_items.items(written(tmp_path, r'[{"a\u0000": "b\u0000", "c": "\ud800"}]'))
    assert item.value["a\ufffd"] == "b\ufffd"
    item.value["c"].encode()


def test_a_large_file_is_read_in_little_memory(tmp_path):
    path = tmp_path / "large.json"
    row = json.dumps({"metadata": {"name": "x" * 400, "labels": {str(n): "y" * 60 for n in range(10)}}})
    path.write_text(f'{{"items": [{",".join([row] * 20_000)}]}}')
    program = (
        "import resource, sys; from pathlib import Path; from identities.discovery.reading import json_items;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "print(sum(1 for _ in json_items.items(Path(sys.argv[1]), ('items',))),"
        " resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    count, kibibytes = map(int, done.stdout.split())
    assert path.stat().st_size > 20_000_000
    assert count == 20_000
    assert kibibytes < 8_000


@pytest.mark.parametrize("content", ["[" + "{}," * 200 + "{}]", "{}\n" * 200, '{"items": [' + "{}," * 200 + "{}]}"])
def test_a_file_of_ever_more_objects_is_not_read_to_its_end(tmp_path, content):
    path = tmp_path / "many.json"
    path.write_text(content)
    with pytest.raises(Unreadable, match="more than 100 objects; split it"):
        list(json_items.items(path, ("items",), limits=Limits(rows=100)))
