"""How far a request has come: its attempts, its first event, what it used. One object, one request."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dataplane import telemetry
from dataplane.conversation.events import Event, Finished, FinishReason
from dataplane.conversation.model import Call
from dataplane.errors import Cause, Retry, UpstreamFault, UpstreamTimeout
from dataplane.ports import Attempt, Caller, Shortened
from dataplane.upstreams.base import Decoder, Lease, Reply


@dataclass(slots=True)
class Request:
    """A client's request as the server read it. `started` is on the monotonic clock.

    `session` is the client's name for the conversation as its headers have it, "" when they do not.
    `headers` are those that are part of its protocol, `sent` all of them. `remembers`: sessions by user are wanted.
    """

    id: str
    caller: Caller
    body: bytes
    dialect: str
    received_at_ms: int
    started: float = field(default_factory=time.monotonic)
    session: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    remembers: bool = True
    sent: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)

    def elapsed_ms(self) -> int:
        """Milliseconds since the request was read."""
        return int((time.monotonic() - self.started) * 1000)


class Progress:
    """What settlement will need; `decoder` and `finish` are those of the latest attempt only.

    `served`: the client has its whole answer, whatever happens to the rest of the upstream's. `until`,
    on the loop's clock: when the answer must have begun, None when it has.
    """

    def __init__(self, request: Request, call: Call) -> None:
        self.request = request
        self.call = call
        self.lease_id = ""
        self.key_id = ""
        self.attempts: list[Attempt] = []
        self.decoder: Decoder | None = None
        self.finish: FinishReason | None = None
        self.first_event_ms: int | None = None
        self.dropped: Sequence[str] = ()
        self.shortened: Shortened | None = None
        self.served = False
        self.until: float | None = None
        self._timeout: asyncio.Timeout | None = None

    def begin(self, lease: Lease) -> None:
        """A new attempt; nothing of the one before counts."""
        self.lease_id, self.key_id = lease.lease_id, lease.key_id
        self.decoder = self.finish = self.first_event_ms = None
        self.attempts.append(Attempt(lease.account_id, lease.kind, lease.model, self.request.elapsed_ms()))

    def answered(self, reply: Reply) -> None:
        """An exchange of the latest attempt found its answer."""
        attempt = self.attempts[-1]
        attempt.status, attempt.endpoint = reply.status, reply.endpoint
        attempt.endpoints = (*attempt.endpoints, *reply.failed)
        attempt.learned = {**attempt.learned, **reply.learned}

    def end(self, error: BaseException | None) -> None:
        """The latest attempt is over, with `error` or well; does nothing when it was over before."""
        if not self.attempts or self.attempts[-1].ended_ms:
            return
        attempt = self.attempts[-1]
        attempt.ended_ms = max(1, self.request.elapsed_ms())
        if isinstance(error, UpstreamFault):
            attempt.fault, attempt.status, attempt.detail = str(error.cause), error.status, error.detail
            attempt.retry_after = error.retry_after
            attempt.endpoints = (*attempt.endpoints, *error.endpoints)
        telemetry.attempts(attempt.kind, attempt.fault).inc()

    def ended(self, last: Sequence[Event]) -> None:
        """The answer is over; `last` are its final events."""
        if last and isinstance(last[-1], Finished):
            self.finish = last[-1].reason

    def saw_first_event(self) -> None:
        """The upstream has begun to answer: its time limit is over."""
        if self.first_event_ms is None:
            self.first_event_ms = self.request.elapsed_ms()
            if not self.request.caller.for_key:  # the gateway's own calls are nobody's latency
                telemetry.FIRST_EVENT.observe(self.first_event_ms / 1000)
            self.until = None
            if self._timeout is not None:
                self._timeout.reschedule(None)

    @asynccontextmanager
    async def patience(self, seconds: float) -> AsyncIterator[None]:
        """Bounds an attempt until its first event, which must come within `seconds` of the request's reading."""
        self.until = self.request.started + seconds
        try:
            async with asyncio.timeout_at(self.until) as self._timeout:
                yield
        except TimeoutError as late:
            told = UpstreamTimeout("the upstream did not begin to answer in time")
            raise UpstreamFault(Cause.TIMEOUT, Retry.NONE, told) from late

    def overhead_ms(self) -> int:
        """Time spent in the gateway so far: all but the attempts that failed, and the one under way."""
        *failed, serving = self.attempts
        return serving.started_ms - sum(each.ended_ms - each.started_ms for each in failed)
