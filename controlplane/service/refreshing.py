"""Access tokens: one refresher at a time for each account, and no rotated token is ever lost.

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
from controlplane.domain.errors import AccessRejected, AccountSuspended, GrantRejected, ProviderError, ProviderUnavailable
from controlplane.policy import refresh
from controlplane.policy.cooldown import Rest, Scope
from controlplane.service.learning import Learning
from controlplane.service.ports import AccountStore, Clock, Provider
from controlplane.service.roster import Seat
from controlplane.service.standing import Standings

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


@dataclass(frozen=True, slots=True)
class _Trade:
    """What the provider was shown, and what it gave for that."""

    before: Credentials
    after: Credentials
    profile_arn: str

    @property
    def rotated(self) -> bool:
        return self.after.refresh_token != self.before.refresh_token

    def onto(self, stored: Credentials) -> Credentials:
        """What an administrator changed meanwhile about the same sign-in, with what the trade renewed."""
        given = stored.access_token not in ("", self.before.access_token)
        token = stored if given else self.after
        return replace(
            stored,
            refresh_token=self.after.refresh_token,
            access_token=token.access_token,
            expires_at=token.expires_at,
            version=stored.version + 1,
        )


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
        self._unsaved: dict[str, _Trade] = {}

    async def bearer(self, seat: Seat, refused: str = "") -> str:
        """A bearer that works as far as is known and is not `refused`. Raises ProviderError."""
        for tried in range(ROUNDS):
            credentials = seat.credentials
            # What was renewed a moment ago is not renewed again, however short its life.
            good = seat.ready(self._clock.now()) or (tried and self._still_good(credentials))
            if credentials.bearer != refused and good:
                return credentials.bearer
            try:
                await self.refresh(seat)
            except (ProviderUnavailable, AccessRejected):
                # A token that still works is better than none.
                if credentials.access_token == refused or not self._still_good(credentials):
                    raise
                return credentials.access_token
        raise ProviderUnavailable("the account's credentials keep changing")

    async def presented(self, seat: Seat, call: Callable[[Account, str], Awaitable[T]]) -> T:
        """What the provider answers to a call with the account's bearer; a refused one is renewed once, and
        a suspension takes the account out. Raises ProviderError.
        """
        try:
            bearer = await self.bearer(seat)
            try:
                return await call(seat.served, bearer)
            except AccessRejected:
                return await call(seat.served, await self.bearer(seat, refused=bearer))
        except AccountSuspended as error:
            self._standings.put(seat, Status.SUSPENDED, error.message)
            raise

    async def refresh(self, seat: Seat, *, patient: bool = True) -> None:
        """Trade the refresh token now, or join the trade that is under way. After a failure that may
        pass, a `patient` caller is told the same again until the back-off has ended.

        Raises ProviderError.
        """
        account_id = seat.account.id
        flight = self._flights.get(account_id)
        if flight is None:
            error = self._told_off(account_id, self._clock.now())
            if patient and error is not None:
                raise error
            flight = asyncio.create_task(self._fly(seat), name=f"refresh {account_id}")
            self._flights[account_id] = flight
            flight.add_done_callback(lambda done: self._landed(account_id, done))
        # A caller that goes away must not end it for the others.
        await asyncio.shield(flight)

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
        """The sign-in was replaced or removed: neither failures nor tokens of the old one mean anything."""
        self.forgive(account_id)
        self._unsaved.pop(account_id, None)

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
        if credentials.api_key or not credentials.refresh_token or seat.account.disabled or seat.standing.status in LOST:
            return None
        if not refresh.due(credentials.expires_at, now, seat.chance) or self._told_off(seat.account.id, now) is not None:
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
            if started.api_key:
                raise GrantRejected("the upstream refuses its API key")
            if not started.refresh_token:
                raise GrantRejected("it has no refresh token")
            trade = await self._trade(seat, started)
            if await self._keep(seat, trade):
                self._setbacks.pop(seat.account.id, None)
                self._standings.lift(seat, UNRENEWED)
                await self._find_profile(seat, trade.profile_arn)
        except ProviderError as error:
            # What an administrator put in its place meanwhile is not to blame for the old one.
            if seat.credentials.version == started.version:
                self._set_back(seat, error)
                raise

    async def _trade(self, seat: Seat, started: Credentials) -> _Trade:
        """A trade, from the provider or from an earlier trade that could not be stored."""
        kept = self._unsaved.get(seat.account.id)
        if kept is not None:
            return kept
        tokens = await self._providers[seat.account.kind].refresh(seat.served, started)
        after = replace(
            started,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or started.refresh_token,
            expires_at=int(self._clock.now()) + refresh.life(tokens.expires_in),
            version=started.version + 1,
        )
        trade = _Trade(started, after, tokens.profile_arn)
        self._unsaved[seat.account.id] = trade
        return trade

    async def _keep(self, seat: Seat, trade: _Trade) -> bool:
        """Commit, then use. False when another sign-in has taken the place of the one that was traded."""
        try:
            stored = await self._commit(seat.account.id, trade)
        except Exception as error:
            log.exception("tokens could not be stored account=%s", seat.account.id)
            raise ProviderUnavailable("the new tokens could not be stored") from error
        self._unsaved.pop(seat.account.id, None)
        if stored is not None:
            seat.take(stored)
        if seat.credentials.refresh_token == trade.after.refresh_token:
            return True
        log.info("late refresh dropped account=%s", seat.account.id)
        return False

    async def _commit(self, account_id: str, trade: _Trade) -> Credentials | None:
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

    def _set_back(self, seat: Seat, error: ProviderError) -> None:
        """Remember a failure; the dead-grant wording and repeated refusals take the account out."""
        last = self._setbacks.get(seat.account.id)
        strikes = (last.strikes if last else 0) + isinstance(error, AccessRejected)
        if isinstance(error, AccountSuspended):
            self._standings.put(seat, Status.SUSPENDED, error.message)
        elif isinstance(error, GrantRejected) or (isinstance(error, AccessRejected) and strikes >= refresh.STRIKES):
            self._standings.put(seat, Status.NEEDS_LOGIN, error.message)
        asked = error.retry_after if isinstance(error, ProviderUnavailable) else None
        until = self._clock.now() + refresh.backoff(asked)
        self._setbacks[seat.account.id] = _Setback(error, until, strikes)
        if not self._still_good(seat.credentials):
            self._standings.rest(seat, Rest(Status.COOLING, UNRENEWED, Scope.ACCOUNT, until))


# Only an administrator can help these.
LOST = frozenset({Status.NEEDS_LOGIN, Status.SUSPENDED})
