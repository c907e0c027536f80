import pytest

from tests.simulators.kiro import frames

EVENT = bytes.fromhex(
    "0000007f0000005c7c7db5a80b3a6576656e742d74797065070016617373697374616e74526573706f6e73654576656e74"
    "0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507"
    "00056576656e747b22636f6e74656e74223a2248656c6c6f227d9b5d0635"
)
EXCEPTION = bytes.fromhex(
    "00000090000000618e91a9b70f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e"
    "0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507"
    "0009657863657074696f6e7b226d657373616765223a22546f6f206d616e79207265717565737473227de67f8005"
)
EMPTY = bytes.fromhex("000000100000000005c248eb7d98c8ff")


def test_known_frames_are_written_byte_for_byte():
    assert frames.event("assistantResponseEvent", {"content": "Hello"}) == EVENT
    assert frames.exception("throttlingException", {"message": "Too many requests"}) == EXCEPTION
    assert frames.write({}, b"") == EMPTY


def test_what_is_written_can_be_read():
    event, exception, error = frames.read(EVENT + EXCEPTION + frames.error("Internal", "sorry"))
    assert (event.name, event.data) == ("assistantResponseEvent", {"content": "Hello"})
    assert (exception.name, exception.headers[":message-type"]) == ("throttlingException", "exception")
    assert (error.name, error.headers[":error-message"], error.data) == ("Internal", "sorry", None)


def test_characters_outside_ascii_are_utf8():
    assert "世".encode() in frames.event("e", {"content": "世"})


@pytest.mark.parametrize("at", [0, 3, 8, 20, 100, len(EVENT) - 1])
def test_a_changed_byte_is_noticed(at):
    broken = bytearray(EVENT)
    broken[at] ^= 0x40
    with pytest.raises(ValueError, match="CRC"):
        frames.read(bytes(broken))


@pytest.mark.parametrize("cut", [1, 15, 16, 60, len(EVENT) - 1])
def test_a_cut_frame_is_noticed(cut):
    with pytest.raises(ValueError, match=r"left-over|length"):
        frames.read(EMPTY + EVENT[:cut])
