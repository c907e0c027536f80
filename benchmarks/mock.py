"""A Kiro upstream that costs next to nothing, so that what is measured is the gateway.

A bare asyncio protocol that knows every answer's bytes beforehand. The text of a chat request says
what to answer: `events=20 pace=0` is twenty text events in one write, `events=200 pace=5` the same
with each event in its own TCP segment, 5 ms apart. It checks nothing: whether requests are valid
is a matter for the tests.

    python -m benchmarks.mock PORT
"""

import asyncio
import functools
import json
import re
import sys
from typing import Any, cast

import httptools
import uvloop

from dataplane.wire import eventstream

MARKER = re.compile(rb"events=(\d+) pace=(\d+)")
CHAT = b"/generateAssistantResponse"
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n"
    b"x-amzn-requestid: 00000000-0000-4000-8000-000000000000\r\ntransfer-encoding: chunked\r\n\r\n"
)


def fragment(number: int) -> str:
    """The text of event `number`: no two are alike, all are of one length."""
    return f"Fragment {number:04d} of it. "


def text(events: int) -> str:
    """The whole text of an answer of so many events."""
    return "".join(map(fragment, range(events)))


@functools.cache
def segments(events: int) -> tuple[bytes, ...]:
    """An answer's body as HTTP chunks, one a text event; the last piece holds the closing events."""
    texts = [_chunk(_event("assistantResponseEvent", content=fragment(number))) for number in range(events)]
    closing = (
        _event("contextUsageEvent", contextUsagePercentage=1.5),
        _event("meteringEvent", usage=0.01, unit="credit", unitPlural="credits"),
        _event("metadataEvent", tokenUsage={"uncachedInputTokens": 450, "outputTokens": 6 * events, "totalTokens": 450 + 6 * events}),
    )
    return (*texts, b"".join(map(_chunk, closing)) + b"0\r\n\r\n")


@functools.cache
def burst(events: int) -> bytes:
    """A whole answer, head and body, for one write."""
    return STREAM_HEAD + b"".join(segments(events))


class Upstream(asyncio.Protocol):
    """One connection; keep-alive, one request at a time."""

    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle | None = None

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's own signature
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._path = b""
        self._body.clear()

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path = self._path.partition(b"?")[0]
        if path != CHAT:
            self._transport.write(plain(path))
            return
        events, pace = wanted(b"".join(self._body))
        if pace:
            self._transport.write(STREAM_HEAD + segments(events)[0])
            self._follow(segments(events), 1, self._loop.time(), pace / 1000)
        else:
            self._transport.write(burst(events))

    def _follow(self, pieces: tuple[bytes, ...], index: int, began: float, pace: float) -> None:
        """Send piece `index` when its time has come, counted from the first so that delays do not add up."""
        due = began + index * pace
        self._timer = self._loop.call_later(max(0.0, due - self._loop.time()), self._send, pieces, index, began, pace)

    def _send(self, pieces: tuple[bytes, ...], index: int, began: float, pace: float) -> None:
        self._timer = None
        self._transport.write(pieces[index])
        if index + 1 < len(pieces):
            self._follow(pieces, index + 1, began, pace)


def wanted(body: bytes) -> tuple[int, int]:
    """How many events, and how many milliseconds apart; the last marker counts, without one it is one event."""
    found = MARKER.search(body, max(0, body.rfind(b"events=")))
    return (max(1, int(found[1])), int(found[2])) if found else (1, 0)


def plain(path: bytes) -> bytes:
    """The answer to everything but chat."""
    if path not in ANSWERS:
        return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
    body = json.dumps(ANSWERS[path]).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def _event(name: str, **payload: Any) -> bytes:
    headers: eventstream.Headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return eventstream.encode(headers, json.dumps(payload, separators=(",", ":")).encode())


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


PROFILE = "arn:aws:codewhisperer:us-east-1:123456789012:profile/BENCHMARKS00"
MODELS = [
    {
        "modelId": name,
        "modelName": name,
        "rateMultiplier": 1.0,
        "rateUnit": "credit",
        "tokenLimits": {"maxInputTokens": 200_000, "maxOutputTokens": 64_000},
        "supportedInputTypes": ["TEXT", "IMAGE"],
    }
    for name in ("claude-sonnet-4.5", "claude-haiku-4.5")
]
ALLOWANCE = {"currentUsage": 0, "currentUsageWithPrecision": 0.0, "usageLimit": 10**9, "usageLimitWithPrecision": 1e9}
ANSWERS: dict[bytes, Any] = {
    b"/health": {},
    b"/refreshToken": {
        "accessToken": "aoaAAAAA" + "0" * 120,
        "refreshToken": "aorAAAAA" + "1" * 120,
        "expiresIn": 86_400,
        "profileArn": PROFILE,
    },
    b"/ListAvailableModels": {"models": MODELS, "defaultModel": MODELS[0], "nextToken": None},
    b"/ListAvailableProfiles": {"profiles": [{"arn": PROFILE, "profileName": "benchmarks", "status": "ACTIVE"}], "nextToken": None},
    b"/getUsageLimits": {
        "nextDateReset": 4_102_444_800.0,
        "usageBreakdownList": [{"resourceType": "CREDIT", "unit": "credit", "nextDateReset": 4_102_444_800.0, **ALLOWANCE}],
        "subscriptionInfo": {"type": "Q_DEVELOPER_STANDALONE_POWER", "subscriptionTitle": "KIRO POWER"},
        "overageConfiguration": {"overageStatus": "DISABLED"},
        "userInfo": {"userId": "benchmarks", "email": "benchmarks@example.com"},
    },
}

if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
