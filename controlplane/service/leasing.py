"""Leases: who may spend which account for which request, and the end of each.

`acquire` answers at once, from memory. Only when the chosen account's token must be renewed first
it gives a Pending, which `finish` brings to its end; the place at the account is held meanwhile.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.domain.account import Counters
from controlplane.domain.errors import ProviderError
from controlplane.domain.lease import Ask, Bearer, Caller, HeldLease, Identity, Lease, Reason, Refusal, Reservation
from controlplane.domain.outcome import Outcome
from controlplane.service import refusals
from controlplane.service.identity import Identities
from controlplane.service.leases import DEADLINE, Leases, Open
from controlplane.service.placing import Placing
from controlplane.service.ports import Clock
from controlplane.service.records import Records
from controlplane.service.refreshing import Refreshing
from controlplane.service.roster import Seat
from controlplane.service.settling import Settling


@dataclass(slots=True)
class Pending:
    """An Acquire that waits for a token of `seat`. `tried`: accounts not to be chosen. `first`: the
    lease was made for this question. `move`: which of the lease's places it waits for.
    """

    ask: Ask
    lease: Open
    seat: Seat
    tried: tuple[str, ...]
    first: bool
    move: int = 0


class Leasing:
    """Identify, reserve, acquire, renew, settle."""

    def __init__(
        self,
        identities: Identities,
        placing: Placing,
        settling: Settling,
        refreshing: Refreshing,
        leases: Leases,
        records: Records,
        clock: Clock,
    ) -> None:
        self._identities = identities
        self._placing = placing
        self._settling = settling
        self._refreshing = refreshing
        self._leases = leases
        self._records = records
        self._clock = clock

    @property
    def open_leases(self) -> int:
        """Requests under way."""
        return len(self._leases)

    def identify(self, caller: Caller) -> Identity | Refusal:
        """Who presents this credential. Reserves nothing."""
        return self._identities.identify(caller)

    def counters(self, key_id: str) -> Counters:
        """What the key's requests came to."""
        return self._records.key_counters(key_id)

    def check(self, key_id: str, model: str, address: str) -> Identity | Refusal:
        """Whether a managed key would be let in with this model from this address, and whether an
        account could serve it now. Changes nothing. Raises Absent.
        """
        identity = self._identities.admit(self._identities.key(key_id), address)
        if isinstance(identity, Refusal):
            return identity
        ask = Ask(Caller("", address), "", model)
        lease = self._opened(identity, ask, "")
        if isinstance(lease, Refusal):
            return lease
        seat = self._placing.choose(lease, ask, ())
        return seat if isinstance(seat, Refusal) else identity

    def acquire(self, ask: Ask, instance: str) -> Lease | Reservation | Refusal | Pending:
        """Reserve, or choose an account for what is reserved already."""
        identity = self._identities.identify(ask.caller)
        if isinstance(identity, Refusal) and identity.reason is Reason.UNAUTHENTICATED:
            return identity
        if ask.lease_id:
            return self._move(ask, identity)
        if isinstance(identity, Refusal):
            return self._turned_away(self._identities.name(ask.caller), ask, identity)
        lease = self._opened(identity, ask, self._leases.new_id(identity.key_id), instance)
        if isinstance(lease, Refusal):
            return self._turned_away(identity, ask, lease)
        if ask.reserve_only:
            self._leases.add(lease)
            return Reservation(lease.lease_id, identity.key_id, self._placing.window(lease.wanted))
        seat = self._placing.choose(lease, ask, ask.excluded_account_ids)
        if isinstance(seat, Refusal):
            return self._turned_away(identity, ask, seat)
        self._leases.add(lease)
        return self._placed(Pending(ask, lease, seat, tuple(ask.excluded_account_ids), first=True))

    async def finish(self, pending: Pending) -> Lease | Refusal:
        """Renew the token; if that fails, go on to the next account until none is left. Whatever is
        raised instead, nothing is held for the question any more.
        """
        lease = pending.lease
        try:
            while True:
                bearer = await self._bearer(pending.seat)
                if not self._waits(pending):
                    return refusals.UNKNOWN_LEASE
                if bearer:
                    return self._placing.lease(lease, pending.seat, bearer)
                made = self._next(pending)
                if not isinstance(made, Pending):
                    return made
        except asyncio.CancelledError:
            # The session is gone and with it the question; it will be asked again.
            self._drop(pending)
            raise
        except BaseException:
            self._drop(pending)
            if pending.first:
                self._turned_away(lease.identity, pending.ask, refusals.UNANSWERED)
            raise

    def unsaid(self, ask: Ask, said: Lease | Reservation) -> None:
        """An answer to `ask` could not be sent: what it granted returns."""
        lease = self._leases.find(said.lease_id)
        if lease is None:
            return
        if ask.lease_id:
            self._leases.give_back(lease)
            return
        self._leases.close(lease)
        self._turned_away(lease.identity, ask, refusals.UNANSWERED)

    def renew(self, lease_id: str, refused: str) -> Bearer | Refusal | None:
        """A newer bearer for the lease's account, if there is one already; None: it must be fetched."""
        lease = self._leases.find(lease_id)
        if lease is None or lease.seat is None:
            return refusals.UNKNOWN_LEASE
        credentials = lease.seat.credentials
        if credentials.bearer != refused and lease.seat.ready(self._clock.now()):
            lease.renewed = lease.seat.account.id
            return Bearer(credentials.bearer, credentials.expires_at)
        return None

    async def fetch(self, lease_id: str, refused: str) -> Bearer | Refusal:
        """A newer bearer for the lease's account, from its provider."""
        lease = self._leases.find(lease_id)
        if lease is None or lease.seat is None:
            return refusals.UNKNOWN_LEASE
        seat = lease.seat
        try:
            bearer = await self._refreshing.bearer(seat, refused)
        except ProviderError as error:
            return Refusal(Reason.CREDENTIAL_LOST, f"the account's credential cannot be renewed: {error.message}")
        lease.renewed = seat.account.id
        return Bearer(bearer, seat.credentials.expires_at)

    def settle(self, outcomes: Sequence[Outcome]) -> asyncio.Future[None] | None:
        """Close leases. The future ends when all are durable; None: no room, send them again."""
        return self._settling.settle(outcomes)

    def hello(self, instance: str, leases: Sequence[HeldLease], reservations: Sequence[str] = ()) -> None:
        """A data plane opens a session, with the leases it holds and the ids of its reservations."""
        self._settling.hello(instance, leases, reservations)

    def gone(self, instance: str) -> None:
        """A data plane's session ended."""
        self._settling.gone(instance)

    def expire(self) -> int:
        """Return by rule what nobody reports; how many leases."""
        return self._settling.expire()

    def _opened(self, identity: Identity, ask: Ask, lease_id: str, instance: str = "") -> Open | Refusal:
        """A lease for the question, not yet in the books."""
        named = self._placing.named(identity, ask.model)
        if isinstance(named, Refusal):
            return named
        now = self._clock.now()
        return Open(
            lease_id=lease_id,
            identity=identity,
            request_id=ask.request_id,
            asked=ask.model,
            wanted=named.model,
            instance=instance,
            opened_at=now,
            deadline=int(now) + DEADLINE,
            kind=named.kind,
            pinned=named.account_id,
        )

    def _move(self, ask: Ask, identity: Identity | Refusal) -> Lease | Refusal | Pending:
        """Another account for a lease, or the first for a reservation."""
        lease = self._leases.find(ask.lease_id)
        if lease is None or lease.orphan:
            return refusals.UNKNOWN_LEASE
        self._settling.attempted(lease, ask.failed)
        self._leases.give_back(lease)
        refused = identity if isinstance(identity, Refusal) else self._known_again(lease, ask, identity)
        if refused is not None:
            return refused
        seat = self._placing.choose(lease, ask, ask.excluded_account_ids)
        if isinstance(seat, Refusal):
            return seat
        return self._placed(Pending(ask, lease, seat, tuple(ask.excluded_account_ids), first=False))

    def _known_again(self, lease: Open, ask: Ask, identity: Identity) -> Refusal | None:
        """Bring the lease into line with the key's present limits. Of a lease that came from a hello
        nothing else is known: neither whom the key may use nor what the model's name pinned.
        """
        if identity.key_id != lease.identity.key_id:
            return refusals.UNKNOWN_LEASE
        lease.identity = identity
        if not lease.restored:
            return None
        named = self._placing.named(identity, ask.model)
        if isinstance(named, Refusal):
            return named
        lease.request_id, lease.asked = ask.request_id, ask.model
        lease.wanted, lease.kind, lease.pinned = named.model, named.kind, named.account_id
        return None

    def _placed(self, pending: Pending) -> Lease | Pending:
        """Hold the seat; a lease at once if its bearer is ready."""
        self._leases.take(pending.lease, pending.seat)
        pending.move = pending.lease.moves
        if not pending.seat.ready(self._clock.now()):
            return pending
        return self._placing.lease(pending.lease, pending.seat, pending.seat.credentials.bearer)

    async def _bearer(self, seat: Seat) -> str:
        """The seat's bearer; empty when it cannot be had."""
        try:
            return await self._refreshing.bearer(seat)
        except ProviderError:
            return ""

    def _next(self, pending: Pending) -> Lease | Refusal | Pending:
        """On to the next account."""
        self._leases.give_back(pending.lease)
        pending.tried = (*pending.tried, pending.seat.account.id)
        seat = self._placing.choose(pending.lease, pending.ask, pending.tried)
        if not isinstance(seat, Refusal):
            pending.seat = seat
            return self._placed(pending)
        if not pending.first:
            return seat
        self._leases.close(pending.lease)
        return self._turned_away(pending.lease.identity, pending.ask, seat)

    def _waits(self, pending: Pending) -> bool:
        """Whether the place is still held for this question: the lease may be over, or asked for again
        in a newer session.
        """
        return pending.lease.seat is not None and pending.lease.moves == pending.move

    def _drop(self, pending: Pending) -> None:
        if pending.first:
            self._leases.close(pending.lease)
        elif self._waits(pending):
            self._leases.give_back(pending.lease)

    def _turned_away(self, identity: Identity, ask: Ask, refusal: Refusal) -> Refusal:
        """Refuse a first question; nobody else will write its record."""
        self._settling.refused(self._leases.new_id(identity.key_id), identity, ask, refusal)
        return refusal
