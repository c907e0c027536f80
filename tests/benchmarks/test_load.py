"""The load generator counts whole answers and refuses anything less."""

import asyncio
import dataclasses
import json
import os

import pytest

from benchmarks import mock
from benchmarks.cases import CASES, body
from benchmarks.load import Incomplete, Order, differs, percentiles, read, run


@pytest.fixture
async def serve():
    """Starts a protocol as a server; gives its port."""
    servers = []

    async def start(protocol):
        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
        servers.append(server)
        return server.sockets[0].getsockname()[1]

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


def order(port, **changes):
    case = CASES["direct"]
    made = Order(
        port, "/generateAssistantResponse", "k", body(case).decode(), "kiro", case.events, 2, 0.0, 0.02, 0.05, {"self": os.getpid()}
    )
    return dataclasses.replace(made, **changes)


class Canned(asyncio.Protocol):
    """Answers every request with the same bytes; closes after them if told so."""

    def __init__(self, answer, close=False):
        self.answer, self.close = answer, close

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(self.answer)
        if self.close:
            self.transport.close()


async def test_whole_answers_are_counted(serve):
    result = await run(order(await serve(mock.Upstream)))
    assert result.requests >= 2
    assert result.cpu_us["self"] > 0
    assert 0 < result.first_byte_ms["p50"] <= result.latency_ms["p50"] <= result.latency_ms["p99"]


async def test_every_paced_connection_ends_its_answer(serve):
    text = "events=3 pace=10"
    result = await run(order(await serve(mock.Upstream), body=text, events=3, stagger=0.005, seconds=0.02))
    assert result.requests == 2
    assert result.latency_ms["p50"] > 25


@pytest.mark.parametrize(
    ("answer", "close", "reason"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}", False, "status 503"),
        (mock.burst(20)[:-20], True, "closed"),
        (mock.burst(19), False, "the text is"),
        (b"nonsense\r\n\r\n", False, "not HTTP"),
    ],
)
async def test_an_answer_that_is_not_whole_ends_the_run(serve, answer, close, reason):
    port = await serve(lambda: Canned(answer, close))
    with pytest.raises(Incomplete, match=reason):
        await run(order(port))


async def test_a_later_answer_that_is_shorter_ends_the_run(serve):
    answers = iter([mock.burst(20), mock.burst(20)])

    class Shrinking(Canned):
        def data_received(self, data):
            self.transport.write(next(answers, mock.burst(10)))

    with pytest.raises(Incomplete, match="bytes where the first answer had"):
        await run(order(await serve(lambda: Shrinking(b""))))


def sse(*events):
    return b"".join(b"data: %s\n\n" % json.dumps(event, separators=(",", ":")).encode() for event in events)


def test_answers_of_each_kind_are_read():
    delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}}
    stop = {"type": "message_stop"}
    chunk = {"choices": [{"delta": {"content": "Hi"}}]}
    assert read("anthropic-stream", sse(delta, stop)) == "Hi"
    assert read("openai-stream", sse(chunk, {"choices": []}) + b"data: [DONE]\n\n") == "Hi"
    said, ended = {"type": "response.output_text.delta", "delta": "Hi"}, {"type": "response.completed", "response": {}}
    assert read("responses-stream", sse(said, ended)) == "Hi"
    assert read("anthropic-whole", b'{"content":[{"type":"text","text":"Hi"}]}') == "Hi"
    assert read("openai-whole", b'{"choices":[{"message":{"content":"Hi"}}]}') == "Hi"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("anthropic-stream", sse({"type": "content_block_delta", "delta": {"text": "Hi"}})),
        ("openai-stream", sse({"choices": [{"delta": {"content": "Hi"}}]})),
        ("anthropic-whole", b'{"content":[{"type":"text","te'),
        ("responses-stream", b'data: {"type":"response.comple'),
    ],
)
def test_a_missing_end_is_noticed(kind, answer):
    with pytest.raises(Incomplete, match="the end is missing"):
        read(kind, answer)
    assert differs(kind, answer, "Hi")


def test_percentiles_are_in_milliseconds():
    assert percentiles((0.002,)) == {"p50": 2.0, "p99": 2.0}
    found = percentiles(tuple(number / 1000 for number in range(101)))
    assert found == pytest.approx({"p50": 50.0, "p99": 99.0})
