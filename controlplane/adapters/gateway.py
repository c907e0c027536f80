"""Our own data plane, asked as its clients ask it: `POST /v1/messages`, answered by server-sent events."""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any

import httpx

from controlplane.service.testing import Answered, Complete, GatewayAway, Heard, Refused, Said

VERSION = "2023-06-01"
# Connecting is to a neighbour. A data plane that waits for an upstream sends pings meanwhile.
TIMEOUT = httpx.Timeout(60.0, connect=2.0)
LIMITS = httpx.Limits(max_connections=8, max_keepalive_connections=2)
MOST_BYTES = 2**20  # of one event, and of an error's body
LONGEST_MESSAGE = 1000


class Gateway:
    """Implements the Gateway port."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = url.rstrip("/")
        # The way to a neighbour leads through no proxy, whatever the environment says.
        self._client = httpx.AsyncClient(timeout=TIMEOUT, limits=LIMITS, trust_env=False, transport=transport)

    async def ask(self, credential: str, model: str, prompt: str, max_tokens: int) -> AsyncGenerator[Heard, None]:
        body = {"model": model, "max_tokens": max_tokens, "stream": True, "messages": [{"role": "user", "content": prompt}]}
        headers = {"x-api-key": credential, "anthropic-version": VERSION, "x-headgate-explain": "1"}
        fault = "cannot be reached"
        try:
            async with self._client.stream("POST", f"{self._url}/v1/messages", json=body, headers=headers) as reply:
                fault = "broke off"
                yield Answered(reply.status_code, reply.headers.get("request-id", ""))
                async with aclosing(_heard(reply)) as pieces:
                    async for heard in pieces:
                        yield heard
        except httpx.HTTPError as error:
            # Not chained: the library's error carries the request with its credential.
            fault = f"the data plane at {self._url} {fault} ({type(error).__name__})"
        else:
            return
        raise GatewayAway(fault)

    async def close(self) -> None:
        await self._client.aclose()


class Events:
    """Reads server-sent events: bytes in, the JSON of each event out. What is no JSON is left out."""

    def __init__(self) -> None:
        self._left = b""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Mapping[str, Any]]:
        """The events that are complete now. Raises ValueError for one that would fill the memory."""
        *lines, self._left = (self._left + data).split(b"\n")
        for line in lines:
            event = self._line(line.removesuffix(b"\r"))
            if event is not None:
                yield event
        if len(self._left) + sum(map(len, self._data)) > MOST_BYTES:
            raise ValueError("an event is too long")

    def _line(self, line: bytes) -> Mapping[str, Any] | None:
        if line.startswith(b"data:"):
            self._data.append(line.removeprefix(b"data:").removeprefix(b" "))
        if line or not self._data:
            return None
        text, self._data = b"\n".join(self._data), []
        return _members(text)


async def _heard(reply: httpx.Response) -> AsyncGenerator[Heard, None]:
    """What the answer says, to its end or to the first word that it will not be one."""
    if reply.status_code != httpx.codes.OK:
        yield _refused(_members(await _read(reply)) or {}, reply.status_code)
        return
    events = Events()
    try:
        async for data in reply.aiter_bytes():
            for event in events.feed(data):
                heard = _meant(event)
                if heard is not None:
                    yield heard
                if isinstance(heard, Refused | Complete):
                    return
    except ValueError:
        yield Refused("answer_unreadable", "the data plane's answer cannot be read")


def _meant(event: Mapping[str, Any]) -> Heard | None:
    """What an event of the Messages API says, if it is of interest here."""
    kind, delta = event.get("type"), event.get("delta")
    if kind == "message_stop":
        return Complete()
    if kind == "error":
        return _refused(event, 0)
    if kind != "content_block_delta" or not isinstance(delta, dict):
        return None
    member = DELTAS.get(str(delta.get("type")))
    text = delta.get(member) if member else None
    return Said(text, reasoning=member == "thinking") if isinstance(text, str) and text else None


def _refused(body: Mapping[str, Any], status: int) -> Refused:
    """The data plane's own words, which are made for its clients."""
    error = body.get("error")
    told: Mapping[str, Any] = error if isinstance(error, dict) else {}
    details = told.get("details")
    code = (details.get("error_code") if isinstance(details, dict) else None) or told.get("type")
    message = told.get("message") or f"the data plane answered {status}"
    return Refused(str(code or "gateway_error")[:100], str(message)[:LONGEST_MESSAGE])


async def _read(reply: httpx.Response) -> bytes:
    """The body, up to a bound."""
    body = b""
    async for data in reply.aiter_bytes():
        body += data
        if len(body) > MOST_BYTES:
            break
    return body


def _members(text: bytes) -> Mapping[str, Any] | None:
    """The object that a text is; None for any other."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


# Of each kind of delta the member with its text.
DELTAS = {"text_delta": "text", "thinking_delta": "thinking"}
