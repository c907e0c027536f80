"""Report: what a request came to, in one outcome for each lease, whatever happened."""

import asyncio

from dataplane import telemetry
from dataplane.conversation.events import Usage
from dataplane.errors import GatewayError, Kind
from dataplane.ports import Client, Ending, Outcome
from dataplane.progress import Progress, Request

# The status that stands in the log for a client that went away, as nginx has it.
CLIENT_CLOSED_REQUEST = 499


def outcome(progress: Progress, client: Client, error: BaseException | None) -> Outcome:
    """The end of a request's lease; `error` is what ended the request, None when it was served."""
    error = None if progress.served else error
    request, ending = progress.request, how(client, error)
    usage = spent(progress, ending)
    what = "internal" if request.caller.for_key else request.dialect
    telemetry.ended(what, ending, usage.input + usage.cache_read + usage.cache_write, usage.output)
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
        finish_reason=progress.finish or "",
        first_event_ms=progress.first_event_ms,
        dropped=progress.dropped,
        shortened=progress.shortened,
    )


def turned_away(request: Request, key_id: str, client: Client, error: GatewayError) -> Outcome:
    """The record of a request that was refused before a lease was asked for. Its lease id is made here,
    and names the key as all of them do.
    """
    return Outcome(
        lease_id=f"dp_{request.id}.{key_id}",
        request_id=request.id,
        ending=Ending.FAILED,
        status=client.status_of(error),
        received_at_ms=request.received_at_ms,
        duration_ms=request.elapsed_ms(),
        dialect=request.dialect,
        streamed=False,
        error=str(error.kind),
    )


def how(client: Client, error: BaseException | None) -> Ending:
    """Which of the four endings this was."""
    if error is None:
        return Ending.SERVED
    if isinstance(error, asyncio.CancelledError):
        return Ending.CANCELLED
    return Ending.CUT if client.committed else Ending.FAILED


def spent(progress: Progress, ending: Ending) -> Usage:
    """What the delivered attempt used: the upstream's figures, or for one that broke off an estimate.

    A request without any output costs nothing.
    """
    if progress.decoder is None:
        return Usage()
    usage = progress.decoder.usage()
    return usage if usage.output or ending is Ending.SERVED else Usage()


def code(error: BaseException | None) -> str:
    """The error's row of the client error table; empty when there was none."""
    if error is None:
        return ""
    if isinstance(error, GatewayError):
        return str(error.kind)
    return "cancelled" if isinstance(error, asyncio.CancelledError) else str(Kind.INTERNAL)


def status(client: Client, error: BaseException | None) -> int:
    """The status the client saw, or would have seen."""
    if client.opened or error is None:
        return 200
    if isinstance(error, asyncio.CancelledError):
        return CLIENT_CLOSED_REQUEST
    return client.status_of(error) if isinstance(error, GatewayError) else 500
