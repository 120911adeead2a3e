"""The settings of the OpenAPI document."""

from config import openapi


def test_the_cookie_is_named_as_the_admin_names_it():
    schemes = openapi.spectacular(session_cookie="its_name")["APPEND_COMPONENTS"]["securitySchemes"]
    assert schemes["session"]["name"] == "its_name"
    assert set(schemes) == {"person", "machine", "session", "partner"}
