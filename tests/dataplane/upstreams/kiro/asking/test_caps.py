"""Older hosts: texts beyond their caps are told in several turns (C05)."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dataplane.upstreams.kiro.asking import caps
from dataplane.upstreams.kiro.asking.entries import Note, Result, User
from dataplane.upstreams.kiro.asking.history import shaped
from dataplane.upstreams.kiro.hosts import LEGACY
from tests.dataplane.upstreams.kiro.samples import assistant, body, call, legacy, outline, result, use, user


def capped(*turns, **more):
    return shaped(call(*turns, **more), legacy())


def test_C05_long_texts_are_told_in_several_turns():
    text = "漢🙂\n" * (LEGACY.user_characters // 3) + "end"
    entries = capped(user("a"), assistant("b"), user(text))
    assert [type(entry).__name__ for entry in entries] == ["User", "Assistant", "User", "Assistant", "User"]
    pieces = [part for entry in entries[2::2] for part in entry.parts]
    assert "".join(pieces) == text
    assert all(len(piece) <= LEGACY.user_characters for piece in pieces)
    assert entries[3].texts == [caps.GO_ON]


def test_C05_results_stay_beside_their_calls():
    output = "0123456789" * 150_000
    entries = capped(user("a"), assistant("b", use("1"), use("2")), user(result("1", "short"), result("2", output, is_error=True), "and?"))
    first, *others = entries[2::2]
    short, long, text = first.parts
    assert (short.id, short.parts, long.id) == ("1", ["short"], "2")
    told = "".join([text, *(part for entry in others for part in entry.parts)])
    assert told == f"Rest of the result of tool call 2:\n\n{output[len(long.parts[0]) :]}\n\nand?"
    assert output.startswith(long.parts[0])
    assert len(long.parts[0]) <= LEGACY.result_characters


@pytest.mark.parametrize("text", ["a" + " " * 1_300_000, " " * 700_000 + "x", "a" + "\n" * 1_900_000 + "b"])
def test_C05_a_piece_of_nothing_but_white_space_is_no_turn(text):
    entries = capped(user(text))
    pieces = [part for entry in entries[::2] for part in entry.parts]
    assert all(piece.strip() for piece in pieces)
    assert "".join(pieces).split() == text.split()


CAP = 12
SMALL = replace(LEGACY, user_characters=CAP, result_characters=CAP)
TEXTS = st.lists(st.sampled_from(["a", "b", "漢", " " * 3, " " * 11, " " * 13, " " * 30, "\n"]), max_size=9).map("".join).filter(str.strip)


def pieces(text):
    return [part for entry in caps.capped([User([text])], SMALL)[::2] for part in entry.parts]


def divides(text):
    """Whether `text` is a row of pieces within the cap that each hold something visible."""
    ends = [True]
    for end in range(1, len(text) + 1):
        ends.append(any(ends[at] and text[at:end].strip() for at in range(max(0, end - CAP), end)))
    return ends[-1]


@given(TEXTS)
@example("a" * 5 + " " * 14 + "b")
@example("ab" + " " * 22 + "c")
@example("ab" + " " * 11)
@example("a" * 5 + " " * 16 + "a" + " " * 3)
def test_C05_white_space_is_cut_away_only_where_no_cut_can_help(text):
    found = pieces(text)
    assert all(piece.strip() and len(piece) <= CAP for piece in found)
    joined = "".join(found)
    assert "".join(joined.split()) == "".join(text.split())
    assert (joined == text) is divides(text)


@given(TEXTS, st.booleans())
def test_C05_T12_what_a_result_keeps_is_never_blank(text, is_error):
    given = Result("1", [text, "next"], is_error)
    (entry, *_) = caps.capped([User([given])], SMALL)
    kept = entry.parts[0].parts
    assert all(piece.strip() for piece in kept)
    assert kept
    assert sum(map(len, kept)) <= CAP - (caps.RESERVED if is_error else 0)


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_C05_everything_visible_of_a_result_is_told_in_order(texts):
    room = replace(SMALL, user_characters=1000)
    (entry,) = caps.capped([User([Result("1", texts), "end"])], room)
    kept, *others = entry.parts
    told = "".join([*kept.parts, *(part for part in others if not isinstance(part, Note))])
    assert "".join(told.split()) == "".join("".join([*texts, "end"]).split())


def test_C05_a_result_that_begins_with_white_space_without_end_keeps_its_first_words():
    turns = user("a"), assistant("b", use("1")), user(result("1", " " * 850_000 + "x"))
    (long,) = capped(*turns)[2].parts
    assert long.parts[0].strip() == "x"
    assert body(call(*turns), attributes=legacy().attributes)


def test_C05_a_result_that_ends_with_white_space_without_end_loses_only_that():
    turns = user("a"), assistant("b", use("1")), user(result("1", "x" + " " * 1_700_000))
    assert [part.parts for part in capped(*turns)[2].parts] == [["x" + " " * 799_999]]
    assert body(call(*turns), attributes=legacy().attributes)


def test_C05_the_current_hosts_have_no_cap():
    text = "x" * 2_000_000
    assert outline(call(user(text))) == [(text,)]
