"""Report: what a request came to, in one outcome for each lease, whatever happened."""

import asyncio

from dataplane import telemetry
from dataplane.conversation.events import Usage
from dataplane.errors import ClientGone, GatewayError, Kind
from dataplane.ports import Client, Ending, Outcome
from dataplane.progress import Progress

# The status that stands in the log for a client that went away, as nginx has it.
CLIENT_CLOSED_REQUEST = 499


def outcome(progress: Progress, client: Client, error: BaseException | None) -> Outcome:
    """The end of a request's lease; `error` is what ended the request, None when it was served."""
    request, usage = progress.request, spent(progress)
    ending = how(client, error)
    telemetry.REQUESTS.labels(request.dialect, ending).inc()
    telemetry.TOKENS.labels("input").inc(usage.input + usage.cache_read + usage.cache_write)
    telemetry.TOKENS.labels("output").inc(usage.output)
    return Outcome(
        lease_id=progress.lease_id,
        request_id=request.id,
        ending=ending,
        status=status(client, error),
        received_at_ms=request.received_at_ms,
        duration_ms=request.elapsed_ms(),
        dialect=request.dialect,
        streamed=progress.call.stream,
        usage=usage,
        attempts=progress.attempts,
        error=code(error),
        finish_reason=progress.tally.finish or "",
        first_event_ms=progress.first_event_ms,
        dropped=progress.dropped,
    )


def how(client: Client, error: BaseException | None) -> Ending:
    """Which of the four endings this was."""
    if error is None:
        return Ending.SERVED
    if isinstance(error, asyncio.CancelledError | ClientGone):
        return Ending.CANCELLED
    return Ending.CUT if client.committed else Ending.FAILED


def spent(progress: Progress) -> Usage:
    """The upstream's figures; for an answer that broke off before them, an estimate of what had come."""
    tally = progress.tally
    if tally.reported or not tally.written:
        return tally.usage
    return Usage(input=progress.call.input_estimate, output=max(1, round(tally.written)))


def code(error: BaseException | None) -> str:
    """The error's row of the client error table; empty when there was none."""
    if error is None:
        return ""
    if isinstance(error, GatewayError):
        return str(error.kind)
    return "cancelled" if isinstance(error, asyncio.CancelledError | ClientGone) else str(Kind.INTERNAL)


def status(client: Client, error: BaseException | None) -> int:
    """The status the client saw, or would have seen."""
    if client.opened or error is None:
        return 200
    if isinstance(error, asyncio.CancelledError | ClientGone):
        return CLIENT_CLOSED_REQUEST
    return client.status_of(error) if isinstance(error, GatewayError) else 500
