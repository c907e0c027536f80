"""What the line needs from outside. `clients/` implements these; tests use hand-written fakes."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from dataplane.conversation.events import Usage
from dataplane.conversation.kept import KeptAnswer, Recall, Recalled, Said, Session, SessionTurn
from dataplane.conversation.model import Call, Document, Image, Media, Text, Turn
from dataplane.dialects.base import Encoder
from dataplane.errors import EndpointFault, GatewayError
from dataplane.upstreams.base import Credential, Lease, MediaRules, Plan, Reply
from dataplane.windows import Windows


@dataclass(slots=True, frozen=True)
class Caller:
    """Who calls: the credential as presented (a secret) and the client's address ("" unknown). `for_key`, `for_request`:
    for whom, as the gateway itself says when it calls; from anybody else they mean nothing.
    """

    credential: str
    address: str
    for_key: str = ""
    for_request: str = ""

    def __repr__(self) -> str:
        return f"Caller(address={self.address!r})"


@dataclass(slots=True)
class Identity:
    """A valid key. Empty `allowed_models` means all; `usage_json` is what GET /v1/usage answers, empty unless asked for."""

    key_id: str
    key_name: str
    allowed_models: Sequence[str]
    usage_json: bytes


@dataclass(slots=True)
class Attempt:
    """One try at one account; times in milliseconds after the request was read.

    `endpoint` answered; `endpoints` did not. `learned` are facts about the account, by name.
    """

    account_id: str
    kind: str
    model: str
    started_ms: int
    ended_ms: int = 0
    fault: str = ""
    status: int = 0
    retry_after: int | None = None
    detail: str = ""
    endpoint: str = ""
    endpoints: Sequence[EndpointFault] = ()
    learned: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Ask:
    """What is asked of the control plane; fields as in the admission contract. `until`, on the monotonic
    clock: when its answer would come too late.
    """

    caller: Caller
    request_id: str
    model: str
    estimated_input_tokens: int
    max_output_tokens: int = 0
    session: str = ""
    excluded_account_ids: Sequence[str] = ()
    lease_id: str = ""
    reserve_only: bool = False
    failed: Sequence[Attempt] = ()
    received_at_ms: int = 0
    dialect: str = ""
    streamed: bool = False
    sticky: bool = False
    until: float = math.inf


@dataclass(slots=True)
class Reservation:
    """The key's reservation, without an account yet. `context_window` in tokens, 0 unknown; `windows` as
    in Lease; `kind` is likely to serve; `whole`: the key wants its conversations left as they are.
    """

    lease_id: str
    key_id: str
    context_window: int = 0
    windows: Windows | None = None
    kind: str = ""
    whole: bool = False


@dataclass(slots=True)
class Shortened:
    """What shortening did, for the record. `how`: "model", "incremental", "memory" or "store", where a summary stands for
    `replaced_turns`; else why there is none: "no-gain", "model-failed", "late", "budget", "unavailable".
    """

    how: str
    replaced_turns: int = 0
    saved_tokens: int = 0
    spent_tokens: int = 0


class Ending(StrEnum):
    """How a request ended."""

    SERVED = "served"
    FAILED = "failed"
    CUT = "cut"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Outcome:
    """The end of one lease; fields as in the admission contract."""

    lease_id: str
    request_id: str
    ending: Ending
    status: int
    received_at_ms: int
    duration_ms: int
    dialect: str
    streamed: bool
    usage: Usage = field(default_factory=Usage)
    attempts: Sequence[Attempt] = ()
    error: str = ""
    finish_reason: str = ""
    first_event_ms: int | None = None
    dropped: Sequence[str] = ()
    shortened: Shortened | None = None


@dataclass(slots=True)
class ModelFacts:
    """One row of the model table; tokens are 0 when unknown, `created` is epoch seconds."""

    kind: str
    id: str
    display_name: str
    context_window: int
    max_output: int
    aliases: Sequence[str]
    created: int


class Control(Protocol):
    """The control plane. Refusals are raised as the GatewayError a client is told."""

    async def identify(self, caller: Caller, *, usage: bool = False) -> Identity:
        """Who that is; with `usage` also what the key may do and has done."""
        ...

    async def reserve(self, ask: Ask) -> Reservation: ...

    async def acquire(self, ask: Ask) -> Lease: ...

    async def renew(self, lease: Lease, cause: str) -> Credential:
        """Raises UpstreamFault when the account's credential is lost."""
        ...

    async def extend(self, lease_id: str, output_tokens: int, input_tokens: int = 0) -> int:
        """Reserve so many tokens of output more for a lease, and of the prompt; how many of output are reserved then
        altogether. Raises Limited.
        """
        ...

    def settle(self, outcome: Outcome) -> None:
        """Hand over an outcome; never waits, never fails. Delivery is the adapter's duty."""
        ...


@dataclass(slots=True)
class Policy:
    """How conversations are shortened, as administrators decided: above so many `tokens` (0: half of what the model reads)
    or `turns`, waiting so many `seconds` at most. `whole` is all of it, to be handed on to the summarizer.
    """

    enabled: bool = False
    tokens: int = 0
    turns: int = 200
    seconds: float = 60.0
    whole: object = None


