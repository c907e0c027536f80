"""What an endpoint of the same protocol says beyond the canonical answer, streamed and whole."""

import json

from dataplane.conversation.events import Finished, Started, TextDelta, UsageSeen, Vendor
from dataplane.conversation.model import Call, Stamp
from dataplane.dialects.openai_chat.encoder import StreamEncoder, WholeEncoder

CALL = Call("m", [], "openai")
STAMP = Stamp("1", 1)


def vendor(**members):
    return Vendor("openai", json.dumps(members).encode())


def whole(*events):
    encoder = WholeEncoder(CALL, STAMP)
    encoder.feed([Started(), *events, UsageSeen(), Finished("stop")])
    return json.loads(encoder.finish())["choices"][0]


def test_pieces_become_whole_members():
    pieces = [
        vendor(logprobs={"content": [1], "refusal": None}),
        TextDelta("a"),
        vendor(logprobs={"content": [2]}, delta={"annotations": [{"a": 1}]}),
        TextDelta("b"),
        vendor(delta={"annotations": [{"b": 1}], "audio": {"id": "x", "data": "AA"}}),
        vendor(delta={"audio": {"data": "BB", "expires_at": 5}}),
        Vendor("anthropic", b'{"type":"x"}'),
    ]
    choice = whole(*pieces)
    assert choice["logprobs"] == {"content": [1, 2], "refusal": None}
    assert choice["message"]["content"] == "ab"
    assert choice["message"]["annotations"] == [{"a": 1}, {"b": 1}]
    assert choice["message"]["audio"] == {"id": "x", "data": "AABB", "expires_at": 5}
    assert set(choice) == {"index", "message", "logprobs", "finish_reason"}


def test_a_refusal():
    message = whole(vendor(delta={"refusal": "I can"}), vendor(delta={"refusal": "not"}))["message"]
    assert message["refusal"] == "I cannot"


def test_streamed_pieces_are_chunks_of_their_own():
    encoder = StreamEncoder(CALL, STAMP)
    chunk = encoder.feed([Started(), vendor(logprobs={"content": [1]}, delta={"refusal": "no"})]).decode().split("\n\n")[1]
    choice = json.loads(chunk.removeprefix("data: "))["choices"][0]
    assert choice == {"index": 0, "delta": {"refusal": "no"}, "logprobs": {"content": [1]}, "finish_reason": None}
