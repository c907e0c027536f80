"""The mock upstreams answer with valid event streams, as many events and as far apart as asked."""

import asyncio
import itertools
import json
import time

import httptools
import pytest

from benchmarks import mock
from benchmarks.load import read
from dataplane.wire import eventstream, sse


class Answer:
    """What an HTTP parser tells about one answer."""

    def __init__(self):
        self.body = b""
        self.complete = False

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        self.complete = True


async def ask(port, path, body=b"", method="POST"):
    """Status, body, and when each piece arrived."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    answer, arrivals = Answer(), []
    parser = httptools.HttpResponseParser(answer)
    while not answer.complete:
        data = await asyncio.wait_for(reader.read(1 << 20), 5)
        assert data, "closed before the end"
        arrivals.append(time.perf_counter())
        parser.feed_data(data)
    writer.close()
    await writer.wait_closed()
    return parser.get_status_code(), answer.body, arrivals


@pytest.fixture
async def port():
    server = await asyncio.get_running_loop().create_server(mock.Upstream, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


def events_of(body):
    parser = eventstream.Parser()
    frames = parser.feed(body)
    assert parser.pending() == 0
    return [(frame.headers[":event-type"], json.loads(frame.payload)) for frame in frames]


async def test_a_burst_holds_the_text_and_the_closing_events(port):
    status, body, _ = await ask(port, "/generateAssistantResponse", b'{"content":"events=7 pace=0"}')
    events = events_of(body)
    assert status == 200
    assert "".join(payload["content"] for name, payload in events if name == "assistantResponseEvent") == mock.text(7)
    assert [name for name, _ in events[7:]] == ["contextUsageEvent", "meteringEvent", "metadataEvent"]


async def test_other_upstreams_say_the_same_in_their_own_words(port):
    _, chat, _ = await ask(port, "/v1/chat/completions", b"events=7 pace=0")
    _, message, _ = await ask(port, "/v1/messages", b"events=7 pace=0")
    assert read("openai-stream", chat) == read("anthropic-stream", message) == mock.text(7)
    *_, usage, done = sse.Parser().feed(chat)
    assert (json.loads(usage)["usage"]["completion_tokens"], done) == (42, b"[DONE]")
    assert b'"usage":{"output_tokens":42}' in message


@pytest.mark.parametrize("path", ["/generateAssistantResponse", "/v1/chat/completions", "/v1/messages"])
async def test_paced_events_arrive_apart_and_are_the_same_answer(port, path):
    _, whole, _ = await ask(port, path, b"events=4 pace=0")
    _, body, arrivals = await ask(port, path, b"events=4 pace=20")
    assert body == whole
    assert len(arrivals) == 5
    assert all(later - earlier > 0.005 for earlier, later in itertools.pairwise(arrivals))


async def test_what_the_control_plane_asks_is_answered(port):
    _, token, _ = await ask(port, "/refreshToken", b"{}")
    _, models, _ = await ask(port, "/ListAvailableModels?origin=AI_EDITOR", method="GET")
    _, usage, _ = await ask(port, "/getUsageLimits?origin=AI_EDITOR", method="GET")
    _, profiles, _ = await ask(port, "/ListAvailableProfiles", b"{}")
    assert json.loads(token)["profileArn"] == json.loads(profiles)["profiles"][0]["arn"]
    assert json.loads(models)["models"][0]["modelId"] == "claude-sonnet-4.5"
    assert json.loads(usage)["usageBreakdownList"][0]["currentUsage"] == 0
    assert (await ask(port, "/mcp", b"{}"))[0] == 404


def test_the_last_marker_in_a_body_counts():
    assert mock.wanted(b'{"history":"events=3 pace=9","now":"events=20 pace=5"}') == (20, 5)
    assert mock.wanted(b"{}") == (1, 0)