@dataclass(slots=True)
class Shortening:
    """What the summarizer is asked: as in the compression contract. `seconds`: when its answer would come too late."""

    key_id: str
    request_id: str
    overhead_tokens: int
    room_tokens: int
    only_to_fit: bool
    policy: Policy
    seconds: float
    threshold_tokens: int = 0


class Summarizer(Protocol):
    """The summarizer."""

    async def compress(self, call: Call, ask: Shortening) -> tuple[Sequence[Turn] | None, Shortened | None]:
        """The turns that are left, None where the conversation is to pass as it is, whatever the reason; and what is to be
        recorded, None where nothing was tried. Never raises but CancelledError.
        """
        ...

    async def original(self, key_id: str, request_id: str) -> bytes:
        """What compression replaced in one of the key's requests, JSON text. Raises NotFound, Unavailable."""
        ...


class Conversations(Protocol):
    """What is kept of conversations from one request to the next. Each key finds only its own.

    Every method raises Unavailable when it cannot be had; `reachable` is the best guess beforehand.
    """

    @property
    def reachable(self) -> bool: ...

    async def recall(self, key_id: str, recall: Recall) -> Recalled:
        """Raises NotFound for an answer or an item that is not kept."""
        ...

    async def keep(self, key_id: str, answer: KeptAnswer) -> None:
        """Durable when it returns. Raises TooLarge for an answer that is not kept for its size."""
        ...

    async def answer(self, key_id: str, answer_id: str) -> bytes:
        """The body of a kept answer. Raises NotFound."""
        ...

    async def forget(self, key_id: str, answer_id: str) -> None:
        """Raises NotFound."""
        ...

    async def begin(self, key_id: str, turn: SessionTurn, life_seconds: float, wait_seconds: float) -> list[Said]:
        """Take a user's session for one turn, which may take so long; waits that long at most until the turn before is
        over. What was said before. Who is cancelled meanwhile leaves nothing taken.

        Raises Limited when the wait takes longer.
        """
        ...

    async def end(self, key_id: str, turn: SessionTurn, said: Sequence[Said]) -> None:
        """End the turn, adding what was said; nothing: it came to nothing. Raises NotFound when its time was over before,
        and Unavailable when it could not be ended soon: it is tried on behind the caller's back, also when he is cancelled.
        """
        ...

    async def sessions(self, key_id: str, after: str, limit: int) -> tuple[Sequence[Session], bool]:
        """The sessions after that user, by user, and whether there are more."""
        ...

    async def forget_session(self, key_id: str, user: str) -> None:
        """Raises NotFound."""
        ...


class Converter(Protocol):
    """Pictures and files into what an upstream takes: fetched, recoded, read."""

    async def convert(self, media: Sequence[Media], rules: MediaRules) -> list[Sequence[Text | Image | Document]]:
        """For each of `media` what stands in its place: itself where it fits as it is.

        Raises InvalidRequest, naming the path, for what cannot be fetched, is no picture, or does not fit.
        """
        ...


class Stream(Protocol):
    """An opened answer; `reply` is its head."""

    reply: Reply

    async def read(self) -> bytes:
        """What has arrived, waiting for something; b"" at the end of the body.

        Raises UpstreamFault when the connection breaks or falls silent.
        """
        ...


class Transport(Protocol):
    """HTTP to upstreams."""

    def follow(self, plan: Plan, until: float | None = None, proxy_url: str = "") -> AbstractAsyncContextManager[Stream]:
        """Carry out a plan, through a proxy where one is named, and open the answer it names. Leaving the context closes the connection
        to the upstream, unless the answer was read to its end.

        `until`, on the loop's clock, is when the answer must have begun; a request that finds none by
        then is thrown into the plan like any that finds no answer.
        """
        ...


class Client(Protocol):
    """The one who waits for the answer.

    `opened`: status and headers were sent. `committed`: a real event was sent; from then on the
    answer cannot be started anew.
    """

    opened: bool
    committed: bool

    def say(self, name: str, value: str) -> None:
        """Set a response header, or with "" take it back; ignored once opened."""
        ...

    def limited(self, windows: Windows) -> None:
        """What the caller's key may still do, to be told in response headers; ignored once opened."""
        ...

    def prepare(self, *, stream: bool, fresh: Callable[[], Encoder]) -> None:
        """The request is legal, and `fresh` makes encoders for it: keep-alives may flow."""
        ...

    def encoder(self) -> Encoder:
        """A new encoder for a new attempt; the one before is forgotten."""
        ...

    def status_of(self, error: GatewayError) -> int:
        """The HTTP status this client's protocol has for `error`."""
        ...

    async def send(self, data: bytes) -> None:
        """Send a piece of a streamed answer; waits while the client reads slowly."""
        ...

    async def finish(self, data: bytes) -> None:
        """Send the last piece, or the whole answer."""
        ...
