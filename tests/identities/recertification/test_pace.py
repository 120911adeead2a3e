"""How somebody answers: what is a sign of a rubber stamp, and what says nothing yet."""

import pytest
from hypothesis import given, strategies as st

from identities.recertification.pace import ENOUGH, Answer, judged


def answers(number, *, by="a@example.com", decision="certify", seconds=9.0, batch=1, recommended="certify"):
    return [Answer(by, decision, seconds, batch, recommended)] * number


def test_few_answers_are_no_sign():
    (pace,) = judged(answers(ENOUGH - 1, seconds=0.1, batch=25), {})
    assert pace.signals == []


@pytest.mark.parametrize(
    ("how", "sign"),
    [
        ({"seconds": 0.4}, "under 0.4 s"),
        ({"batch": 25}, "100% were certified in batches"),
        ({"recommended": "revoke"}, "100% certified against the recommendation"),
    ],
)
def test_each_sign_is_said_in_words(how, sign):
    (pace,) = judged(answers(ENOUGH, **how), {})
    assert len(pace.signals) == 1
    assert sign in pace.signals[0]


def test_who_takes_their_time_gives_no_sign():
    (pace,) = judged(answers(20), {})
    assert (pace.signals, pace.median_seconds) == ([], 9.0)


def test_who_is_waited_for_stands_first_also_without_an_answer():
    found = judged(answers(3), {"b@example.com": 4, "a@example.com": 0})
    assert [(pace.reviewer, pace.answered, pace.open) for pace in found] == [
        ("b@example.com", 0, 4),
        ("a@example.com", 3, 0),
    ]


@given(
    st.lists(
        st.builds(
            Answer,
            st.sampled_from("abc"),
            st.sampled_from(["certify", "revoke"]),
            st.none() | st.floats(0, 3600),
            st.integers(1, 25),
            st.sampled_from(["certify", "reduce", ""]),
        ),
        max_size=40,
    )
)
def test_no_answer_is_lost_and_shares_are_shares(given_ones):
    found = judged(given_ones, {})
    assert sum(pace.answered for pace in found) == len(given_ones)
    assert all(0 <= pace.batch_share <= 1 and 0 <= pace.against_share <= 1 for pace in found)
