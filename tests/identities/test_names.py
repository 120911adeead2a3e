"""Names at the edge go there and back."""

import pytest
from hypothesis import given, strategies as st

from identities.names import camel, snake

words = st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8), min_size=1, max_size=4)


@given(words)
def test_a_name_of_plain_words_goes_there_and_back(parts):
    assert snake(camel("_".join(parts))) == "_".join(parts)


@pytest.mark.parametrize("whole", ["validUntil", "nodes.0.after", "x", ""])
def test_what_needs_nothing_stays_whole(whole):
    assert camel(whole) == whole
