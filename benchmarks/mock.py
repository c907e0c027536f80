"""Upstreams that cost next to nothing, so that what is measured is the gateway: Kiro, chat completions, Messages.

A bare asyncio protocol that knows every answer's bytes beforehand. The path says who is asked, the text of
the request what to answer: `events=20 pace=0` is twenty text events in one write, `events=200 pace=5` the same
with each event in its own TCP segment, 5 ms apart. It checks nothing: whether requests are valid
is a matter for the tests.

    python -m benchmarks.mock PORT
"""

import asyncio
import functools
import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, cast

import httptools
import uvloop

from dataplane.wire import eventstream

MARKER = re.compile(rb"events=(\d+) pace=(\d+)")
KIRO, CHAT, MESSAGES = b"/generateAssistantResponse", b"/v1/chat/completions", b"/v1/messages"
HEADS = {
    KIRO: b"content-type: application/vnd.amazon.eventstream\r\nx-amzn-requestid: 00000000-0000-4000-8000-000000000000\r\n",
    CHAT: b"content-type: text/event-stream\r\nx-request-id: req_00000000\r\n",
    MESSAGES: b"content-type: text/event-stream\r\nrequest-id: req_00000000\r\n",
}
STREAM = b"HTTP/1.1 200 OK\r\n%btransfer-encoding: chunked\r\n\r\n"


def fragment(number: int) -> str:
    """The text of event `number`: no two are alike, all are of one length."""
    return f"Fragment {number:04d} of it. "


def text(events: int) -> str:
    """The whole text of an answer of so many events."""
    return "".join(map(fragment, range(events)))


@functools.cache
def segments(path: bytes, events: int) -> tuple[bytes, ...]:
    """An answer's body as HTTP chunks, one a text event; the first piece also holds what opens the answer, the last what ends it."""
    opening, text_event, closing = VOICES[path]
    texts = [_chunk(text_event(fragment(number))) for number in range(events)]
    texts[0] = b"".join(map(_chunk, opening)) + texts[0]
    return (*texts, b"".join(map(_chunk, closing(6 * events))) + b"0\r\n\r\n")


@functools.cache
def burst(events: int, path: bytes = KIRO) -> bytes:
    """A whole answer, head and body, for one write."""
    return head(path) + b"".join(segments(path, events))


def head(path: bytes) -> bytes:
    return STREAM % HEADS[path]


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
        if path not in VOICES:
            self._transport.write(plain(path))
            return
        events, pace = wanted(b"".join(self._body))
        if pace:
            pieces = segments(path, events)
            self._transport.write(head(path) + pieces[0])
            self._follow(pieces, 1, self._loop.time(), pace / 1000)
        else:
            self._transport.write(burst(events, path))

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


def _kiro(name: str, **payload: Any) -> bytes:
    headers: eventstream.Headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return eventstream.encode(headers, _json(payload))


def _kiro_text(text: str) -> bytes:
    return _kiro("assistantResponseEvent", content=text)


def _kiro_end(tokens: int) -> Iterable[bytes]:
    yield _kiro("contextUsageEvent", contextUsagePercentage=1.5)
    yield _kiro("meteringEvent", usage=0.01, unit="credit", unitPlural="credits")
    yield _kiro("metadataEvent", tokenUsage={"uncachedInputTokens": 450, "outputTokens": tokens, "totalTokens": 450 + tokens})


def _chat(choices: list[Any], **more: Any) -> bytes:
    """As api.openai.com writes it, without the padding against eavesdroppers."""
    identity = {"id": f"chatcmpl-{'B' * 29}", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "mock-chat"}
    return b"data: %b\n\n" % _json({**identity, "system_fingerprint": "fp_0000000000", "choices": choices, "usage": None, **more})


def _choice(delta: dict[str, Any], reason: str | None = None) -> list[Any]:
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]


def _chat_text(text: str) -> bytes:
    return _chat(_choice({"content": text}))


def _chat_end(tokens: int) -> Iterable[bytes]:
    yield _chat(_choice({}, "stop"))
    yield _chat([], usage={"prompt_tokens": 450, "completion_tokens": tokens, "total_tokens": 450 + tokens})
    yield b"data: [DONE]\n\n"


def _message(kind: str, **members: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _json({"type": kind, **members}))


def _message_text(text: str) -> bytes:
    return _message("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def _message_start() -> Iterable[bytes]:
    identity = {"id": "msg_0", "type": "message", "role": "assistant", "model": "mock-messages", "content": []}
    usage = {"input_tokens": 450, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}
    yield _message("message_start", message={**identity, "stop_reason": None, "stop_sequence": None, "usage": usage})
    yield _message("content_block_start", index=0, content_block={"type": "text", "text": ""})


def _message_end(tokens: int) -> Iterable[bytes]:
    yield _message("content_block_stop", index=0)
    yield _message("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": tokens})
    yield _message("message_stop")


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


# How each one speaks: what opens an answer, a text, and the end of so many tokens.
VOICES: dict[bytes, tuple[Iterable[bytes], Callable[[str], bytes], Callable[[int], Iterable[bytes]]]] = {
    KIRO: ((), _kiro_text, _kiro_end),
    CHAT: ((_chat(_choice({"role": "assistant", "content": "", "refusal": None})),), _chat_text, _chat_end),
    MESSAGES: (tuple(_message_start()), _message_text, _message_end),
}
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
