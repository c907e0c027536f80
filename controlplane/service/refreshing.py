"""Access tokens: one refresher at a time for each account, and no rotated token is ever lost. A nonce is one too,
which is had for nothing: it is not traded, nobody can lose the right to it, and so no failure ends it.

Order of a refresh: the provider answers; the rotated refresh token is committed; only then the
access token is used. Should the commit fail, what the provider gave is kept and stored before the
provider is asked again, because the old refresh token may be dead already. A commit whose reply was
lost looks as if somebody else had been faster; what is stored tells the two apart.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from controlplane.domain.account import Account, AuthMethod, Credentials, Status
from controlplane.domain.errors import (
    AccessRejected,
    AccountSuspended,
    CallForbidden,
    GrantRejected,
    Overtaken,
    ProviderError,
    ProviderUnavailable,
)
from controlplane.policy import refresh
from controlplane.policy.cooldown import Rest, Scope
from controlplane.service.learning import Learning
from controlplane.service.ports import AccountStore, Clock, Provider
from controlplane.service.roster import Seat
from controlplane.service.standing import Standings
from controlplane.service.trade import Trade

log = logging.getLogger(__name__)
T = TypeVar("T")

# A refresh that an administrator's change overtook is followed by one for the new credentials.
ROUNDS = 3
UNRENEWED = "its token could not be renewed"


@dataclass(slots=True)
class _Setback:
    """The last failure of an account's refresh that may pass. `until`: nobody asks before."""

    error: ProviderError
    until: float
    strikes: int


