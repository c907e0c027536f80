"""Hand-written stand-ins for what surrounds the line: control plane, transport, an upstream, a dialect, a client.

The upstream speaks one event a line ("t hello" text, "u 3" usage, "f stop" the end, "x throttled" a
fault reported inside the stream); the dialect's answers are as plain, so that a test reads like
the stream it is about.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import MappingProxyType

from dataplane.admission import Patience
from dataplane.compression import Compression
from dataplane.conversation.events import Event, Finished, Searched, Started, TextDelta, Usage, UsageSeen
from dataplane.conversation.kept import Item, KeptAnswer, Recall, Recalled, Said, Session, SessionTurn
from dataplane.conversation.model import Call, Search, Text, Turn
from dataplane.errors import BadUpstream, Cause, GatewayError, InvalidRequest, Kind, Limited, NotFound, Retry, UpstreamFault
from dataplane.exchange import Line
from dataplane.ports import Ask, Caller, Identity, Outcome, Policy, Reservation, Shortened, Shortening
from dataplane.progress import Request
from dataplane.upstreams.base import Credential, HttpRequest, Lease, MediaRules, Reply
from dataplane.windows import Windows

LEASE = Lease("lease-1", "key-1", "acc-1", "fake", "model-1", Credential("token-1"), ("http://upstream",))


class FakeControl:
    """Leases the accounts it was given one after another; raises those that are errors."""

    def __init__(
        self,
        *grants: str | GatewayError,
        renewals: Sequence[str | UpstreamFault] = (),
        identity: GatewayError | None = None,
        strict: bool = False,
        reserved: int | None = None,
        extensions: Sequence[int | GatewayError] = (),
        windows: Windows | None = None,
        reservation: Reservation | None = None,
    ) -> None:
        self.reservation = reservation or Reservation("lease-1", "key-1", 0, windows)
        self.strict = strict
        self.reserved = reserved
        self.extensions = list(extensions)
        self.extends: list[int] = []
        self.windows = windows
        self.identity = identity
        self.grants = list(grants) or ["acc-1"]
        self.renewals = list(renewals)
        self.asks: list[Ask] = []
        self.renewed: list[str] = []
        self.outcomes: list[Outcome] = []

    async def identify(self, caller: Caller, *, usage: bool = False) -> Identity:
        if self.identity:
            raise self.identity
        return Identity("key-1", "test", (), b"{}")

    async def reserve(self, ask: Ask) -> Reservation:
        self.asks.append(replace(ask, excluded_account_ids=tuple(ask.excluded_account_ids)))
        return self.reservation

    async def acquire(self, ask: Ask) -> Lease:
        self.asks.append(replace(ask, excluded_account_ids=tuple(ask.excluded_account_ids)))
        grant = self.grants.pop(0)
        if isinstance(grant, GatewayError):
            raise grant
        return replace(
            LEASE,
            account_id=grant,
            credential=Credential(f"token-{grant}"),
            strict=self.strict,
            output_reserved=self.reserved,
            windows=self.windows,
        )

    async def renew(self, lease: Lease, cause: str) -> Credential:
        self.renewed.append(cause)
        renewal = self.renewals.pop(0)
        if isinstance(renewal, UpstreamFault):
            raise renewal
        return Credential(renewal)

    async def extend(self, lease_id: str, output_tokens: int, input_tokens: int = 0) -> int:
        """Grants `extensions` one after another; more is refused."""
        self.extends.append(output_tokens or -input_tokens)
        await asyncio.sleep(0)
        if not self.extensions:
            raise Limited("the key's tokens are spent", kind=Kind.QUOTA_EXHAUSTED)
        granted = self.extensions.pop(0)
        if isinstance(granted, GatewayError):
            raise granted
        return granted

    def settle(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class FakeSummarizer:
    """Leaves the last `keep` turns with "summary" before them; with None it passes, for the reason `how`."""

    def __init__(self, keep: int | None = None, how: str = "unavailable") -> None:
        self.keep, self.how = keep, how
        self.asked: list[Shortening] = []
        # What is done while the summarizer works.
        self.meanwhile: Callable[[], None] = lambda: None

    async def compress(self, call: Call, ask: Shortening) -> tuple[Sequence[Turn] | None, Shortened | None]:
        self.asked.append(ask)
        self.meanwhile()
        if self.keep is None:
            return None, Shortened(self.how) if self.how else None
        gone = len(call.turns) - self.keep
        return [Turn("user", [Text("summary")]), *call.turns[gone:]], Shortened("model", gone, 90, 7)


class FakeFacts:
    """What a catalogue tells of models and the policy."""

    def __init__(self, compression: Policy, window: int = 0) -> None:
        self.compression = compression
        self._window = window

    def window(self, name: str) -> int:
        return self._window


class FakeStream(AbstractAsyncContextManager["FakeStream"]):
    def __init__(self, transport: "FakeTransport", plan, pieces: list[bytes | BaseException], status: int) -> None:
        self.transport, self.plan, self.pieces = transport, plan, pieces
        self.reply = Reply(status, transport.headers, **transport.noted)

    async def __aenter__(self):
        request = next(self.plan)
        self.transport.requests.append(request)
        if self.reply.status >= 400:
            self.reply.body = self.pieces[0]
        try:
            self.plan.send(self.reply)
        except StopIteration:
            return self
        raise AssertionError("the fake upstream makes one request")

    async def __aexit__(self, *_: object) -> None:
        self.transport.closed += 1

    async def read(self) -> bytes:
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if callable(piece):
            piece = await piece()
        if isinstance(piece, BaseException):
            raise piece
        return piece


class FakeTransport:
    """Answers one script after another: (status, pieces)."""

    def __init__(self, *scripts: tuple[int, list]) -> None:
        self.scripts = list(scripts)
        self.requests: list[HttpRequest] = []
        self.proxies: list[str] = []
        self.closed = 0
        self.headers: dict[str, str] = {}
        # What the plan notes on its reply.
        self.noted: dict = {}

    def follow(self, plan, until=None, proxy_url="") -> FakeStream:
        self.proxies.append(proxy_url)
        status, pieces = self.scripts.pop(0)
        return FakeStream(self, plan, list(pieces), status)


class FakeConversations:
    """Keeps in dictionaries, by key. `away` is raised by everything; `refusal` by keep and end only."""

    def __init__(self, *, reachable: bool = True) -> None:
        self.reachable = reachable
        self.away: GatewayError | None = None
        self.refusal: GatewayError | None = None
        self.answers: dict[tuple[str, str], KeptAnswer] = {}
        self.said: dict[tuple[str, str], list[Said]] = {}
        self.taken: list[str] = []
        # How often the session is found taken, and how long was to be waited each time.
        self.busy = 0
        self.waits: list[float] = []
        self.ended: list[tuple[str, int]] = []

    async def recall(self, key_id: str, recall: Recall) -> Recalled:
        if self.away:
            raise self.away
        found = self.answers.get((key_id, recall.answer))
        if found is None:
            raise NotFound("not kept", kind=Kind.NOT_KEPT, code="previous_response_not_found")
        return Recalled([*found.input, *found.output])

    async def keep(self, key_id: str, answer: KeptAnswer) -> None:
        if self.refusal:
            raise self.refusal
        self.answers[key_id, answer.id] = answer

    async def answer(self, key_id: str, answer_id: str) -> bytes:
        if (key_id, answer_id) not in self.answers:
            raise NotFound("not kept", kind=Kind.NOT_KEPT)
        return self.answers[key_id, answer_id].body

    async def forget(self, key_id: str, answer_id: str) -> None:
        await self.answer(key_id, answer_id)
        del self.answers[key_id, answer_id]

    async def begin(self, key_id: str, turn: SessionTurn, life_seconds: float, wait_seconds: float) -> list[Said]:
        if self.away:
            raise self.away
        self.waits.append(wait_seconds)
        if self.busy:
            self.busy -= 1
            raise Limited("the turn before is not over", retry_after=1)
        self.taken.append(turn.user)
        return list(self.said.get((key_id, turn.user), ()))

    async def end(self, key_id: str, turn: SessionTurn, said: Sequence[Said]) -> None:
        self.ended.append((turn.user, len(said)))
        if self.refusal:
            raise self.refusal
        self.said.setdefault((key_id, turn.user), []).extend(said)

    async def sessions(self, key_id: str, after: str, limit: int) -> tuple[list[Session], bool]:
        users = sorted(user for key, user in self.said if key == key_id and user > after)
        found = [Session(user, len(self.said[key_id, user]), 10, 1_700_000_000_000, 1_700_003_600_000) for user in users]
        return found[:limit], len(found) > limit

    async def forget_session(self, key_id: str, user: str) -> None:
        if (key_id, user) not in self.said:
            raise NotFound("not kept", kind=Kind.NOT_KEPT)
        del self.said[key_id, user]


class FakeConverter:
    """Refuses or replaces what it is told to; everything else fits."""

    def __init__(self) -> None:
        self.places: dict[str, list] = {}
        self.asked: list[tuple] = []

    async def convert(self, media, rules):
        self.asked.append((tuple(media), rules))
        return [self.places.get(part.where, [part]) for part in media]


class FakeDecoder:
    """Also knows "w QUERY", a web search, "o URL", after which the answer goes on there, and "e", after which it is over."""

    def __init__(self) -> None:
        self.over = False
        self.next: str | None = None
        self.buffer = b""
        self.started = self.finished = False
        self.seen: Usage | None = None
        self.characters = 0
        self.beyond = 0.0

    @property
    def written(self) -> float:
        return self.characters / 3.5 - self.beyond

    def truncate(self, tokens: float) -> None:
        self.over = True
        self.beyond += tokens

    def feed(self, data: bytes) -> list[Event]:
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        events: list[Event] = []
        for line in lines:
            events += self._line(line.decode())
        return events

    def onward(self):
        url, self.next = self.next, None
        return FakeUpstream.exchange(url) if url else None

    def finish(self) -> list[Event]:
        if self.next:
            return []
        if self.over:
            return [Finished("length")]
        if self.buffer or not self.finished:
            raise UpstreamFault(Cause.CUT, Retry.OTHER_ACCOUNT, BadUpstream("the upstream broke off its answer"))
        return [Finished("stop")]

    def usage(self) -> Usage:
        return self.seen or Usage(output=round(self.written) if self.beyond else self.characters // 4)

    def _line(self, line: str) -> list[Event]:
        kind, _, rest = line.partition(" ")
        if kind == "x":
            raise fault(rest)
        if kind == "f":
            self.finished = True
            return []
        if kind == "w":
            first = [] if self.started else [Started()]
            self.started = True
            return [*first, Searched(Search("1", rest))]
        if kind == "o":
            self.next = rest
            return []
        if kind == "e":
            self.over = True
            return []
        first: list[Event] = [] if self.started else [Started()]
        self.started = True
        if kind == "u":
            self.seen = Usage(output=int(rest))
            return [*first, UsageSeen(self.seen)]
        self.characters += len(rest)
        return [*first, TextDelta(rest)]


class FakeUpstream:
    kind = "fake"
    fidelity = MappingProxyType({})
    characters: int | None = None
    rules: MediaRules | None = None

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def room(self, lease: Lease) -> int | None:
        return self.characters

    def media(self, call: Call, lease: Lease) -> MediaRules | None:
        return self.rules

    def plan(self, call: Call, lease: Lease, stamp):
        self.calls.append(call)
        return self.exchange(lease.base_urls[0], lease.credential.access_token)

    @staticmethod
    def exchange(url: str, token: str = ""):
        reply = yield HttpRequest("POST", url, {"authorization": token})
        if reply.status >= 400:
            raise fault(reply.body.decode(), reply.status)
        return reply

    def decoder(self, call: Call, lease: Lease, stamp) -> FakeDecoder:
        return FakeDecoder()

    def dropped(self, call: Call, lease: Lease) -> list[str]:
        return [*call.dropped, *(["top_k"] if call.sampling.top_k else [])]


FAULTS: dict[str, tuple[Retry, Callable[[], GatewayError]]] = {
    "throttled": (Retry.OTHER_ACCOUNT, lambda: Limited("all accounts are busy", retry_after=7)),
    "credential_rejected": (Retry.RENEWED, lambda: BadUpstream("the upstream refused us")),
    "unavailable": (Retry.OTHER_ACCOUNT, lambda: BadUpstream("the upstream failed")),
    "empty": (Retry.SAME_ACCOUNT, lambda: BadUpstream("the upstream said nothing")),
    "bad_request": (Retry.NONE, lambda: InvalidRequest("the upstream calls this invalid")),
}


def fault(name: str, status: int = 0) -> UpstreamFault:
    retry, error = FAULTS[name]
    return UpstreamFault(Cause(name), retry, error(), status=status)


class FakeEncoder:
    content_type = "text/plain"

    def __init__(self, call: Call) -> None:
        self.stream, self.whole, self.keeps = call.stream, b"", call.keep
        self.kept: KeptAnswer | None = None

    def feed(self, events: Sequence[Event]) -> bytes:
        text = "".join(f"<{event.text}>" for event in events if isinstance(event, TextDelta)).encode()
        if self.stream:
            return text
        self.whole += text
        return b""

    def finish(self) -> bytes:
        if self.keeps:
            self.kept = KeptAnswer("answer-1", "", b"{}", [], [Item("", b"what was answered")])
        return b"." if self.stream else self.whole + b"."

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return f"!{error.kind}".encode()


class FakeDialect:
    name = "fake"
    keepalive = b":ka\n"
    heartbeat = b":hb\n"
    headers = ("x-fake-version",)

    def recalls(self, body: bytes) -> Recall | None:
        if b'"follows"' not in body:
            return None
        return Recall(json.loads(body)["follows"])

    def parse(self, body: bytes, recalled: Recalled | None = None) -> Call:
        try:
            asked = json.loads(body)
        except ValueError:
            raise InvalidRequest("not JSON", param="") from None
        before = [Turn("assistant", [Text(item.json.decode())]) for item in recalled.history] if recalled else []
        call = Call(
            model=asked.get("model", "m"),
            turns=[*before, Turn("user", [Text(asked.get("text", "hi"))])],
            family="fake",
            stream=asked.get("stream", False),
            user=asked.get("user", ""),
            by_user=asked.get("by_user", True),
            keep=asked.get("keep", False),
            raw=body,
        )
        call.sampling.top_k = asked.get("top_k")
        return call

    def encoder(self, call: Call, stamp) -> FakeEncoder:
        return FakeEncoder(call)

    def error(self, error: GatewayError, request_id: str) -> tuple[int, bytes]:
        return {"invalid_request": 400, "accounts_busy": 429, "rate_limited": 429}.get(error.kind, 502), str(error.kind).encode()

    def rate_headers(self, windows: Windows, now_ms: int) -> list[tuple[str, str]]:
        return [(f"limit-{unit}", f"{window.left}/{window.limit}") for unit, window in windows.each()]

    def models(self, listed, query) -> bytes:
        return ",".join(name for name, _ in listed).encode()

    def model(self, listed) -> bytes:
        return listed[0].encode()


class FakeClient:
    """Keeps what it was sent. `leave_after` cancels by raising once so many pieces came."""

    def __init__(self, leave_after: int | None = None) -> None:
        self.opened = self.committed = False
        self.said: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.complete = False
        self.leave_after = leave_after
        self.fresh = None
        self.windows: Windows | None = None

    def say(self, name: str, value: str) -> None:
        self.said[name] = value
        if not value:
            del self.said[name]

    def limited(self, windows: Windows) -> None:
        self.windows = windows

    def prepare(self, *, stream: bool, fresh) -> None:
        self.fresh = fresh

    def encoder(self):
        return self.fresh()

    def status_of(self, error: GatewayError) -> int:
        return FakeDialect().error(error, "")[0]

    async def send(self, data: bytes) -> None:
        self.opened = self.committed = True
        if self.leave_after is not None and len(self.pieces) >= self.leave_after:
            raise asyncio.CancelledError
        self.pieces.append(data)

    async def finish(self, data: bytes) -> None:
        self.opened = self.committed = True
        self.pieces.append(data)
        self.complete = True


def line(
    control: FakeControl,
    transport: FakeTransport,
    *,
    attempts: int = 3,
    first_token: float = 5.0,
    conversations: FakeConversations | None = None,
    summarizer: FakeSummarizer | None = None,
    facts: FakeFacts | None = None,
) -> Line:
    compression = Compression(summarizer or FakeSummarizer(), facts or FakeFacts(Policy(enabled=True)), first_token)
    return Line(
        control=control,
        conversations=conversations or FakeConversations(),
        converter=FakeConverter(),
        transport=transport,
        upstreams={"fake": FakeUpstream()},
        patience=Patience(attempts, first_token),
        compression=compression,
    )


def request(body: bytes = b'{"stream":true}') -> Request:
    return Request("req_1", Caller("key", "127.0.0.1"), body, "fake", 1_700_000_000_000)
