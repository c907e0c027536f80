import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.upstreams.filters.limit import PARTS, Limit, cost
from headgate.tokens import text_tokens
from tests.dataplane.upstreams.filters.pieces import cut, cuttings, places


def passed(pieces, tokens):
    limit = Limit(tokens)
    return "".join(map(limit.take, pieces)), limit.reached


@pytest.mark.parametrize(
    ("tokens", "text", "out"),
    [
        (2, "abcdefghij", "abcdefg"),
        (2, "abcdefg", "abcdefg"),
        (1, "abcdefg", "abc"),
        (0, "a", ""),
        (2, "漢字漢字", "漢"),
        (4, "漢字漢字", "漢字漢"),
        (3, "🙂🙂🙂", "🙂🙂"),
        (2, "aé🙂a", "aé"),
        (2, "ab\ud83dcd", "ab\ud83dc"),
    ],
)
def test_the_text_ends_where_the_estimate_reaches_the_limit(tokens, text, out):
    assert text_tokens(out) <= tokens
    for pieces in cuttings(text):
        assert passed(pieces, tokens) == (out, out != text)


@given(st.text(max_size=60), st.integers(0, 40), places)
def test_as_much_goes_out_as_fits(text, tokens, places):
    out, reached = passed(cut(text, places), tokens)
    assert text.startswith(out)
    assert text_tokens(out) <= tokens + 1e-9
    assert reached == (out != text)
    if reached:
        assert text_tokens(text[: len(out) + 1]) > tokens


@given(st.text(max_size=60))
def test_it_counts_as_the_estimate_does(text):
    assert cost(text) / PARTS == pytest.approx(text_tokens(text))


def test_a_text_that_just_fits_does_not_reach_the_limit():
    limit = Limit(2)
    assert (limit.take("abcdefg"), limit.reached, limit.full) == ("abcdefg", False, True)
    assert (limit.take("h"), limit.reached) == ("", True)


def test_what_goes_out_whole_uses_the_limit_up():
    limit = Limit(10)
    limit.spend("x" * 14)
    assert not limit.full
    limit.spend("漢" * 100)
    assert (limit.full, limit.reached) == (True, False)
    assert (limit.take("a"), limit.reached) == ("", True)


def test_nothing_goes_out_after_the_cut():
    limit = Limit(1)
    assert (limit.take("ab漢"), limit.take("a")) == ("ab", "")
