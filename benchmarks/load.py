"""A load generator: so many connections, each asking again as soon as it was answered.

A bare asyncio protocol in a process of its own; it reads an `Order` as JSON from standard input and
prints a `Result`. Each window starts with every connection idle and ends when the last answer has
arrived, so that no request is counted by halves. Anything but a complete answer ends the run.

    python -m benchmarks.load < order.json
"""

import asyncio
import dataclasses
import json
import os
import re
import statistics
import sys
import time
from typing import Any, cast

import httptools
import uvloop

from benchmarks.mock import text
from benchmarks.process import cpu_seconds

# After the last answer the services still write down what happened; that belongs to the requests.
SETTLE_SECONDS = 0.25
# How long answers may take after the window's end.
PATIENCE_SECONDS = 30.0
# A later answer may differ from the first, which is read word by word, in ids and figures only.
LENGTH_TOLERANCE = 0.02


class Incomplete(Exception):
    """An answer was an error, broke off, or does not hold what it should."""


@dataclasses.dataclass(frozen=True)
class Order:
    """What to send where, for how long, and whose CPU time to watch meanwhile."""

    port: int
    path: str
    key: str
    body: str
    kind: str
    events: int
    connections: int
    # Seconds from one connection's start to the next one's.
    stagger: float
    warm_up: float
    seconds: float
    pids: dict[str, int]


@dataclasses.dataclass(frozen=True)
class Result:
    """What happened in the measured window; CPU in microseconds a request, times in milliseconds."""

    requests: int
    seconds: float
    cpu_us: dict[str, float]
    latency_ms: dict[str, float]
    first_byte_ms: dict[str, float]


def read(kind: str, body: bytes) -> str:
    """The text of an answer; raises Incomplete when its end is missing."""
    if kind in ENDINGS and not body.endswith(ENDINGS[kind]):
        raise Incomplete(f"the end is missing: {body[-200:]!r}")
    return READERS[kind](body)


class Connection(asyncio.Protocol):
    """One keep-alive connection and the request that is on it."""

    _transport: asyncio.Transport

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._asked = self._first = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.fail(f"the connection was closed: {exc or 'by the server'}")

    def ask(self) -> None:
        self._first = 0.0
        self._body.clear()
        self._asked = time.perf_counter()
        self._transport.write(self._load.request)

    def close(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._load.fail(f"not HTTP: {error}: {data[:200]!r}")

    def on_body(self, body: bytes) -> None:
        self._first = self._first or time.perf_counter()
        self._body.append(body)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._load.answered(self, self._parser.get_status_code(), b"".join(self._body), (now - self._asked, self._first - self._asked))


class Load:
    """All connections, and the window they are in."""

    def __init__(self, order: Order) -> None:
        self.request = written(order)
        self.times: list[tuple[float, float]] = []
        self._order = order
        self._length = 0
        self._connections: list[Connection] = []
        self._busy = 0
        self._deadline = 0.0
        self._over: asyncio.Future[None] | None = None
        self._failure = ""

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(self._order.connections):
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._order.port)
            self._connections.append(connection)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    async def window(self, seconds: float) -> None:
        """Ask for so long, then wait for the open answers. Raises Incomplete."""
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        self._busy = len(self._connections)
        self._deadline = time.perf_counter() + seconds
        for number, connection in enumerate(self._connections):
            loop.call_later(number * self._order.stagger, connection.ask)
        self._wake()
        try:
            await asyncio.wait_for(self._over, seconds + PATIENCE_SECONDS)
        except TimeoutError:
            raise Incomplete(f"{self._busy} answers did not end") from None

    def answered(self, connection: Connection, status: int, body: bytes, times: tuple[float, float]) -> None:
        if fault := self._fault(status, body):
            self.fail(fault)
            return
        self.times.append(times)
        if time.perf_counter() < self._deadline:
            connection.ask()
            return
        self._busy -= 1
        self._wake()

    def fail(self, reason: str) -> None:
        """Note what went wrong first; what follows from it matters no more."""
        self._failure = self._failure or reason
        self._wake()

    def _wake(self) -> None:
        """End the window when nothing is left to wait for."""
        if self._over and not self._over.done():
            if self._failure:
                self._over.set_exception(Incomplete(self._failure))
            elif not self._busy:
                self._over.set_result(None)

    def _fault(self, status: int, body: bytes) -> str:
        """What is wrong with an answer: the first is read whole, the others are compared with it."""
        kind = self._order.kind
        if status != 200:
            return f"status {status}: {body[:300]!r}"
        if not self._length:
            self._length = len(body)
            return differs(kind, body, text(self._order.events))
        if abs(len(body) - self._length) > LENGTH_TOLERANCE * self._length:
            return f"{len(body)} bytes where the first answer had {self._length}"
        if kind in ENDINGS and not body.endswith(ENDINGS[kind]):
            return f"the end is missing: {body[-200:]!r}"
        return ""