class Refreshing:
    """Fresh bearers for accounts."""

    def __init__(
        self,
        store: AccountStore,
        providers: Mapping[str, Provider],
        standings: Standings,
        learning: Learning,
        clock: Clock,
    ) -> None:
        self._store = store
        self._providers = providers
        self._standings = standings
        self._learning = learning
        self._clock = clock
        self._flights: dict[str, asyncio.Task[None]] = {}
        self._setbacks: dict[str, _Setback] = {}
        self._unsaved: dict[str, Trade] = {}
        # Told of the end of each refresh, good or bad.
        self.ended: Callable[[Seat, ProviderError | None], None] = lambda _seat, _error: None
        # Who has the account's place by now: one that was removed and restored has another seat, a removed one none.
        self.seated: Callable[[Seat], Seat | None] = lambda seat: seat
        # Told of credentials that came for an account that was removed meanwhile.
        self.orphaned: Callable[[str, Credentials], None] = lambda _account_id, _credentials: None

    async def bearer(self, seat: Seat, refused: str | None = None) -> str:
        """A bearer that works as far as is known and is not `refused`; empty for an endpoint that wants none.
        Raises ProviderError.
        """
        for tried in range(ROUNDS):
            credentials = seat.credentials
            # What was renewed a moment ago is not renewed again, however short its life.
            good = seat.ready(self._clock.now()) or (tried and self._still_good(credentials))
            if credentials.bearer != refused and good:
                return credentials.bearer
            try:
                await self.refresh(seat)
            except (ProviderUnavailable, AccessRejected, CallForbidden):
                # A token that still works is better than none.
                if credentials.access_token == refused or not self._still_good(credentials):
                    raise
                return credentials.access_token
            if refused and seat.credentials.bearer == refused:
                raise self._unmoved(seat)
        raise ProviderUnavailable("the account's credentials keep changing")

    async def presented(self, seat: Seat, call: Callable[[Account, str], Awaitable[T]]) -> T:
        """What the provider answers to a call with the account's bearer; a refused one is renewed once, and
        a suspension takes the account out. Raises ProviderError, and Overtaken for an answer, good or bad, to an
        account that is another by now.
        """
        era = seat.era
        try:
            bearer = await self.bearer(seat)
            try:
                answer = await call(seat.served, bearer)
            except AccessRejected:
                _same(seat, era)
                answer = await call(seat.served, await self.bearer(seat, refused=bearer))
        except ProviderError as error:
            _same(seat, era)
            if isinstance(error, AccountSuspended):
                self._standings.put(seat, Status.SUSPENDED, error.message)
            raise
        _same(seat, era)
        return answer

    async def refresh(self, seat: Seat, *, patient: bool = True) -> None:
        """Trade the refresh token now, or fetch a nonce, or join whoever does already. After a failure that may
        pass, a `patient` caller is told the same again until the back-off has ended.

        Raises ProviderError.
        """
        account_id = seat.account.id
        flight = self._flights.get(account_id)
        if flight is None:
            error = self._told_off(account_id, self._clock.now())
            if patient and error is not None:
                raise error
            flight = asyncio.create_task(self._fly(self.seated(seat) or seat), name=f"refresh {account_id}")
            self._flights[account_id] = flight
            flight.add_done_callback(lambda done: self._landed(account_id, done))
        # A caller that goes away must not end it for the others.
        await asyncio.shield(flight)
        seat.take((self.seated(seat) or seat).credentials)

    async def landed(self, account_id: str) -> None:
        """Wait until no trade is under way for the account, whatever comes of it."""
        flight = self._flights.get(account_id)
        if flight is not None:
            await asyncio.wait((flight,))

    async def save(self, seat: Seat) -> None:
        """Wait for a trade that is under way, and store what one brought that could not be stored yet.

        Raises ProviderUnavailable.
        """
        await self.landed(seat.account.id)
        kept = self._unsaved.get(seat.account.id)
        if kept is not None:
            await self._keep(seat, kept)

    async def catch_up(self, seat: Seat) -> None:
        """Use what is stored, if it is newer than what is in use."""
        stored = await self._store.credentials(seat.account.id)
        if stored is not None:
            seat.take(stored)

    def forgive(self, account_id: str) -> None:
        """Something about the sign-in was corrected: old failures mean nothing."""
        self._setbacks.pop(account_id, None)

    def forget(self, account_id: str) -> None:
        """The sign-in was replaced: neither failures nor tokens of the old one mean anything."""
        self.forgive(account_id)
        self._unsaved.pop(account_id, None)

    def retire(self, seat: Seat) -> None:
        """The account was removed; what a trade brought that could not be stored is in its seat."""
        kept = self._unsaved.get(seat.account.id)
        if kept is not None:
            self._hand_over(seat, kept)
        self.forget(seat.account.id)

    def owes(self, account_id: str) -> bool:
        """Whether tokens of the account are under way, or could not be stored yet."""
        return account_id in self._flights or account_id in self._unsaved

    async def close(self) -> None:
        """Let trades that are under way reach the database: their tokens are in nobody's else hands."""
        if self._flights:
            await asyncio.wait(tuple(self._flights.values()), timeout=10)

    async def tend(self, seat: Seat) -> bool | None:
        """The background's visit: renew what is due. Failures are in the account's state and the log. False when
        the provider could not be had, None when there was nothing to ask it.
        """
        credentials, now = seat.credentials, self._clock.now()
        if not seat.renewable or seat.account.disabled or seat.standing.status in LOST:
            return None
        # What a page tells beside its nonce is stored nowhere: after a start it is looked at again.
        unread = seat.learned is None and seat.account.auth_method is AuthMethod.NONCE
        due = unread or refresh.due(credentials.expires_at, now, seat.chance)
        if not due or self._told_off(seat.account.id, now) is not None:
            return None
        try:
            await self.refresh(seat)
        except ProviderError as error:
            log.warning("refresh failed account=%s reason=%s", seat.account.id, error.message)
            return not isinstance(error, ProviderUnavailable)
        return True

    def _told_off(self, account_id: str, now: float) -> ProviderError | None:
        """The last failure, while its back-off lasts."""
        setback = self._setbacks.get(account_id)
        return setback.error if setback is not None and now < setback.until else None

    def _still_good(self, credentials: Credentials) -> bool:
        return bool(credentials.access_token) and refresh.usable(credentials.expires_at, self._clock.now())

    def _landed(self, account_id: str, flight: asyncio.Task[None]) -> None:
        self._flights.pop(account_id, None)
        if not flight.cancelled():
            flight.exception()  # all callers may have gone; it is logged and remembered elsewhere

    async def _fly(self, seat: Seat) -> None:
        started = seat.credentials
        try:
            if not seat.renewable:
                raise GrantRejected(_lost(seat))
            trade = await self._trade(seat, started)
            if await self._keep(seat, trade):
                self._setbacks.pop(seat.account.id, None)
                self._standings.lift(seat, UNRENEWED)
                self.ended(seat, None)
                await self._find_profile(seat, trade.profile_arn)
        except ProviderError as error:
            # What an administrator put in its place meanwhile is not to blame for the old one.
            if seat.credentials.version == started.version:
                self._set_back(seat, error)
                self.ended(seat, error)
                raise

    async def _trade(self, seat: Seat, started: Credentials) -> Trade:
        """A trade, from the provider or from an earlier trade that could not be stored."""
        kept = self._unsaved.get(seat.account.id)
        if kept is not None:
            return kept
        served = seat.served
        tokens = await self._providers[seat.account.kind].refresh(served, started)
        after = replace(
            started,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or started.refresh_token,
            expires_at=int(self._clock.now()) + refresh.life(tokens.expires_in),
            version=started.version + 1,
        )
        trade = Trade(started, after, tokens.profile_arn, tokens.attributes, served.base_url)
        self._unsaved[seat.account.id] = trade
        return trade

    async def _keep(self, seat: Seat, trade: Trade) -> bool:
        """Commit, then use. False when another sign-in has taken the place of the one that was traded, or it is a
        nonce of a site that the account has left.
        """
        if seat.account.auth_method is AuthMethod.NONCE and trade.base_url != seat.account.base_url:
            self._unsaved.pop(seat.account.id, None)
            return False
        stored = await self._stored(seat, trade)
        self._unsaved.pop(seat.account.id, None)
        if stored is None:
            self._hand_over(seat, trade)
        for one in (seat, self.seated(seat) or seat):
            if stored is not None:
                one.take(stored)
            if one.credentials.access_token == trade.after.access_token:
                one.learn(trade.attributes)
        if seat.credentials.refresh_token == trade.after.refresh_token:
            return True
        log.info("late refresh dropped account=%s", seat.account.id)
        return False

    async def _stored(self, seat: Seat, trade: Trade) -> Credentials | None:
        """What is stored after the trade, None when the account is gone. One that was restored just when it was found to be
        gone is there again.
        """
        try:
            stored = await self._commit(seat.account.id, trade)
            if stored is None and (self.seated(seat) or seat) is not seat:
                stored = await self._commit(seat.account.id, trade)
        except Exception as error:
            log.exception("tokens could not be stored account=%s", seat.account.id)
            if self.seated(seat) is None:
                self._hand_over(seat, trade)
            raise ProviderUnavailable("the new tokens could not be stored") from error
        if stored is not None and self.seated(seat) is None:
            self.orphaned(seat.account.id, stored)
        return stored

    def _hand_over(self, seat: Seat, trade: Trade) -> None:
        """Let the seat of an account that is gone, or going, have what the trade brought, and who keeps it for a while."""
        self._unsaved.pop(seat.account.id, None)
        if seat.credentials.refresh_token == trade.before.refresh_token:
            seat.take(trade.after)
            self.orphaned(seat.account.id, trade.after)

    async def _commit(self, account_id: str, trade: Trade) -> Credentials | None:
        """Store what the trade brought; what is stored in the end, None when the account is gone."""
        wanted = trade.after
        for _ in range(ROUNDS):
            if await self._store.replace(account_id, wanted, wanted.version - 1):
                return wanted
            stored = await self._store.credentials(account_id)
            if stored is None or stored.refresh_token != trade.before.refresh_token or not trade.rotated:
                return stored
            wanted = trade.onto(stored)
        raise ProviderUnavailable("the account's credentials keep changing")

    async def _find_profile(self, seat: Seat, found: str) -> None:
        """Learn the account's profile if it has none stored (Kiro rules E04): from the refresh, else
        for IdC from the list. A failure is no harm: the family's public default stands in.
        """
        if seat.account.profile_arn:
            return
        if not found and seat.account.auth_method is AuthMethod.IDC:
            try:
                found = next(iter(await self._providers[seat.account.kind].profiles(seat.account, seat.credentials.access_token)), "")
            except ProviderError as error:
                log.info("no profile list account=%s reason=%s", seat.account.id, error.message)
        await self._learning.keep_profile(seat, found)

    def _unmoved(self, seat: Seat) -> ProviderError:
        """What was renewed is what is refused, as nonces stay the same for hours: asking at once again is no use."""
        error = ProviderUnavailable("the upstream gives again what it refuses")
        until = self._set_back(seat, error)
        self._standings.rest(seat, Rest(Status.COOLING, UNRENEWED, Scope.ACCOUNT, until))
        return error

    def _set_back(self, seat: Seat, error: ProviderError) -> float:
        """Remember a failure, and until when: epoch seconds. The dead-grant wording and repeated refusals take the
        account out, unless there is nothing that an administrator could sign in with.
        """
        last = self._setbacks.get(seat.account.id)
        strikes = (last.strikes if last else 0) + isinstance(error, AccessRejected)
        if isinstance(error, AccountSuspended):
            self._standings.put(seat, Status.SUSPENDED, error.message)
        elif seat.account.auth_method is not AuthMethod.NONCE and _final(error, strikes):
            self._standings.put(seat, Status.NEEDS_LOGIN, error.message)
        asked = error.retry_after if isinstance(error, ProviderUnavailable) else None
        until = self._clock.now() + refresh.backoff(asked)
        self._setbacks[seat.account.id] = _Setback(error, until, strikes)
        if not self._still_good(seat.credentials):
            self._standings.rest(seat, Rest(Status.COOLING, UNRENEWED, Scope.ACCOUNT, until))
        return until


def _same(seat: Seat, era: int) -> None:
    """Raises Overtaken when what was asked was asked in another era."""
    if seat.era != era:
        raise Overtaken("the account was changed while its upstream was asked; ask again")


def _final(error: ProviderError, strikes: int) -> bool:
    """Whether only a new sign-in helps, after so many refusals."""
    return isinstance(error, GrantRejected) or (isinstance(error, AccessRejected) and strikes >= refresh.STRIKES)


def _lost(seat: Seat) -> str:
    """Why there is nothing to renew."""
    if seat.account.auth_method is AuthMethod.NONE:
        return "the upstream wants an API key"
    return "the upstream refuses its API key" if seat.fixed else "it has no refresh token"


# Only an administrator can help these.
LOST = frozenset({Status.NEEDS_LOGIN, Status.SUSPENDED})
