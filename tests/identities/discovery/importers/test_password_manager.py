import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, dropped, read, reported, written

HEADER = "Title,Username,Password,URL,Notes,Last Modified,Created"
ROW = f"Shop API,robot,{CANARY},https://robot:{CANARY}@api.example.org/x?token={CANARY},{CANARY},2024-05-01,2023-01-01"


def test_a_table_without_a_title_is_refused_with_the_place(tmp_path):
    with pytest.raises(Unreadable, match="row 1"):
        read("password-manager", written(tmp_path, "x.csv", "color,size\nred,1\n"))


def test_passwords_notes_and_secrets_in_addresses_are_never_kept(tmp_path):
    found = read("password-manager", written(tmp_path, "x.csv", f"{HEADER}\n{ROW}\n"))
    assert CANARY not in repr(found)
    (row,) = reported(found).values()
    assert row.label == "Shop API (robot)"
    assert row.facts["downstream_systems"] == ["api.example.org"]
    (credential,) = row.credentials
    assert credential.exposed_in == "column Password of the export"
    assert credential.last_rotated_at is not None
    assert credential.last_rotated_at.isoformat() == "2024-05-01T00:00:00+00:00"


def test_a_password_column_stays_one_whatever_the_mapping_says(tmp_path):
    path = written(tmp_path, "x.csv", f"{HEADER}\n{ROW}\n")
    found = read("password-manager", path, mapping={"Password": "folder", "Title": "name", "Notes": ""})
    assert CANARY not in repr(found)
    assert [row.label for row in reported(found).values()] == ["Shop API (robot)"]


@pytest.mark.parametrize("mapping", [{"Nowhere": "title"}, {"Title": "colour"}])
def test_a_mapping_that_does_not_fit_is_refused(tmp_path, mapping):
    with pytest.raises(Unreadable, match="the mapping names"):
        read("password-manager", written(tmp_path, "x.csv", f"{HEADER}\n{ROW}\n"), mapping=mapping)


def test_columns_of_other_names_are_mapped(tmp_path):
    path = written(tmp_path, "x.csv", "Bezeichnung;Benutzer;Zuletzt\nDatenbank;app;2024-01-01\n")
    mapping = {"Bezeichnung": "title", "Benutzer": "username", "Zuletzt": "last_used"}
    (row,) = reported(read("password-manager", path, mapping=mapping)).values()
    assert row.label == "Datenbank (app)"
    assert row.last_used_at is not None
    assert row.credentials[0].exposed_in == ""


def test_cards_and_nameless_rows_are_dropped_with_the_reason(tmp_path):
    content = "folder,type,name,login_uri,login_username,login_password\n,card,Visa,,,\n,note,Door,,,\n,login,,,,x\n"
    found = read("password-manager", written(tmp_path, "x.csv", content))
    assert not reported(found)
    assert len(dropped(found)) == 3


def test_the_same_login_in_another_row_or_folder_has_the_same_key(tmp_path):
    first = written(tmp_path, "a.csv", "folder,name,username\nA,db,app\n")
    second = written(tmp_path, "b.csv", "folder,name,username\n,x,y\nB,db,app\n")
    key = "db · app · "
    assert key in reported(read("password-manager", first))
    assert key in reported(read("password-manager", second))
