import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.upstreams.filters.stops import Stops
from tests.dataplane.upstreams.filters.pieces import cut, cuttings, places, spent


def passed(pieces, sequences):
    stops = Stops(sequences)
    text = "".join(stops.feed(piece) for piece in pieces)
    return text + stops.finish(), stops.hit


def expected(text, sequences):
    """The same said plainly: the earliest place, the longest sequence there."""
    found = [(text.find(each), -len(each), each) for each in sequences if each and each in text]
    if not found:
        return text, None
    at, _, sequence = min(found)
    return text[:at], sequence


@pytest.mark.parametrize(
    ("sequences", "text", "out", "hit"),
    [
        (["END"], "one END two", "one ", "END"),
        (["END"], "one EN two EN", "one EN two EN", None),
        (["END"], "END", "", "END"),
        (["END"], "ENEND x", "EN", "END"),
        (["END"], "one END two END", "one ", "END"),
        (["aab"], "aaab", "a", "aab"),
        (["ab", "abc"], "xabcd", "x", "abc"),
        (["ab", "abc"], "xabd", "x", "ab"),
        (["ab", "abc"], "xab", "x", "ab"),
        # The short one is complete first, the long one begins first.
        (["c", "abcd"], "xabcde", "x", "abcd"),
        (["c", "abcd"], "xabce", "xab", "c"),
        (["c", "abcd"], "xabc", "xab", "c"),
        (["\n\nHuman:"], "Hello\n\nHuman: hi", "Hello", "\n\nHuman:"),
        (["a.c", "(x)"], "abc (x)", "abc ", "(x)"),
        (["漢🙂"], "é漢漢🙂é", "é漢", "漢🙂"),
        ([""], "text", "text", None),
        ([], "text", "text", None),
    ],
)
def test_the_text_ends_where_the_first_sequence_begins(sequences, text, out, hit):
    assert expected(text, sequences) == (out, hit)
    for pieces in cuttings(text):
        assert passed(pieces, sequences) == (out, hit)


def test_only_what_may_become_a_sequence_is_held_back():
    stops = Stops(["END", "STOP"])
    assert [stops.feed(piece) for piece in ("plain ", "text E", "N", "x S", "T", "O", "L")] == [
        "plain ",
        "text ",
        "",
        "ENx ",
        "",
        "",
        "STOL",
    ]
    assert stops.finish() == ""


def test_a_sequence_is_met_as_soon_as_none_can_win_over_it():
    stops = Stops(["END", "ENDING", "c", "abcd"])
    met = []
    for piece in ("one END", "I", "abc", "d"):
        stops.feed(piece)
        met.append(stops.hit)
    assert met == [None, None, "END", "END"]
    at_once = Stops(["END", "and END"])
    assert (at_once.feed("one END"), at_once.hit) == ("one ", "END")


def test_a_piece_costs_the_same_however_many_sequences_there_are():
    def made(count):
        stops = Stops([f"s{at:05d}" for at in range(count)])
        return lambda: stops.feed

    pieces = ["s "] * 500
    assert spent(made(20_000), pieces) < 20 * spent(made(1), pieces)


def test_nothing_goes_out_after_a_sequence():
    stops = Stops(["END"])
    assert stops.feed("a END b") == "a "
    assert (stops.feed("c"), stops.finish(), stops.hit) == ("", "", "END")


def test_after_a_break_a_sequence_begins_anew():
    stops = Stops(["END"])
    assert (stops.feed("a E"), stops.finish(), stops.feed("ND b")) == ("a ", "E", "ND b")
    assert stops.hit is None


@given(st.text("abc", max_size=50), st.lists(st.text("abc", min_size=1, max_size=5), max_size=4), places)
def test_cutting_changes_nothing(text, sequences, places):
    assert passed(cut(text, places), sequences) == expected(text, sequences)
