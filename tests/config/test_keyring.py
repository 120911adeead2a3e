"""Keys beside an embedded database."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config import keyring


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_made_once_and_read_ever_after(tmp_path):
    path = tmp_path / "data" / "secret_key"
    first = keyring.read_or_make(path, keyring.new_secret_key)
    assert keyring.read_or_make(path, lambda: "another") == first
    assert len(first) > 50


def test_key_and_new_folder_are_their_owners_alone(tmp_path):
    path = tmp_path / "data" / "secret_key"
    keyring.read_or_make(path, keyring.new_secret_key)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_a_folder_that_exists_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o750)
    keyring.make_data_dir(tmp_path)
    assert mode(tmp_path) == 0o750


def test_an_encryption_key_is_32_bytes():
    assert len(base64.urlsafe_b64decode(keyring.new_encryption_key())) == 32


def test_starting_many_times_at_once_leaves_one_key(tmp_path):
    path = tmp_path / "encryption_key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: keyring.read_or_make(path, keyring.new_encryption_key), range(32)))
    assert len(keys) == 1


def test_an_absent_key_reads_as_nothing(tmp_path):
    assert keyring.read(tmp_path / "none") == ""
