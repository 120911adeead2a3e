"""An expression in words: right in every case, also where it cannot be short."""

import pytest

from scheduling.calendar import BadExpression, in_words

WORDS = [
    ("* * * * *", "Every minute, every day"),
    ("*/5 * * * *", "Every 5 minutes, every day"),
    ("0,30 * * * *", "Every 30 minutes, every day"),
    ("*/7 * * * *", "At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour, every day"),
    ("5 * * * *", "At minute 5 of every hour, every day"),
    ("0 * * * *", "Every hour on the hour, every day"),
    ("*/15 9-17 * * MON-FRI", "Every 15 minutes from 09:00 to 17:59, Monday to Friday"),
    ("* 3 * * *", "Every minute from 03:00 to 03:59, every day"),
    ("0 6 25 * *", "At 06:00, on the 25th of every month"),
    ("0 6 25 1,7 *", "At 06:00, on the 25th of January and July"),
    ("0 6 * 3-5 *", "At 06:00, every day in March to May"),
    ("0 6,18 1,15 * *", "At 06:00 and 18:00, on the 1st and 15th of every month"),
    ("30 2 * * 0", "At 02:30, every Sunday"),
    ("30 2 * * 1,3,5", "At 02:30, every Monday, Wednesday and Friday"),
    ("0 0 13 * 5", "At 00:00, on the 13th of every month, and also every Friday"),
    ("0 0 */10 * 1", "At 00:00, on the 1st, 11th, 21st and 31st of every month, but only when that is a Monday"),
    ("0 0 1-31 * 1", "At 00:00, every day"),
    ("0 0 1-7 * *", "At 00:00, on the 1st to the 7th of every month"),
    ("0 0 ? * MON", "At 00:00, every Monday"),
    ("0 0 L * *", "At 00:00, on the last day of every month"),
    ("0 0 LW 12 *", "At 00:00, on the last weekday (Monday to Friday) of December"),
    ("0 9 * * MON#2", "At 09:00, on the second Monday of the month"),
    ("0 9 * * 5L", "At 09:00, on the last Friday of the month"),
    ("0 9 2,3,11,12,22,23,31 * *", "At 09:00, on the 2nd, 3rd, 11th, 12th, 22nd, 23rd and 31st of every month"),
]


@pytest.mark.parametrize(("expression", "words"), WORDS)
def test_an_expression_is_said_in_words(expression, words):
    assert in_words(expression) == words


def test_what_is_no_expression_has_no_words():
    with pytest.raises(BadExpression):
        in_words("whenever")
