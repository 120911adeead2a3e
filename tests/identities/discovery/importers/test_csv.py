from datetime import date

import openpyxl
import pytest

from identities.discovery.formats.own_columns import suggest_mapping
from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.checking import check
from tests.identities.discovery.importers.exports import CANARY, dropped, read, reported, written


def table(folder, content):
    return written(folder, "own.csv", content)


def one_row(folder, content, mapping=None):
    (found,) = reported(check("csv", [table(folder, content)], mapping=mapping)).values()
    return found


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"nope": "name"}, "row 1: the mapping names a column that is not there"),
        ({"who": "colour"}, "the mapping names a member that is not known"),
        ({}, "row 1: no column is called name or key; map one to it"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(tmp_path, mapping, said):
    with pytest.raises(Unreadable, match=said):
        read("csv", table(tmp_path, f"who\n{CANARY}\n"), mapping=mapping)


def test_an_export_of_a_platform_is_told_where_it_belongs(tmp_path):
    with pytest.raises(Unreadable, match="this looks like the kind terraform-state"):
        read("csv", written(tmp_path, "x", {"version": 4, "terraform_version": "1.9.0"}))


def test_a_row_without_a_name_is_dropped(tmp_path):
    assert "neither a key nor a name" in dropped(read("csv", table(tmp_path, "name,owner\n,ann\n")))["row 2"]


def test_a_column_of_secrets_is_never_kept_and_reported_as_open(tmp_path):
    row = one_row(tmp_path, f"name,API token,Token name\nbot,{CANARY},ci\n")
    (opened,) = row.credentials
    assert (opened.kind, opened.exposed_in) == ("api_token", "column API token of own.csv, row 2")


def test_a_column_of_secrets_stays_closed_whatever_it_is_mapped_to(tmp_path):
    assert one_row(tmp_path, f"name,Password\nbot,{CANARY}\n", {"Password": "description"}).credentials


def test_a_secret_in_another_column_is_withheld(tmp_path):
    row = one_row(tmp_path, "name,purpose\nbot,use ghp_" + "a1" * 18 + "\n")
    assert "purpose" not in row.facts
    assert row.credentials[0].name == "purpose"


def test_a_bad_value_leaves_the_row_and_is_named_in_a_note(tmp_path):
    row = one_row(tmp_path, f"name,kind,review by,internet exposed,owner\nbot,{CANARY},soon,maybe,ann\n")
    assert row.facts == {"name": "bot", "technical_owner": "ann"}
    assert [note.partition(" was left out: ")[0] for note in row.notes] == [
        "Column kind",
        "Column review by",
        "Column internet exposed",
    ]


@pytest.mark.parametrize(
    "headers", ["technicalOwner,reviewBy", "technical_owner,review_by", "Technical Owner,REVIEW BY"]
)
def test_columns_are_known_however_they_are_spelt(tmp_path, headers):
    row = one_row(tmp_path, f"name,{headers}\nbot,ann@example.org,2027-03-31\n")
    assert row.facts == {"name": "bot", "technical_owner": "ann@example.org", "review_by": date(2027, 3, 31)}


def test_values_are_read_as_people_write_them(tmp_path):
    row = one_row(
        tmp_path,
        "name;kind;environment;customer facing;rotation;permissions;tags;expires\n"
        "bot;Service account;PROD;Yes;90 days;read, write;team=pay;never\n",
    )
    assert row.facts == {
        "name": "bot",
        "kind": "service_account",
        "environment": "production",
        "customer_facing": True,
        "rotation_interval_days": 90,
        "downstream_permissions": ["read", "write"],
        "tags": {"team": "pay"},
    }


def test_the_key_is_the_mapped_column_or_else_the_name(tmp_path):
    content = "name,number\nbot,17\n"
    assert one_row(tmp_path, content).key == "bot"
    assert one_row(tmp_path, content, {"number": "key"}).key == "17"


def test_formulas_stay_text(tmp_path):
    assert one_row(tmp_path, "name,purpose\n=cmd(),+1\n").facts == {"name": "=cmd()", "purpose": "+1"}


def test_a_column_mapped_to_nothing_is_passed_by(tmp_path):
    assert one_row(tmp_path, f"name,purpose\nbot,{CANARY}\n", {"purpose": ""}).facts == {"name": "bot"}


def test_a_workbook_says_the_same_as_its_csv(tmp_path):
    book = openpyxl.Workbook()
    for cells in (["name", "owner"], ["bot", "ann"]):
        book.active.append(cells)
    book.save(tmp_path / "own.xlsx")
    (row,) = reported(check("csv", [tmp_path / "own.xlsx"])).values()
    assert row == one_row(tmp_path, "name,owner\nbot,ann\n")


def test_a_mapping_is_suggested_for_what_is_known_and_nothing_else():
    assert suggest_mapping(["Name", "Owner", "Tech Owner", "Client secret", "Colour", "Secret name"]) == {
        "Name": "name",
        "Owner": "technical_owner",
        "Tech Owner": None,
        "Client secret": "secret",
        "Colour": None,
        "Secret name": None,
    }
