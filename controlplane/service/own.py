"""Callers' own accounts: who presents PROXY_KEY:REFRESH_TOKEN is served by the account of that token.

An account is found by the keyed hash of the whole presented token. It is in no pool: nobody else is
served by it, and its caller by nothing else. Its tokens live on in the database under that hash; in
memory are the accounts in use.

A token that never worked leaves nothing behind but a refusal, remembered for a minute: neither a row
nor a seat, however many are tried.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controlplane.domain.account import Account, AuthMethod, Credentials, Status
from controlplane.domain.errors import GrantRejected, ProviderError
from controlplane.domain.lease import OwnToken, Reason, Refusal
from controlplane.policy.families import machine_id
from controlplane.policy.hosts import Hosts
from controlplane.service import metrics, own_refusals
from controlplane.service.allowances import Allowances
from controlplane.service.background import Background
from controlplane.service.catalogue import STALE_AFTER
from controlplane.service.identity import OWN_NAME
from controlplane.service.learning import Learning
from controlplane.service.own_books import OwnBooks, OwnRow, OwnStore
from controlplane.service.own_models import OwnModels
from controlplane.service.own_refusals import BUSY, DEAD_FOR, SUSPENDED_FOR
from controlplane.service.own_sign_in import Guarded, SignIn
from controlplane.service.ports import Clock, Provider, Soon, Standing, StoredAccount, Vault
from controlplane.service.refreshing import LOST, Refreshing
from controlplane.service.roster import Roster, Seat
from controlplane.service.standing import Standings

log = logging.getLogger(__name__)

KIND = "kiro"
LIFE = 30 * 86_400  # seconds that an account is kept after its last use
IDLE = 3600.0  # seconds after which an account that is stored leaves memory
USE_STORED_EVERY = 3600.0
LOOK_EVERY = 600.0  # at most so often it is asked what an account has left
# An account that is chosen has no lease yet; one that was used so lately is not put out of memory.
IN_HAND = 60.0
# What is in flight after so long is somebody's who forgot it, or another process's and told only at the next use.
LONGEST_REQUEST = 6 * 3600.0
MOST_SEATS = 10_000
MOST_REFUSALS = 10_000
# Tokens nobody has seen before are traded this many at a time, and so many callers may wait for theirs.
FIRST_AT_A_TIME = 8
MOST_WAITING = 1024


@dataclass(slots=True)
class Own:
    """An account in use. Times are epoch seconds: of the last use, of the use that was stored last, of the
    last try to bring it back from a dead sign-in, and when its model list is due.
    """

    seat: Seat
    used_at: float
    use_stored_at: float
    tried_at: float = 0.0
    models_due: float = 0.0


class OwnAccounts:
    """Seats for those who bring their own account along. `pool`: the accounts whose tokens are refused."""

    def __init__(
        self,
        store: OwnStore,
        providers: Mapping[str, Provider],
        vault: Vault,
        clock: Clock,
        hosts: Hosts,
        background: Background,
        pool: Iterable[Seat] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._hosts = hosts
        self._background = background
        self._books = OwnBooks(store, clock)  # type: ignore[abstract]  # what it does not have does nothing, as inherited
        self.standings = Standings(self._books, clock, background)
        self.learning = Learning(self._books, self.standings, background)
        guarded = {kind: Guarded(provider, pool, vault) for kind, provider in providers.items()}
        self.refreshing = Refreshing(self._books, guarded, self.standings, self.learning, clock)
        self._models = OwnModels(guarded, self.refreshing, self.standings, clock)
        # A roster without accounts: nobody's but those that run out are looked at, and they when they are used.
        self._allowances = Allowances(Roster(hosts), self._books, guarded, self.refreshing, self.standings, clock, background)
        self._sign_in = SignIn(self.refreshing)
        self._known: OrderedDict[str, Own] = OrderedDict()  # least lately used first
        self._refusals: OrderedDict[str, tuple[Refusal, float]] = OrderedDict()
        self._waking: dict[str, asyncio.Task[Seat | Refusal]] = {}
        self._first = asyncio.Semaphore(FIRST_AT_A_TIME)

    def __len__(self) -> int:
        """Accounts in memory."""
        return len(self._known)

    def find(self, account_id: str) -> Seat | None:
        """The account's seat, if it is in memory."""
        own = self._known.get(account_id)
        return own.seat if own is not None else None

    def seat(self, token: OwnToken) -> Soon[Seat | Refusal]:
        """The account of the token, with a bearer as far as one can be had: at once if it is in use."""
        now = self._clock.now()
        own = self._known.get(token.account_id)
        if own is not None and own.seat.standing.status not in LOST and own.seat.ready(now):
            return self._used(own, now)
        refusal, until = self._refusals.get(token.account_id, (BUSY, 0.0))
        return _counted(refusal) if now < until else self._woken(token)

    def present(self, account_id: str) -> Seat | Refusal:
        """The account of a caller whom it serves already: without its token it cannot be woken."""
        own = self._known.get(account_id)
        if own is None or own.seat.standing.status in LOST:
            return own_refusals.AWAY
        return self._used(own, self._clock.now())

    def tend(self) -> None:
        """The background's visit to all that have something to be visited for."""
        for own in self._known.values():
            if own.seat.candidate.breakers or own.seat.ceiling is not None:
                self.standings.tend(own.seat)

    def look(self, seat: Seat) -> None:
        """Ask what an account that runs out, or did once, has left; its caller may come back for that."""
        known = seat.allowance
        if known is None and seat.standing.status is not Status.EXHAUSTED:
            return
        now = self._clock.now()
        if now >= self._allowances.due(seat) and (known is None or now >= known.checked_at + LOOK_EVERY):
            self._background.spawn(self._allowances.tend(seat), "look at allowance of own account")

    async def prune(self, now: float) -> int:
        """Delete accounts that nobody used for 30 days, how many; those not used for an hour leave memory.
        What could not be stored yet is tried again.
        """
        for account_id, own in tuple(self._known.items()):
            if self.refreshing.owes(account_id):
                await self._save(own.seat)
            elif now - own.used_at >= IDLE and self._free(account_id, own, now):
                self._forget(account_id)
        for account_id, (_, until) in tuple(self._refusals.items()):
            if until <= now:
                del self._refusals[account_id]
        return await self._store.prune(int(now) - LIFE)

    async def close(self) -> None:
        """Let trades that are under way reach the database."""
        waking = tuple(self._waking.values())
        for task in waking:
            task.cancel()
        await asyncio.gather(*waking, return_exceptions=True)
        await self.refreshing.close()

    async def _woken(self, token: OwnToken) -> Seat | Refusal:
        """Wake the account, or wait for whoever does."""
        account_id = token.account_id
        waking = self._waking.get(account_id)
        if waking is None:
            if len(self._waking) >= MOST_WAITING:
                return BUSY
            waking = self._waking[account_id] = asyncio.create_task(self._wake(token), name=f"wake {account_id}")
            waking.add_done_callback(lambda done: self._awake(account_id, done))
        # A caller that goes away must not end it for the others.
        return _counted(await asyncio.shield(waking))

    def _awake(self, account_id: str, done: "asyncio.Task[Seat | Refusal]") -> None:
        self._waking.pop(account_id, None)
        if not done.cancelled():
            done.exception()  # all callers may have gone

    async def _wake(self, token: OwnToken) -> Seat | Refusal:
        """From memory, else from the database, else as new."""
        own = self._known.get(token.account_id)
        if own is not None:
            lost = self._still_lost(own, self._clock.now())
            if lost is not None:
                return lost
            # What another process renewed is not renewed again: a token that is traded twice may end the sign-in.
            await self.refreshing.catch_up(own.seat)
            return await self._again(own, token)
        row = await self._store.find(token.account_id)
        if row is not None:
            return await self._again(self._know(self._seated(row), row.used_at), token)
        async with self._first:
            return await self._first_time(token)

    async def _first_time(self, token: OwnToken) -> Seat | Refusal:
        """Nobody knows the token: it is stored with what it is traded for, or not at all."""
        credentials = Credentials(refresh_token=token.token)
        seat = self._seated(OwnRow(token.account_id, credentials, machine_id("", credentials)))
        try:
            await self._sign_in.renew(seat, token)
        except ProviderError as error:
            if not self.refreshing.owes(token.account_id):
                return self._refused(token.account_id, error)
            # What it was traded for could not be stored, and is all that is left of the sign-in.
        now = self._clock.now()
        return self._used(self._know(seat, now), now)

    async def _again(self, own: Own, token: OwnToken) -> Seat | Refusal:
        """An account that worked before."""
        try:
            await self._sign_in.renew(own.seat, token)
        except ProviderError as error:
            if isinstance(error, GrantRejected) or own.seat.standing.status in LOST:
                return own_refusals.judged(error)[0]
            # It rests: how it stands says why and until when.
        return self._used(own, self._clock.now())

    def _still_lost(self, own: Own, now: float) -> Refusal | None:
        """Why an account that was lost is not tried again yet. No administrator brings it back, so
        it is tried now and then.
        """
        seat = own.seat
        seat.recover(now)
        standing = seat.standing
        if standing.status is Status.SUSPENDED:
            if not standing.until:
                seat.stand(Standing(standing.status, standing.reason, int(now + SUSPENDED_FOR)))
            return own_refusals.suspended(standing.reason)
        if standing.status is Status.NEEDS_LOGIN:
            if now < own.tried_at + DEAD_FOR:
                return own_refusals.dead(standing.reason)
            own.tried_at = now
        return None

    def _used(self, own: Own, now: float) -> Seat:
        """Take note of a use, and see to what is due."""
        own.used_at = now
        self._known.move_to_end(own.seat.account.id)
        if now >= own.use_stored_at + USE_STORED_EVERY:
            own.use_stored_at = now
            self._background.spawn(self._store.touch(own.seat.account.id, int(now)), "store use of own account")
        if now >= own.models_due and own.seat.ready(now):
            own.models_due = now + STALE_AFTER
            self._background.spawn(self._fetch_models(own), "fetch models of own account")
        self.look(own.seat)
        return own.seat

    async def _fetch_models(self, own: Own) -> None:
        own.models_due = await self._models.fetch(own.seat)

    def _seated(self, row: OwnRow) -> Seat:
        account = Account(row.account_id, KIND, OWN_NAME, AuthMethod.SOCIAL, profile_arn=row.profile_arn, machine_id=row.machine_id)
        self._books.machines[row.account_id] = row.machine_id
        # A roster of its own: a seat as the pool has them, in nobody's pool.
        return Roster(self._hosts).add(StoredAccount(account, row.credentials))

    async def _save(self, seat: Seat) -> None:
        try:
            await self.refreshing.save(seat)
        except ProviderError as error:
            log.warning("tokens still wait to be stored account=%s reason=%s", seat.account.id, error.message)

    def _know(self, seat: Seat, use_stored_at: float) -> Own:
        """Keep the seat. When memory is full, the least lately used that nothing hangs on leaves it."""
        now = self._clock.now()
        own = self._known[seat.account.id] = Own(seat, now, use_stored_at)
        if len(self._known) > MOST_SEATS:
            free = (name for name, old in self._known.items() if now - old.used_at >= IN_HAND and self._free(name, old, now))
            if (name := next(free, None)) is not None:
                self._forget(name)
        return own

    def _free(self, account_id: str, own: Own, now: float) -> bool:
        """Whether it may leave memory: no request is served by it, and all it has is stored."""
        serves = own.seat.candidate.in_flight and now - own.used_at < LONGEST_REQUEST
        return not (serves or account_id in self._waking or self.refreshing.owes(account_id))

    def _forget(self, account_id: str) -> None:
        del self._known[account_id]
        self._release(account_id)

    def _release(self, account_id: str) -> None:
        """Keep nothing of the account."""
        self.refreshing.forgive(account_id)
        self._books.machines.pop(account_id, None)

    def _refused(self, account_id: str, error: ProviderError) -> Refusal:
        """The refusal of a token that never worked, remembered so that each request does not cost a call."""
        self._release(account_id)
        refusal, seconds = own_refusals.judged(error)
        self._refusals[account_id] = refusal, self._clock.now() + seconds
        self._refusals.move_to_end(account_id)
        if len(self._refusals) > MOST_REFUSALS:
            self._refusals.popitem(last=False)
        log.info("own account refused id=%s reason=%s", account_id, error.message)
        return refusal


def _counted(said: Seat | Refusal) -> Seat | Refusal:
    if isinstance(said, Refusal) and said.reason is Reason.UNAUTHENTICATED:
        metrics.UNAUTHENTICATED.labels("own_account").inc()
    return said
