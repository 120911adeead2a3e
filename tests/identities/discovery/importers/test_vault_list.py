import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, dropped, one, read, reported, written


def metadata(**members):
    return {
        "request_id": "1",
        "data": {
            "created_time": "2024-01-01T00:00:00.123456789Z",
            "current_version": 2,
            "custom_metadata": {"owner": "dana@example.org"},
            "updated_time": "2024-05-01T00:00:00Z",
            "versions": {"1": {"created_time": "2024-01-01T00:00:00Z", "destroyed": False}},
            **members,
        },
    }


@pytest.mark.parametrize("content", [{"data": {"color": CANARY}}, [["nested"]], [{"name": "x"}]])
def test_what_is_neither_list_nor_metadata_is_refused(tmp_path, content):
    with pytest.raises(Unreadable) as refusal:
        read("vault-list", written(tmp_path, "x.json", content))
    assert CANARY not in str(refusal.value)


def test_folders_are_dropped_and_names_kept(tmp_path):
    found = read("vault-list", written(tmp_path, "list.json", ["db", "team/"]))
    assert list(reported(found)) == ["db"]
    assert list(dropped(found)) == ["team/"]


def test_metadata_in_a_file_of_that_name_tell_of_dates_and_owner(tmp_path):
    files = written(tmp_path, "list.json", ["db", "other"]), written(tmp_path, "db.json", metadata())
    found = reported(read("vault-list", *files))
    assert set(found) == {"db", "other"}
    assert found["db"].facts["technical_owner"] == "dana@example.org"
    assert found["db"].credentials[0].created_at is not None


def test_metadata_alone_meet_the_list_by_name(tmp_path):
    (alone,) = reported(read("vault-list", written(tmp_path, "db.json", metadata()))).values()
    (listed,) = reported(read("vault-list", written(tmp_path, "list.json", ["db"]))).values()
    assert alone.aliases == listed.aliases
    assert alone.record_type != listed.record_type  # it says nothing of what else is listed


def test_values_that_were_read_by_mistake_are_not_kept(tmp_path):
    answer = {"data": {"data": {"dsn": CANARY}, "metadata": {"created_time": "2024-01-01T00:00:00Z"}}}
    row = one("vault-list", tmp_path, answer)
    assert CANARY not in repr(row)
    assert row.credentials[0].exposed_in == "values of export in the export"
