"""One line of JSON a record."""

import io
import json
import logging
import logging.config

import pytest
import structlog

from audit import context
from config import logs


@pytest.fixture
def lines(settings):
    written = io.StringIO()
    chosen = logs.dict_config("DEBUG")
    chosen["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(chosen)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)


def test_both_kinds_of_logger_write_json_with_the_correlation_id(lines):
    with context.bound(correlation_id="request-0001"):
        structlog.get_logger("tests.ours").info("token.refused", client_id="mi_1")
        logging.getLogger("tests.theirs").warning("plain %s", "words")
    ours, theirs = lines()
    assert (ours["event"], ours["client_id"], ours["level"]) == ("token.refused", "mi_1", "info")
    assert theirs["event"] == "plain words"
    assert ours["correlation_id"] == theirs["correlation_id"] == "request-0001"
    assert ours["timestamp"].endswith("Z")


def test_a_line_break_in_a_value_stays_inside_its_line(lines):
    structlog.get_logger("tests.ours").info("token.refused", name="one\ntwo\x1b[31m")
    assert [line["name"] for line in lines()] == ["one\ntwo\x1b[31m"]


def test_libraries_that_log_secrets_at_debug_are_kept_quiet(lines):
    for name in ("oauthlib.oauth2", "oauth2_provider.oauth2_validators"):
        logging.getLogger(name).debug("wrong client secret %s", "hunter2")
    assert lines() == []


@pytest.mark.parametrize("path", ["/api/nothing", "/passport/token", "/api/auth/login"])
def test_what_stands_behind_the_question_mark_is_not_written_down(lines, client, db, path):
    client.get(f"{path}?client_secret=swordfish&access_token=swordfish")
    refused = next(line for line in lines() if line["logger"] == "django.request")
    assert refused["request"] == f"GET {path}"
    assert not [line for line in lines() if "swordfish" in str(line)]


def test_the_token_in_the_link_of_a_questionnaire_is_not_written_down(lines, client, db):
    client.get("/questionnaire/swordfish-swordfish")
    client.post("/questionnaire/swordfish-swordfish?x=swordfish-swordfish", {"name": "bot"})
    structlog.get_logger("tests.ours").warning("seen at https://portal.example.com/questionnaire/swordfish?x")
    assert "GET /questionnaire/[hidden]" in [line.get("request") for line in lines()]
    assert "swordfish" not in str(lines())


def test_the_page_of_a_questionnaire_in_the_admin_is_named(lines):
    structlog.get_logger("tests.ours").info("/admin/identities/questionnaire/7/change/")
    assert lines()[0]["event"] == "/admin/identities/questionnaire/7/change/"


def test_a_portal_on_a_terminal_keeps_its_screen_for_errors(lines, tmp_path):
    root = logging.getLogger()
    logs.into_file(tmp_path / "steward.log")
    try:
        structlog.get_logger("tests.ours").info("tick")
        structlog.get_logger("tests.ours").error("run.credential_failed")
        assert [line["event"] for line in lines()] == ["run.credential_failed"]
        kept = [json.loads(line)["event"] for line in (tmp_path / "steward.log").read_text().splitlines()]
        assert kept == ["tick", "run.credential_failed"]
    finally:
        kept_handler = root.handlers[-1]
        root.removeHandler(kept_handler)
        kept_handler.close()


def test_what_reads_as_a_secret_is_masked_wherever_it_stands_in_a_record(lines, client, db):
    secret = "nhi_prod_" + "a1B" * 14 + "c_0aZ9bY"  # no real one: the look is enough
    client.get(f"/nowhere/{secret}")
    structlog.get_logger("tests.ours").info(f"sent {secret}", header=f"Bearer {secret}")
    try:
        raise ValueError(secret)
    except ValueError:
        logging.getLogger("tests.theirs").exception("broke off")
    assert len(lines()) >= 3
    assert secret not in json.dumps(lines())
    assert "ValueError" in json.dumps(lines())
