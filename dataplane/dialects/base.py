"""What the line needs of a dialect.

A dialect is sans-IO: it neither waits nor reads clocks nor draws random numbers. Ids and times are
handed in through `Stamp`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from dataplane.conversation.events import Event
from dataplane.conversation.kept import KeptAnswer, Recall, Recalled
from dataplane.conversation.model import Call, Stamp
from dataplane.errors import GatewayError, InvalidRequest
from dataplane.windows import Windows

# The protocols allow some four short ones; each costs time with every piece of the answer.
MOST_STOPS, LONGEST_STOP = 64, 256


def check_stops(sequences: Sequence[str], path: str) -> None:
    """Raises InvalidRequest for more, or longer, stop sequences than anybody needs."""
    if len(sequences) > MOST_STOPS:
        raise InvalidRequest(f"{path}: at most {MOST_STOPS} sequences", param=path)
    if any(len(sequence) > LONGEST_STOP for sequence in sequences):
        raise InvalidRequest(f"{path}: a sequence may have {LONGEST_STOP} characters", param=path)


class Encoder(Protocol):
    """Events into the bytes of one answer; born with an attempt, gone with it.

    A streamed answer comes out of `feed` piece by piece; a whole answer comes out of `finish`,
    and `feed` gives nothing.

    `kept`: after `finish`, the answer that the client wants kept, None where it wants none.
    """

    content_type: str

    @property
    def kept(self) -> KeptAnswer | None: ...

    def feed(self, events: Sequence[Event]) -> bytes:
        """The bytes for what happened; the last batch ends with Finished."""
        ...

    def finish(self) -> bytes:
        """What is still to be sent after Finished."""
        ...

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        """The dialect's error event. After it the connection is broken off on purpose."""
        ...


class ModelFacts(Protocol):
    """What is known of a model; tokens are 0 when unknown, `created` is epoch seconds."""

    @property
    def kind(self) -> str: ...
    @property
    def display_name(self) -> str: ...
    @property
    def created(self) -> int: ...
    @property
    def context_window(self) -> int: ...
    @property
    def max_output(self) -> int: ...


# A public name and the model it leads to.
Listed = tuple[str, ModelFacts]


class Dialect(Protocol):
    """One client protocol.

    `headers` are the request headers, in lower case, that are part of it: they go into `Call.headers`.
    `keepalive` is what may be sent before the first real event, `heartbeat` what may be sent after
    it; both mean nothing to clients.
    """

    name: str
    keepalive: bytes
    heartbeat: bytes

    @property
    def headers(self) -> Sequence[str]: ...

    def recalls(self, body: bytes) -> Recall | None:
        """What of kept conversations the body builds on; None for nothing. Raises InvalidRequest."""
        ...

    def parse(self, body: bytes, recalled: Recalled | None = None) -> Call:
        """`recalled` is what `recalls` asked for. Raises InvalidRequest naming the field at fault."""
        ...

    def encoder(self, call: Call, stamp: Stamp) -> Encoder: ...

    def error(self, error: GatewayError, request_id: str) -> tuple[int, bytes]:
        """Status and JSON body for an answer that was not opened."""
        ...

    def rate_headers(self, windows: Windows, now_ms: int) -> list[tuple[str, str]]:
        """Names, in lower case, and values of the headers that tell `windows` at `now_ms` (epoch milliseconds)."""
        ...

    def models(self, listed: Sequence[Listed], query: Mapping[str, str]) -> bytes:
        """The model list; `query` is the request's, for dialects that turn pages."""
        ...

    def model(self, listed: Listed) -> bytes:
        """One model."""
        ...
