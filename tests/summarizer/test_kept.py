"""What goes when a session is too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.kept import surplus

USER, ASSISTANT = False, True
PAIRS = [(10, USER), (20, ASSISTANT), (10, USER), (5, USER), (20, ASSISTANT)]


@pytest.mark.parametrize(
    ("said", "most_bytes", "most", "gone"),
    [
        (PAIRS, 65, 5, 0),
        (PAIRS, 64, 5, 2),  # the first pair
        (PAIRS, 65, 4, 2),
        (PAIRS, 34, 5, 5),  # what the user said in two goes is one question
        (PAIRS, 1000, 2, 5),
        ([(1, ASSISTANT), *PAIRS], 1000, 10, 1),  # an answer without its question
        ([], 10, 10, 0),
    ],
)
def test_the_oldest_go_and_no_question_without_its_answer(said, most_bytes, most, gone):
    assert surplus(said, most_bytes, most) == gone


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), max_size=30), st.integers(0, 400), st.integers(0, 30))
def test_what_is_left_is_within_bounds_and_begins_with_a_whole_question(said, most_bytes, most):
    gone = surplus(said, most_bytes, most)
    left = said[gone:]
    assert sum(size for size, _ in left) <= most_bytes
    assert len(left) <= most
    if left:
        assert left[0][1] is USER
        assert gone == 0 or said[gone - 1][1] is ASSISTANT
    # Nothing went that could have stayed.
    for fewer in range(gone):
        rest = said[fewer:]
        whole = rest[0][1] is USER and (fewer == 0 or said[fewer - 1][1] is ASSISTANT)
        assert not (whole and sum(size for size, _ in rest) <= most_bytes and len(rest) <= most)
