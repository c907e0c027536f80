"""Leases: who may spend which account for which request.

Each answer is worked out from memory and there at once (service/work.py), unless it must wait: for a
ledger in another process, for an account while all are busy, for a token that must be renewed first.
What was reserved and the place at the account are held meanwhile.
"""

import contextlib

from controlplane.domain.errors import ProviderError
from controlplane.domain.lease import Ask, Bearer, Caller, Extension, Identity, Lease, Reason, Refusal, Reservation
from controlplane.domain.limits import Denied
from controlplane.policy import decisions
from controlplane.service import refusals
from controlplane.service.holding import Holding
from controlplane.service.identity import Identities
from controlplane.service.leases import Leases, Open
from controlplane.service.opening import Opening
from controlplane.service.ports import Clock
from controlplane.service.roster import Seat
from controlplane.service.seating import Asked, Seating
from controlplane.service.settling import Settling
from controlplane.service.work import Work, ready

Said = Lease | Reservation | Refusal


class Leasing:
    """Identify, reserve, acquire, extend, renew."""

    def __init__(
        self,
        identities: Identities,
        opening: Opening,
        seating: Seating,
        holding: Holding,
        settling: Settling,
        leases: Leases,
        clock: Clock,
    ) -> None:
        self._identities = identities
        self._opening = opening
        self._seating = seating
        self._holding = holding
        self._settling = settling
        self._leases = leases
        self._clock = clock

    @property
    def open_leases(self) -> int:
        """Requests under way."""
        return len(self._leases)

    @property
    def waiting(self) -> int:
        """Requests that wait for an account."""
        return self._seating.waiting

    def identify(self, caller: Caller) -> Identity | Refusal:
        """Who presents this credential. Reserves nothing."""
        return self._identities.identify(caller)

    def check(self, key_id: str, model: str, address: str) -> Work[Identity | Refusal]:
        """Whether a managed key would be let in with this model from this address, whether its limits
        would let a small request pass, and whether an account could serve it now. Changes nothing. Raises Absent.
        """
        identity = self._identities.admit(self._identities.key(key_id), address)
        if isinstance(identity, Refusal):
            return identity
        ask = Ask(Caller("", address), "", model)
        lease = self._opening.opened(identity, ask, "")
        if isinstance(lease, Refusal):
            return lease
        verdict = yield from ready(self._holding.reserve(lease))
        self._holding.drop(lease)
        if isinstance(verdict, Denied):
            return refusals.denied(verdict, self._clock.now())
        lack = self._seating.lack(lease, ask)
        return identity if lack is None else refusals.no_capacity(lack, model, self._clock.now())

    def acquire(self, ask: Ask, instance: str) -> Work[Said]:
        """Reserve, or choose an account for what is reserved already."""
        identity = self._identities.identify(ask.caller)
        if isinstance(identity, Refusal) and identity.reason is Reason.UNAUTHENTICATED:
            return identity
        if ask.lease_id:
            return (yield from self._move(ask, identity))
        if isinstance(identity, Refusal):
            return self._settling.refused(self._identities.name(ask.caller), ask, identity)
        own: Seat | None = None
        if identity.brings:
            found = yield from self._opening.own(identity)
            if isinstance(found, Refusal):
                # Whose sign-in is worth nothing has not been authenticated.
                return found if found.reason is Reason.UNAUTHENTICATED else self._settling.refused(identity, ask, found)
            own = found
        lease = self._opening.opened(identity, ask, instance, own)
        if isinstance(lease, Refusal):
            return self._settling.refused(identity, ask, lease)
        return (yield from self._granted(Asked(ask, lease, tuple(ask.excluded_account_ids), first=True)))

    def unsaid(self, ask: Ask, said: Lease | Reservation, *, again: bool = False) -> None:
        """An answer to `ask` could not be sent: what it granted returns. `again`: it is asked elsewhere."""
        lease = self._leases.find(said.lease_id)
        if lease is None:
            return
        if ask.lease_id:
            if not again:  # the newer question gives it back
                self._holding.let_go(lease)
            return
        self._holding.drop(lease)
        if not again:
            self._settling.refused(lease.identity, ask, refusals.UNANSWERED, lease)

    def extend(self, lease_id: str, output: int, prompt: int = 0) -> Work[Extension | Refusal]:
        """More tokens of the answer, and of the prompt."""
        lease = self._leases.find(lease_id)
        if lease is None or lease.orphan:
            return refusals.UNKNOWN_LEASE
        verdict = yield from self._holding.extend(lease, output, prompt)
        if verdict is None:
            return refusals.UNKNOWN_LEASE
        return refusals.denied(verdict, self._clock.now()) if isinstance(verdict, Denied) else Extension(lease.output)

    def renew(self, lease_id: str, refused: str) -> Work[Bearer | Refusal]:
        """A newer bearer for the lease's account than the one that was refused."""
        lease = self._leases.find(lease_id)
        if lease is None or lease.seat is None:
            return refusals.UNKNOWN_LEASE
        seat = lease.seat
        if seat.credentials.bearer == refused or not seat.ready(self._clock.now()):
            try:
                yield lease.refreshing.bearer(seat, refused)
            except ProviderError as error:
                return Refusal(Reason.CREDENTIAL_LOST, f"the account's credential cannot be renewed: {error.message}")
        lease.renewed = seat.account.id
        return Bearer(seat.credentials.bearer, seat.credentials.expires_at)

    def _move(self, ask: Ask, identity: Identity | Refusal) -> Work[Said]:
        """Another account for a lease, or the first for a reservation."""
        lease = self._leases.find(ask.lease_id)
        if lease is None or lease.orphan:
            return refusals.UNKNOWN_LEASE
        lease.asking = number = lease.asking + 1
        self._settling.attempted(lease, ask.failed)
        yield from self._holding.give_back(lease)
        if isinstance(identity, Refusal):
            return identity
        if identity.brings and lease.own is None:
            own = yield from self._opening.own(identity)
            if isinstance(own, Refusal):
                return own
            self._opening.owned(lease, own)
        refused = self._opening.known_again(lease, ask, identity)
        if refused is not None:
            return refused
        if lease.restored and not lease.claimed.tokens:
            yield from self._holding.reclaim(lease)
            self._opening.claim(lease, ask)
        return (yield from self._granted(Asked(ask, lease, tuple(ask.excluded_account_ids), first=False, number=number)))

    def _granted(self, asked: Asked) -> Work[Said]:
        """The answer. Whatever is raised instead, nothing is held for the question any more."""
        try:
            said = yield from self._reserved(asked.lease) if asked.ask.reserve_only else self._leased(asked)
        except BaseException as error:
            self._given_up(asked, error)
            raise
        if isinstance(said, Refusal) and asked.first:
            # Dropped already by a newer hello: then the request is asked again there.
            asked_again = asked.lease.over
            self._holding.drop(asked.lease)
            if not asked_again:
                self._settling.refused(asked.lease.identity, asked.ask, said, asked.lease)
        return said

    def _reserved(self, lease: Open) -> Work[Said]:
        """The key's reservation only."""
        verdict = yield from ready(self._holding.reserve(lease))
        if isinstance(verdict, Denied):
            return refusals.denied(verdict, self._clock.now())
        self._leases.add(lease)
        return self._opening.reserved(lease)

    def _leased(self, asked: Asked) -> Work[Said]:
        """A place at an account whose bearer can be had, going on to the next one until none is left."""
        lease = asked.lease
        while True:
            seat = yield from self._seating.seated(asked)
            if isinstance(seat, Refusal):
                return seat
            if asked.first:
                self._leases.add(lease)
            asked.move = lease.moves
            bearer = seat.credentials.bearer if seat.ready(self._clock.now()) else (yield from self._renewed(lease, seat))
            if not self._holds(asked):
                return refusals.UNKNOWN_LEASE
            if (bearer or seat.fixed) and (lease.identity.forced or self._seating.serves(seat)):
                return self._opening.granted(lease, seat, bearer)
            yield from self._holding.give_back(lease)
            if lease.identity.forced:
                return refusals.NO_BEARER
            asked.tried = (*asked.tried, seat.account.id)

    def _renewed(self, lease: Open, seat: Seat) -> Work[str]:
        """The account's bearer, renewed first; empty when it cannot be had."""
        began, bearer = self._clock.now(), ""
        with contextlib.suppress(ProviderError):
            bearer = yield lease.refreshing.bearer(seat)
        lease.steps.append(decisions.renewed(seat.account.id, self._clock.now() - began, bool(bearer)))
        return bearer

    def _holds(self, asked: Asked) -> bool:
        """Whether the place is still held for this question: the request may be over, or asked again in a
        newer session.
        """
        return asked.lease.seat is not None and asked.lease.moves == asked.move

    def _given_up(self, asked: Asked, error: BaseException) -> None:
        """The question will not be answered. When its session is gone it will be asked again; else
        nobody but us writes its record.
        """
        if not asked.first:
            if self._holds(asked):
                self._holding.let_go(asked.lease)
            return
        self._holding.drop(asked.lease)
        if isinstance(error, Exception):
            self._settling.refused(asked.lease.identity, asked.ask, refusals.UNANSWERED, asked.lease)
