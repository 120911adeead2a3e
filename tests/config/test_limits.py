"""The limits as a process with a given environment reads them."""

from tests.config.test_settings import read


def test_silence_leaves_the_limits_at_what_the_readme_says(tmp_path):
    found = read(tmp_path, "STEWARD_IMPORT_MAX_MB", "RUN_LEASE_SECONDS", "SCHEDULES_PER_TENANT")
    assert found == {"STEWARD_IMPORT_MAX_MB": 64, "RUN_LEASE_SECONDS": 40, "SCHEDULES_PER_TENANT": 5000}


def test_set_to_nothing_is_not_set_and_set_is_set(tmp_path):
    found = read(tmp_path, "STEWARD_IMPORT_MAX_MB", "RUNS_PER_TENANT", STEWARD_IMPORT_MAX_MB="", RUNS_PER_TENANT="7")
    assert found == {"STEWARD_IMPORT_MAX_MB": 64, "RUNS_PER_TENANT": 7}
