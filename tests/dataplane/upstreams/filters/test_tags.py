import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.upstreams.filters.held import MOST_HELD
from dataplane.upstreams.filters.tags import TAGS, Thoughts
from tests.dataplane.upstreams.filters.pieces import cut, cuttings, growth, places


def passed(pieces):
    """Thinking and text, each joined; thinking always comes first."""
    thoughts = Thoughts()
    found = [piece for text in pieces for piece in thoughts.feed(text)] + thoughts.finish()
    assert all(text for _, text in found)
    assert [thinking for thinking, _ in found] == sorted((thinking for thinking, _ in found), reverse=True)
    return tuple("".join(text for thinking, text in found if thinking is wanted) for wanted in (True, False))


@pytest.mark.parametrize(
    ("text", "thinking", "rest"),
    [
        ("<thinking>\nhm\n</thinking>\n\nHello", "hm\n", "Hello"),
        ("<thinking>hm</thinking>\n\n\n \n  Hello", "hm", "  Hello"),
        (" \n<thinking>hm</thinking>\n\nHello", "hm", "Hello"),
        ("<thinking>\n\nhm</thinking>\r\n\r\nHello", "\nhm", "Hello"),
        # Only thinking.
        ("<thinking>hm</thinking>", "hm", ""),
        ("<thinking>hm</thinking> \n", "hm", ""),
        ("<thinking>hm</thinking>\n\n", "hm", ""),
        ("<thinking>hm", "hm", ""),
        ("<thinking>hm</thin", "hm</thin", ""),
        ("<thinking>", "", ""),
        ("<thinking>\n", "", ""),
        ("<thinking></thinking>\n\nHello", "", "Hello"),
        # An end tag that is only written about.
        ("<thinking>not </thinking> yet</thinking>\n\nHello", "not </thinking> yet", "Hello"),
        ("<thinking>a</thinking> b</thinking>\nHello", "a</thinking> b", "Hello"),
        ("<thinking>`</thinking>`</thinking>\n\nHello", "`</thinking>`", "Hello"),
        # A model that saves on lines.
        ("<thinking>a</thinking>\nHello", "a", "Hello"),
        ("<thinking>\na\n</thinking>Hello", "a\n", "Hello"),
        ("<thinking></thinking>Hello", "", "Hello"),
        ("<thinking>a<b></thinking</thinking>\n\nHello", "a<b></thinking", "Hello"),
        # Another tag's end.
        ("<think>a</thinking>\n\nb</think>\n\nHello", "a</thinking>\n\nb", "Hello"),
        # Not at the beginning, quoted, unknown.
        ("Hi <thinking>hm</thinking>\n\nHello", "", "Hi <thinking>hm</thinking>\n\nHello"),
        ("`<thinking>` opens it", "", "`<thinking>` opens it"),
        ("<thinker>a</thinker>\n\nb", "", "<thinker>a</thinker>\n\nb"),
        ("<thinking>a</thinking>\n\n<thinking>b</thinking>\n\nc", "a", "<thinking>b</thinking>\n\nc"),
        ("<thin", "", "<thin"),
        ("  <", "", "  <"),
        ("  ", "", "  "),
        ("Hello", "", "Hello"),
    ],
)
def test_thinking_and_text_are_told_apart(text, thinking, rest):
    for pieces in cuttings(text):
        assert passed(pieces) == (thinking, rest)


@pytest.mark.parametrize("tag", TAGS)
def test_each_tag(tag):
    end = tag.replace("<", "</")
    assert passed([f"{tag}\nhm{end}\n\nHello"]) == ("hm", "Hello")


def test_thinking_and_text_stream_at_once():
    thoughts = Thoughts()
    pieces = ["<thin", "king>", "\n", "a", "b </", "i> c", "</thinking>", "\n", "\nHel", "lo"]
    assert [thoughts.feed(piece) for piece in pieces] == [
        *([], [], [], [(True, "a")], [(True, "b ")], [(True, "</i> c")], [], []),
        *([(False, "Hel")], [(False, "lo")]),
    ]
    assert thoughts.finish() == []


def test_what_follows_a_break_is_text():
    thoughts = Thoughts()
    assert thoughts.feed("<think>a</think>\n") == [(True, "a")]
    assert thoughts.finish() == []
    assert thoughts.feed("<think>b") == [(False, "<think>b")]


@pytest.mark.parametrize(
    ("first", "blank"), [(" ", " "), ("<think>a</think>", " "), ("<think>a</think>\n", " "), ("<think>a</think>\n", "\n")]
)
def test_white_space_that_waits_is_looked_at_once(first, blank):
    assert growth(lambda: Thoughts().feed, blank, first) < 64


@pytest.mark.parametrize(
    ("first", "thinking", "text"),
    [
        ("", "", " " * (MOST_HELD + 1)),
        ("<think>a</think>", "a</think>" + " " * (MOST_HELD + 1), ""),
        ("<think>a</think>\n", "a", " " * (MOST_HELD + 1)),
    ],
)
def test_white_space_does_not_wait_without_a_bound(first, thinking, text):
    thoughts = Thoughts()
    found = thoughts.feed(first) + thoughts.feed(" " * MOST_HELD)
    assert len(found) == first.count("a")
    found += thoughts.feed(" ")
    assert tuple("".join(piece for kind, piece in found if kind is wanted) for wanted in (True, False)) == (thinking, text)
    assert thoughts.feed("b") == [(bool(thinking and not text), "b")]


@given(st.text("ab\n", max_size=20), st.text("ab<\n ", max_size=20), places)
def test_any_thinking_before_any_text(thinking, text, places):
    whole = f"<thinking>\n{thinking}</thinking>\n\n{text}"
    blank = len(text) - len(text.lstrip())
    assert passed(cut(whole, places)) == (thinking, text[:blank].rpartition("\n")[2] + text[blank:] if text.strip() else "")


@given(st.text("<>/thinko \n", max_size=40), places)
def test_cutting_changes_nothing(text, places):
    assert passed(cut(text, places)) == passed([text])
