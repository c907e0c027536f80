"""What the line needs of an upstream: the mirror image of a dialect, sans-IO as well."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dataplane.conversation.events import Event, Usage
from dataplane.conversation.model import Call, Stamp


@dataclass(slots=True)
class Credential:
    """A bearer for one account; `expires_at` in epoch seconds, 0 for never."""

    access_token: str
    expires_at: int = 0


@dataclass(slots=True)
class Lease:
    """Permission to spend one account for one request; fields as in the admission contract.

    `context_window` and `max_output` are tokens, 0 when unknown.
    """

    lease_id: str
    key_id: str
    account_id: str
    kind: str
    model: str
    credential: Credential
    base_urls: Sequence[str]
    account_label: str = ""
    context_window: int = 0
    max_output: int = 0
    request_fields_schema: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    deadline: int = 0


@dataclass(slots=True)
class HttpRequest:
    """A request to be made. With `streamed`, the body of a good answer stays on the wire."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    streamed: bool = True


@dataclass(slots=True)
class Reply:
    """The answer to an HttpRequest. Header names are lower case.

    `body` is whole unless the request was streamed and the status below 400; then it is empty and
    the stream is read after the plan has ended. The plan notes in `dropped` what of the client's
    body it had to leave out on the way to this reply, as JSON paths.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    dropped: tuple[str, ...] = ()


# Yields requests, is sent their replies, returns the reply whose stream is the answer.
# Raises UpstreamFault when a reply says that this attempt has failed.
Plan = Generator[HttpRequest, Reply, Reply]


class Decoder(Protocol):
    """Upstream bytes into events; born with an attempt, gone with it."""

    def feed(self, data: bytes) -> list[Event]:
        """The events these bytes complete. Raises UpstreamFault on corrupt bytes or a reported error."""
        ...

    def finish(self) -> list[Event]:
        """The body has ended; the last event is Finished. Raises UpstreamFault when it broke off."""
        ...

    def usage(self) -> Usage:
        """The best figures so far, estimated where the upstream has not spoken; for answers that break off."""
        ...


class Upstream(Protocol):
    """One kind of provider."""

    kind: str

    def plan(self, call: Call, lease: Lease, stamp: Stamp) -> Plan:
        """The exchanges that lead to the answer. Raises InvalidRequest for what cannot be sent."""
        ...

    def decoder(self, call: Call, lease: Lease) -> Decoder: ...

    def dropped(self, call: Call, lease: Lease) -> list[str]:
        """JSON paths of the client's body that have no seat in this upstream's request."""
        ...
