"""What the line needs of an upstream: the mirror image of a dialect, sans-IO as well."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dataplane.conversation.events import Event, Usage
from dataplane.conversation.features import Feature, Fidelity
from dataplane.conversation.model import Call, Stamp
from dataplane.errors import EndpointFault
from dataplane.windows import Windows


@dataclass(slots=True)
class Credential:
    """A bearer for one account; `expires_at` in epoch seconds, 0 for never."""

    access_token: str
    expires_at: int = 0


@dataclass(slots=True)
class Lease:
    """Permission to spend one account for one request; fields as in the admission contract.

    `context_window` and `max_output` are tokens, 0 when unknown. `base_urls` are the account's
    endpoints, the one to be tried first in front. `input_types` are what the model reads ("text",
    "image"), empty when unknown. With `strict`, what would have to be dropped is refused.
    `output_reserved`: tokens of the answer that are reserved, None where no limit bounds it. `windows`:
    what the key may still do, None where it has no limits. `proxy_url`: through which proxy the account is
    reached, "" none; it may hold a password.
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
    input_types: Sequence[str] = ()
    strict: bool = False
    output_reserved: int | None = None
    windows: Windows | None = None
    proxy_url: str = field(default="", repr=False)


@dataclass(slots=True, frozen=True)
class MediaRules:
    """What pictures and files an upstream takes; others are converted before its plan.

    `formats` are media types of pictures, "image/png". Sizes are bytes in base64, sides pixels. In
    a request with more than `many` pictures each may have `many_side` only. Without `documents`
    files become text, or where they hold none, pictures of their pages (at most `pages`). Without
    `pictures` those of the request stay as they came, for the upstream leaves them out. With `urls` addresses
    are passed on, for the upstream to fetch.
    """

    formats: frozenset[str]
    max_base64: int
    max_side: int
    many: int
    many_side: int
    documents: bool = False
    pages: int = 20
    urls: bool = False
    pictures: bool = True


@dataclass(slots=True)
class HttpRequest:
    """A request to be made. With `streamed`, the body of a good answer stays on the wire.

    `seconds` bounds the wait for the answer (where it is not streamed, for all of it); None is for as
    long as the attempt may take. With `elsewhere` another place can be asked instead, so that silence
    must leave time for it.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    streamed: bool = True
    seconds: float | None = None
    elsewhere: bool = False


@dataclass(slots=True)
class Reply:
    """The answer to an HttpRequest. Header names are lower case.

    `body` is whole unless the request was streamed and the status below 400; then it is empty and
    the stream is read after the plan has ended.

    The plan notes on the reply it names what it learned on the way: in `dropped` what of the client's
    body it had to leave out, as JSON paths; in `endpoint` who answers; in `failed` which endpoints did
    not; in `learned` facts about the account for the control plane to keep, such as "profile_arn".
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    dropped: tuple[str, ...] = ()
    endpoint: str = ""
    failed: tuple[EndpointFault, ...] = ()
    learned: Mapping[str, str] = field(default_factory=dict)


# Yields requests, is sent their replies, returns the reply whose stream is the answer.
# A request that found no answer (no connection, silence) is thrown in as the UpstreamFault it means:
# the plan may try elsewhere or let it pass. Raises UpstreamFault when this attempt has failed, and
# InvalidRequest for what cannot be sent.
Plan = Generator[HttpRequest, Reply, Reply]


class Decoder(Protocol):
    """Upstream bytes into events; born with an attempt, gone with it.

    `over`: the answer is complete although its body goes on (a stop sequence, a limit of the client's).
    Then `finish` comes at once, and what else arrives is fed only for its figures.
    """

    over: bool

    @property
    def written(self) -> float:
        """Tokens the upstream has put out so far, by the gateway's own count (conversation.estimate): also what is
        still held back, and what never goes out.
        """
        ...

    def truncate(self, tokens: float) -> None:
        """End the answer here: the last `tokens` of what was written do not count, and of the events that
        `feed` gave last some may not have gone out. From now on the answer is over, with the reason
        "length"; `finish` opens it if need be and ends it, and gives nothing else.
        """
        ...

    def feed(self, data: bytes) -> list[Event]:
        """The events these bytes complete. Raises UpstreamFault on corrupt bytes or a reported error."""
        ...

    def finish(self) -> list[Event]:
        """The body has ended, or the answer is over. The last event is Finished, unless the answer goes
        on in another exchange. Raises UpstreamFault when it broke off.
        """
        ...

    def onward(self) -> Plan | None:
        """After `finish`: the exchanges by which the answer goes on (the model waits for a search), whose
        stream is to be fed to this same decoder; None after Finished.
        """
        ...

    def usage(self) -> Usage:
        """The best figures so far, estimated where the upstream has not spoken; for answers that break off."""
        ...


class Upstream(Protocol):
    """One kind of provider. `fidelity` has a row for every Feature."""

    kind: str
    fidelity: Mapping[Feature, Fidelity]

    def room(self, lease: Lease) -> int | None:
        """Where clients name a user and leave it to the server to know what was said before: how many characters of
        that and of what is new can be sent. None where every request holds its whole conversation.
        """
        ...

    def media(self, call: Call, lease: Lease) -> MediaRules | None:
        """What pictures and files may be sent, None for any. Raises InvalidRequest for a model that reads none."""
        ...

    def plan(self, call: Call, lease: Lease, stamp: Stamp) -> Plan:
        """The exchanges that lead to the answer. Raises InvalidRequest for what cannot be sent."""
        ...

    def decoder(self, call: Call, lease: Lease, stamp: Stamp) -> Decoder:
        """The reader of the answer; `stamp` is the plan's."""
        ...

    def dropped(self, call: Call, lease: Lease) -> list[str]:
        """JSON paths of the client's body, in its own spelling, that have no seat with this upstream: of `call.dropped`,
        `call.asked` and `call.extras`. An upstream that sends `call.raw` on drops nothing.
        """
        ...
