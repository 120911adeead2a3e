"""Cedar rules in plain words."""

import pytest

from identities.admin.cedar_words import in_words

SCOPE = 'principal, action == Action::"workflow.execute", resource'


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (f"permit ({SCOPE});", "Allowed always."),
        (f"forbid ({SCOPE}) when {{ context.hour < 6 }};", "Refused when the hour is less than 6."),
        (
            f'permit ({SCOPE}) when {{ context.trigger == "manual" && context.weekday <= 5 }};',
            "Allowed when the trigger is manual and the weekday (1 is Monday) is at most 5.",
        ),
        (
            f'forbid ({SCOPE}) unless {{ principal.roles.contains("payroll") }};',
            "Refused unless it holds the role payroll.",
        ),
        ("forbid (principal is User, action, resource);", "Refused for people."),
        (
            f'forbid ({SCOPE}) when {{ !(principal.environment == "production") }};',
            "Refused when not (its environment is production).",
        ),
        (f"// at night\nforbid ({SCOPE}) when {{ context.hour >= 22 }};", "Refused when the hour is at least 22."),
    ],
)
def test_a_rule_is_said_as_a_sentence(rule, said):
    assert in_words(rule) == said


def test_a_rule_of_many_pages_is_not_taken_apart():
    assert "too long" in in_words('@reason("' + "when {" * 5000 + '") permit (principal, action, resource);')
