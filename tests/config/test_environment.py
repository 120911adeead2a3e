"""Secrets out of files: what is refused first, then what is read."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from tests.config.test_settings import read


def test_a_secret_that_is_set_both_ways_is_refused(tmp_path):
    (tmp_path / "key").write_text("in the file")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY and SECRET_KEY_FILE are both set"):
        environment.read({"SECRET_KEY": "in the variable", "SECRET_KEY_FILE": str(tmp_path / "key")})


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff\xfe", "cannot be read: not text")]
)
def test_a_file_that_gives_nothing_is_refused_and_not_taken_for_silence(tmp_path, content, words):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=words):
        environment.read({"STEWARD_ENCRYPTION_KEY_FILE": str(path)})


def test_a_line_break_at_the_end_is_none_of_the_secret(tmp_path):
    (tmp_path / "key").write_text("s3cret\n")
    assert environment.read({"SECRET_KEY_FILE": str(tmp_path / "key"), "DEBUG": ""}) == {"SECRET_KEY": "s3cret"}


def test_only_what_is_secret_is_read_from_files():
    given = {"ALLOWED_HOSTS_FILE": "/etc/hosts", "STEWARD_VAULT_KUBERNETES_TOKEN_FILE": "/none"}
    assert environment.read(given) == given


def test_settings_take_a_production_shape_from_files_alone(tmp_path):
    secrets = {
        "SECRET_KEY": "k" * 60,
        "STEWARD_ENCRYPTION_KEY": "A" * 43 + "=",
        "DATABASE_URL": "postgres://u:p@db:5432/steward",
        "CELERY_BROKER_URL": "redis://:p@broker:6379/0",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(value + "\n")
    files = {f"{name}_FILE": str(tmp_path / name) for name in secrets}
    found = read(tmp_path, "SECRET_KEY", "GENERATED_KEYS", "DATABASES", "CELERY_BROKER_URL", "STATIC_ROOT", **files)
    assert (found["SECRET_KEY"], found["GENERATED_KEYS"]) == (secrets["SECRET_KEY"], [])
    assert found["DATABASES"]["default"]["HOST"] == "db"
    assert found["CELERY_BROKER_URL"] == secrets["CELERY_BROKER_URL"]
    assert found["STATIC_ROOT"] == str(tmp_path / "data" / "static")
