"""Authenticate and lease: what a request may spend, and when another try is worth it.

A `Grant` is born when the control plane reserved, and settled exactly once on every way out. It
hands out leases one after another and decides whether a fault may be followed by another try.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from dataplane import settlement, telemetry
from dataplane.conversation.model import Call
from dataplane.errors import Cause, GatewayError, Kind, Limited, Retry, Unauthenticated, UpstreamFault
from dataplane.ports import Ask, Client, Control, Reservation
from dataplane.progress import Progress, Request
from dataplane.upstreams.base import Lease

# Faults that often pass by themselves: where no other account can take over, the same one is asked
# once more after a moment.
PASSING = frozenset({Cause.OVERLOADED, Cause.UNAVAILABLE, Cause.UNREACHABLE, Cause.CUT, Cause.EMPTY, Cause.CORRUPT})
MOMENT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a request is tried. Seconds; `attempts` counts different accounts."""

    attempts: int
    first_token_seconds: float


class Grant(AbstractAsyncContextManager["Grant"]):
    """A request's permission, from reservation to settlement.

    With `reserve_only` it is entered holding the key's reservation, but no account yet.
    """

    def __init__(self, control: Control, patience: Patience, progress: Progress, client: Client, *, reserve_only: bool) -> None:
        self._control = control
        self._patience = patience
        self._progress = progress
        self._client = client
        self._reserve_only = reserve_only
        # What `reserve_only` was answered.
        self.reservation: Reservation | None = None
        self._lease: Lease | None = None
        self._fault: UpstreamFault | None = None
        self._retry: Retry | None = None
        self._repaired = False
        self._tried: list[str] = []
        self._reported = 0

    async def __aenter__(self) -> Self:
        if self._reserve_only:
            self.reservation = reservation = await self._control.reserve(self._ask(reserve_only=True))
            self._progress.lease_id, self._progress.key_id = reservation.lease_id, reservation.key_id
            if reservation.windows is not None:
                self._client.limited(reservation.windows)
        else:
            self._lease = await self._control.acquire(self._ask())
            self._progress.lease_id, self._progress.key_id = self._lease.lease_id, self._lease.key_id
        telemetry.OPEN.inc()
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None) -> None:
        telemetry.OPEN.dec()
        self._progress.end(error)
        self._control.settle(settlement.outcome(self._progress, self._client, error))

    async def lease(self) -> Lease:
        """The account for the next attempt: never one that was tried, unless its fault said so."""
        if self._retry is not None:
            self._lease = await self._next(self._retry)
        elif self._lease is None:
            self._lease = await self._control.acquire(self._ask())
        self._retry = None
        return self._lease

    async def rest(self) -> None:
        """Give the account back while something else is waited for; what is reserved stays."""
        await self._control.reserve(self._ask(reserve_only=True))
        self._lease = None

    def failed(self, fault: UpstreamFault) -> None:
        """Note the fault; raises what the client is told when nothing else may be tried."""
        self._progress.end(fault)
        late = self._progress.request.elapsed_ms() >= self._patience.first_token_seconds * 1000
        if self._client.committed or late or fault.retry is Retry.NONE:
            raise fault.error from fault
        same = fault.retry is not Retry.OTHER_ACCOUNT and not self._repaired
        if same:
            self._repaired = True
        elif len(self._tried) + 1 >= self._patience.attempts:
            raise fault.error from fault
        else:
            self._tried.append(self._progress.attempts[-1].account_id)
        self._fault, self._retry = fault, fault.retry if same else Retry.OTHER_ACCOUNT

    async def _next(self, retry: Retry) -> Lease:
        assert self._lease is not None, "a fault follows a lease"
        assert self._fault is not None, "a retry follows a fault"
        if retry is Retry.RENEWED:
            try:
                self._lease.credential = await self._control.renew(self._lease, str(self._fault.cause))
            except UpstreamFault as lost:
                self._progress.begin(self._lease)
                self.failed(lost)
                return await self._other_account(lost)
        if retry is Retry.OTHER_ACCOUNT:
            return await self._other_account(self._fault)
        return self._lease

    async def _other_account(self, fault: UpstreamFault) -> Lease:
        """Another account; where there is none, once more the one that failed, if that may help."""
        try:
            return await self._control.acquire(self._ask())
        except GatewayError as refusal:
            if self._repaired or fault.cause not in PASSING:
                raise truth(refusal, fault) from fault
        self._repaired = True
        self._tried.pop()
        await asyncio.sleep(MOMENT_SECONDS)
        try:
            return await self._control.acquire(self._ask())
        except GatewayError as refusal:
            raise truth(refusal, fault) from fault

    def _ask(self, *, reserve_only: bool = False) -> Ask:
        progress = self._progress
        failed = progress.attempts[self._reported :]
        self._reported = len(progress.attempts)
        return Ask(
            caller=progress.request.caller,
            request_id=progress.request.id,
            model=progress.call.model,
            estimated_input_tokens=progress.call.input_estimate,
            max_output_tokens=progress.call.sampling.max_tokens or 0,
            session=progress.call.session,
            excluded_account_ids=self._tried,
            lease_id=progress.lease_id,
            reserve_only=reserve_only,
            failed=failed,
            received_at_ms=progress.request.received_at_ms,
            dialect=progress.request.dialect,
            streamed=progress.call.stream,
            sticky=thinks(progress.call),
            until=progress.request.started + self._patience.first_token_seconds,
        )


def thinks(call: Call) -> bool:
    """Whether the answer will hold reasoning that only its account can take back."""
    return call.thinking is not None and call.thinking.mode != "disabled"


async def turn_away(control: Control, request: Request, client: Client, error: GatewayError) -> None:
    """Record a request that is refused before anything was asked for it. Raises what the key itself is
    refused for, since that comes first; what nobody can check is told as it is.
    """
    if isinstance(error, Unauthenticated):
        return
    try:
        identity = await control.identify(request.caller)
    except GatewayError as refusal:
        if refusal.kind is Kind.STANDBY:
            return
        raise refusal from error
    control.settle(settlement.turned_away(request, identity.key_id, client, error))


def truth(refusal: GatewayError, fault: UpstreamFault) -> GatewayError:
    """What to tell when no account is left: what went wrong, or if all are limited, until when."""
    limited = isinstance(fault.error, Limited) and refusal.kind in (Kind.ACCOUNTS_BUSY, Kind.ACCOUNTS_EXHAUSTED)
    return refusal if limited or refusal.kind is Kind.STANDBY else fault.error
