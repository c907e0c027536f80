import struct
from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.wire import eventstream
from dataplane.wire.eventstream import Corrupt, Frame, Parser, encode
from tests.dataplane.chunking import cuttings, fed

HELLO = bytes.fromhex(
    "0000007f0000005c7c7db5a80b3a6576656e742d74797065070016617373697374616e74526573706f6e73654576656e74"
    "0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507"
    "00056576656e747b22636f6e74656e74223a2248656c6c6f227d9b5d0635"
)
THROTTLED = bytes.fromhex(
    "00000090000000618e91a9b70f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e"
    "0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507"
    "0009657863657074696f6e7b226d657373616765223a22546f6f206d616e79207265717565737473227de67f8005"
)
EMPTY = bytes.fromhex("000000100000000005c248eb7d98c8ff")

HELLO_FRAME = Frame(
    {":event-type": "assistantResponseEvent", ":content-type": "application/json", ":message-type": "event"},
    b'{"content":"Hello"}',
)
THROTTLED_FRAME = Frame(
    {":exception-type": "throttlingException", ":content-type": "application/json", ":message-type": "exception"},
    b'{"message":"Too many requests"}',
)


def raw(headers: bytes, payload: bytes = b"") -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return body + struct.pack(">I", crc32(body))


def test_published_vectors_however_they_are_cut():
    for frames in fed(HELLO + THROTTLED + EMPTY + HELLO, lambda: Parser().feed):
        assert frames == [HELLO_FRAME, THROTTLED_FRAME, Frame({}, b""), HELLO_FRAME]


def test_writer_gives_the_published_bytes():
    assert [encode(frame.headers, frame.payload) for frame in (HELLO_FRAME, THROTTLED_FRAME, Frame({}, b""))] == [HELLO, THROTTLED, EMPTY]


def test_every_header_type():
    block = b"".join(
        (
            b"\x01a\x00",
            b"\x01b\x01",
            b"\x01c\x02\xff",
            b"\x01d\x03\xff\xfe",
            b"\x01e\x04\xff\xff\xff\xfd",
            b"\x01f\x05\xff\xff\xff\xff\xff\xff\xff\xfc",
            b"\x01g\x06\x00\x02\x00\xff",
            b"\x01h\x07\x00\x03\xe2\x82\xac",
            b"\x01i\x08\x00\x00\x00\x00\x00\x00\x03\xe8",
            b"\x01j\x09" + bytes(range(16)),
        )
    )
    for frames in fed(raw(block, b"x"), lambda: Parser().feed):
        assert frames == [
            Frame(
                {"a": True, "b": False, "c": -1, "d": -2, "e": -3, "f": -4, "g": b"\x00\xff", "h": "€", "i": 1000, "j": bytes(range(16))},
                b"x",
            )
        ]


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05ab",  # the name ends early
        b"\x01a",  # no type
        b"\x01a\x0a",  # a type that does not exist
        b"\x01a\x07\x00",  # half a length
        b"\x01a\x07\x00\x05abc",  # the value ends early
        b"\x01a\x04\x00\x00",  # half a number
        b"\x01a\x07\x00\x01\xff",  # no UTF-8
        b"\x01\xff\x00",  # a name that is no UTF-8
    ],
)
def test_unreadable_headers(headers):
    with pytest.raises(Corrupt):
        Parser().feed(raw(headers))


def test_each_flipped_byte_is_noticed():
    stream = HELLO + THROTTLED
    for at in range(len(stream)):
        broken = stream[:at] + bytes((stream[at] ^ 0x5A,)) + stream[at + 1 :]
        parser = Parser()
        try:
            frames = parser.feed(broken)
        except Corrupt:
            continue
        assert (frames, parser.pending() > 0) == ([HELLO_FRAME], True), at


@pytest.mark.parametrize(("total", "headers"), [(15, 0), (0, 0), (16, 1), (100, 85), (eventstream.MAX_FRAME_BYTES + 1, 0)])
def test_impossible_lengths(total, headers):
    prelude = struct.pack(">II", total, headers)
    with pytest.raises(Corrupt):
        Parser().feed(prelude + struct.pack(">I", crc32(prelude)))


def test_the_largest_frame_passes_in_pieces():
    data = encode({}, bytes(eventstream.MAX_FRAME_BYTES - eventstream.MIN_FRAME_BYTES))
    parser = Parser()
    frames = [frame for at in range(0, len(data), 65536) for frame in parser.feed(data[at : at + 65536])]
    assert [len(frame.payload) for frame in frames] == [eventstream.MAX_FRAME_BYTES - 16]


def test_nothing_is_trusted_after_a_mistake():
    parser = Parser()
    for _ in range(2):
        with pytest.raises(Corrupt):
            parser.feed(HELLO[:-1] + b"\x00")
    with pytest.raises(Corrupt):
        parser.feed(HELLO)


def test_pending_counts_what_is_unfinished():
    for first, *rest in cuttings(HELLO + EMPTY):
        parser = Parser()
        whole = sum(len(HELLO) if frame == HELLO_FRAME else len(EMPTY) for frame in parser.feed(first))
        assert parser.pending() == len(first) - whole
        for piece in rest:
            parser.feed(piece)
        assert parser.pending() == 0


def test_long_header_blocks_are_read_as_well():
    headers = {":error-message": "x" * eventstream.CACHED_HEADER_BYTES, ":message-type": "error"}
    assert Parser().feed(encode(headers)) == [Frame(headers, b"")]


VALUES = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40) | st.text(max_size=40)
FRAMES = st.lists(st.builds(Frame, st.dictionaries(st.text(max_size=20), VALUES, max_size=4), st.binary(max_size=60)), max_size=5)


@given(FRAMES, st.lists(st.integers(0, 400), max_size=6))
def test_what_is_written_is_read(frames, cuts):
    data = b"".join(encode(frame.headers, frame.payload) for frame in frames)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parser = Parser()
    assert [frame for a, b in pairwise(edges) for frame in parser.feed(data[a:b])] == frames
    assert parser.pending() == 0