def differs(kind: str, body: bytes, wanted: str) -> str:
    """How an answer differs from what it should be, empty when it does not."""
    try:
        found = read(kind, body)
    except (Incomplete, ValueError, LookupError) as error:
        return f"{type(error).__name__}: {error}"
    return "" if found == wanted else f"the text is {found[:200]!r}... of {len(found)} characters, not of {len(wanted)}"


def written(order: Order) -> bytes:
    """The request as it goes onto the wire, time after time."""
    body = order.body.encode()
    head = (
        f"POST {order.path} HTTP/1.1\r\nhost: 127.0.0.1:{order.port}\r\nx-api-key: {order.key}\r\n"
        f"anthropic-version: 2023-06-01\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run(order: Order) -> Result:
    """Warm up, then measure. Raises Incomplete."""
    load = Load(order)
    try:
        await load.connect()
        await load.window(order.warm_up)
        load.times.clear()
        before, began = {name: cpu_seconds(pid) for name, pid in order.pids.items()}, time.perf_counter()
        await load.window(order.seconds)
        seconds = time.perf_counter() - began
        await asyncio.sleep(SETTLE_SECONDS)
        spent = {name: cpu_seconds(pid) - before[name] for name, pid in order.pids.items()}
    finally:
        load.close()
    count = len(load.times)
    latency, first_byte = zip(*load.times, strict=True)
    return Result(
        count,
        seconds,
        {name: used * 1e6 / count for name, used in spent.items()},
        percentiles(latency),
        percentiles(first_byte),
    )


def percentiles(seconds: tuple[float, ...]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    return {"p50": cuts[49] * 1000, "p99": cuts[98] * 1000}


def _data_lines(body: bytes) -> list[Any]:
    """The JSON of each server-sent event."""
    return [json.loads(line[5:]) for line in body.splitlines() if line.startswith(b"data:") and line != b"data: [DONE]"]


def _anthropic_stream(body: bytes) -> str:
    events = _data_lines(body)
    if events[-1]["type"] != "message_stop":
        raise Incomplete(f"the last event is {events[-1]['type']}")
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def _openai_stream(body: bytes) -> str:
    return "".join(choice["delta"].get("content") or "" for chunk in _data_lines(body) for choice in chunk["choices"])


def _responses_stream(body: bytes) -> str:
    events = _data_lines(body)
    if events[-1]["type"] != "response.completed":
        raise Incomplete(f"the last event is {events[-1]['type']}")
    return "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")


def _anthropic_whole(body: bytes) -> str:
    return "".join(block.get("text", "") for block in json.loads(body)["content"])


def _openai_whole(body: bytes) -> str:
    return str(json.loads(body)["choices"][0]["message"]["content"])


def _kiro(body: bytes) -> str:
    return b"".join(re.findall(rb'{"content":"([^"]*)"}', body)).decode()


ENDINGS = {
    "anthropic-stream": b'"message_stop"}\n\n',
    "openai-stream": b"data: [DONE]\n\n",
    "responses-stream": b"}\n\n",
    "anthropic-whole": b"}",
    "openai-whole": b"}",
}
READERS = {
    "anthropic-stream": _anthropic_stream,
    "openai-stream": _openai_stream,
    "responses-stream": _responses_stream,
    "anthropic-whole": _anthropic_whole,
    "openai-whole": _openai_whole,
    "kiro": _kiro,
}


def main() -> None:
    order = Order(**json.load(sys.stdin))
    order = dataclasses.replace(order, pids={**order.pids, "load generator": os.getpid()})
    try:
        result = uvloop.run(run(order))
    except (Incomplete, OSError) as error:
        sys.exit(f"{order.path}: {error}")
    json.dump(dataclasses.asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
