"""The event stream, at every cut and with each kind of line end."""

import time
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.wire import sse
from dataplane.wire.sse import Parser, TooLong
from tests.dataplane.chunking import fed

SAMPLE = (
    "\ufeffevent: first\ndata: one\n\n"
    ": a comment\n\n"
    "id: 7\nretry: 10\ndata:no space\ndata:  two spaces\nunknown: x\n\n"
    "event: nothing to say\n\n"
    "data\n\n"
    "data: é😀\ndata\ndata: end\nevent: later: name\n\n"
).encode()

EVENTS = [
    b"one",
    b"no space\n two spaces",
    b"",
    "é😀\n\nend".encode(),
]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_cut_gives_the_same_events(end):
    for events in fed(SAMPLE.replace(b"\n", end), lambda: Parser().feed):
        assert events == EVENTS


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_is_out_as_soon_as_its_last_byte_is_in(end):
    parser = Parser()
    assert parser.feed(b"data: x" + end) == []
    assert parser.feed(end) == [b"x"]


def test_line_ends_may_be_mixed():
    stream = b"data: a\r\n\ndata: b\r\rdata: c\n\r\ndata: d\r\n\r\n"
    for events in fed(stream, lambda: Parser().feed):
        assert events == [b"a", b"b", b"c", b"d"]


def test_only_line_feed_and_carriage_return_end_a_line():
    data = "a\x0bb\x0cc\x1cd\x1ee\x85f\u2028g".encode()
    assert Parser().feed(b"data: " + data + b"\n\n") == [data]


def test_a_byte_order_mark_counts_at_the_start_only():
    assert Parser().feed(b"data: a\n\n\xef\xbb\xbfdata: b\n\n") == [b"a"]


@pytest.mark.parametrize("piece", [b"x" * 10, b"data: yyyy\n", b"data:\n"])
def test_an_event_without_end_is_refused(monkeypatch, piece):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    parser = Parser()
    with pytest.raises(TooLong):
        deque(map(parser.feed, [piece] * 101), maxlen=0)


def test_one_long_line_is_refused_in_one_feed(monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    assert len(Parser().feed(b"data: " + b"x" * 99 + b"\n\n")) == 1
    with pytest.raises(TooLong):
        Parser().feed(b"data: " + b"x" * 101 + b"\n\n")


def test_the_limit_is_for_one_event_not_for_the_stream(monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    stream = b"event: e\ndata: " + b"x" * 40 + b"\n\n"
    assert len(Parser().feed(stream * 50)) == 50
    parser = Parser()
    assert sum(len(parser.feed((stream * 50)[at : at + 7])) for at in range(0, len(stream) * 50, 7)) == 50


def seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_work_grows_with_the_bytes_and_not_with_their_square():
    """Ten times the input may take thirty times as long on a busy machine, a hundred times it never takes."""
    stream = b'event: e\ndata: {"a":1}\n\n'

    def drip(count):
        parser = Parser()
        for _ in range(count):
            parser.feed(b"xxxxxxxxxxxxxxxxxxxxxxxxx")

    for work, count in ((lambda n: Parser().feed(stream * n), 3000), (drip, 10000)):
        small = min(seconds(lambda work=work, count=count: work(count)) for _ in range(3))
        large = min(seconds(lambda work=work, count=count: work(count * 10)) for _ in range(3))
        assert large < 30 * small


LINES = st.lists(
    st.sampled_from([b"data: a", b"data:b", b"data", b"event: e", b": c", b"x", b"\xef\xbb\xbf", b"\n", b"\r\n", b"\r", b"\n\n"])
).map(b"".join)


@given(st.binary() | LINES, st.lists(st.integers(1, 9), min_size=1))
def test_any_bytes_cut_anyhow_give_the_same(data, sizes):
    whole, cut = Parser(), Parser()
    events, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        events += cut.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    assert events == whole.feed(data)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])),
            st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])),
        )
    )
)
def test_what_was_written_is_read(events):
    stream = b""
    for name, data in events:
        lines = "".join(f"data: {line}\n" for line in data.split("\n"))
        stream += f"event: {name}\n{lines}\n".encode()
    assert [data.decode() for data in Parser().feed(stream)] == [data for _, data in events]
