"""What an administrator does with accounts. The database is written first, then the roster."""

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from controlplane.domain.account import Account, AccountBrief, AccountDraft, AccountView, Allowance, Credentials, Status
from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.kinds import KINDS
from controlplane.policy import polling
from controlplane.policy.families import machine_id
from controlplane.service import drafts
from controlplane.service.allowances import Allowances
from controlplane.service.background import Background
from controlplane.service.catalogue import Catalogue
from controlplane.service.ports import AccountStore, Clock, Provider, StoredAccount
from controlplane.service.records import Records
from controlplane.service.refreshing import Refreshing
from controlplane.service.removed import RemovedAccount, RemovedAccounts
from controlplane.service.roster import Roster, Seat
from controlplane.service.standing import Standings
from controlplane.service.views import brief, view

LABELLED = "another account has this label"
SLICE = 50  # accounts that are looked at in one go
TRIES = 5  # to overtake a refresh; each is waited for
# An account before and after a change, both seen while nobody else could change it.
Changed = tuple[AccountView, AccountView]


class Accounts:
    """Create, read, change, remove accounts. Reads come from memory and never wait."""

    def __init__(
        self,
        roster: Roster,
        store: AccountStore,
        providers: Mapping[str, Provider],
        care: "Care",
        records: Records,
        clock: Clock,
        allowances: Allowances,
    ) -> None:
        self._roster = roster
        self._store = store
        self._providers = providers
        self._care = care
        self._records = records
        self._clock = clock
        self._allowances = allowances
        # One change at a time: what was checked still holds when it is written.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Fill the roster at the start. Raises SealBroken when stored secrets cannot be read."""
        for stored in await self._store.load():
            self._roster.add(stored)
        self._roster.changed()

    def list(self) -> Sequence[AccountView]:
        """All accounts, oldest first."""
        return [self._view(seat) for seat in self._roster]

    async def listed(self) -> Sequence[AccountView]:
        """The same, a few at a time: others come in between."""
        found = []
        for place, seat in enumerate(self._roster, 1):
            found.append(self._view(seat))
            if place % SLICE == 0:
                await asyncio.sleep(0)
        return found

    def briefs(self) -> Sequence[AccountBrief]:
        """How all accounts stand, oldest first."""
        now = self._clock.now()
        return [brief(seat, now) for seat in self._roster]

    def get(self, account_id: str) -> AccountView:
        """Raises Absent."""
        return self._view(self._roster.seat(account_id))

    def check_label(self, label: str) -> None:
        """See whether a new account may be called so. Raises Invalid, Duplicate."""
        drafts.check_label(label)
        if label.lower() in self._labels():
            raise Duplicate(LABELLED, "label")
        self._check_routes(label)

    async def create(self, draft: AccountDraft) -> AccountView:
        """Store a new account; its first refresh and model list follow in the background.

        Raises Invalid, and Duplicate when the label, refresh token or API key belongs to an account already.
        """
        drafts.fit(draft.kind, drafts.given(draft), self._providers)
        async with self._changing:
            account, credentials = drafts.drawn(draft, f"acc_{secrets.token_hex(8)}", int(self._clock.now()), self._labels())
            self._check(account, credentials)
            await self._store.add(account, credentials)
            seat = self._roster.add(StoredAccount(account, credentials))
            self._roster.changed()
        self._care.visit(seat)
        return self._view(seat)

    async def update(self, account_id: str, changes: Mapping[str, Any]) -> Changed:
        """Change the fields of AccountDraft named in `changes` (not `kind`). New credentials are a new
        sign-in: an access token that came with the old ones is dropped, and how the account signs in is
        told anew unless `changes` says it. The account before and after.

        Raises Absent, Invalid, Duplicate, and ProviderUnavailable when a token of the old sign-in that
        must not be lost cannot be stored.
        """
        async with self._changing:
            seat = self._roster.seat(account_id)
            before = self._view(seat)
            return before, await self._update(seat, changes)

    async def _update(self, seat: Seat, changes: Mapping[str, Any]) -> AccountView:
        if changes.get("kind", seat.account.kind) != seat.account.kind:
            raise Invalid("the kind of an account cannot be changed", "kind")
        drafts.fit(seat.account.kind, changes, self._providers)
        changes, before = drafts.unmasked(seat, changes), seat.account
        secrets = drafts.secrets(seat, changes)
        if secrets:
            account = await self._sign_in(seat, changes, secrets)
        else:
            account, _ = self._drawn(seat, changes, secrets)
            await self._store.save(account)
        seat.account = account
        if account.base_url != before.base_url:
            seat.learned = None
        seat.settle()
        again = seat.standing.status is Status.NEEDS_LOGIN and drafts.vouches(changes)
        other = bool(secrets) or again or _way(account) != _way(before)
        asked_anew = other or _list(account) != _list(before)
        if asked_anew:
            seat.turn(self._clock.now())
        self._roster.changed()
        if other:
            # What was held against the old sign-in or the old address says nothing about the new one.
            await self._care.standings.restore(seat)
        if asked_anew:
            self._care.revisit(seat)
        return self._view(seat)

    async def remove(self, account_id: str) -> AccountView:
        """The account that is no more. Raises Absent. Requests that are under way end as they will; so does a refresh, whose
        tokens are kept for a restoration.
        """
        async with self._changing:
            seat = self._roster.seat(account_id)
            before = self._view(seat)
            past = await self._store.remove(account_id)
            self._care.refreshing.retire(seat)
            self._care.removed.keep(seat, past)
            self._roster.remove(account_id)
            self._roster.changed()
            return before

    async def restore(self, account_id: str) -> AccountView:
        """Undo the removal of a moment ago: the account is what it was, under its id. Raises Absent, and Duplicate when
        its label or its sign-in belongs to another one by now.
        """
        async with self._changing:
            kept = self._care.removed.find(account_id)
            seat = self._roster.add(await self._returned(kept))
            seat.readings.extend(kept.past.readings)
            self._care.removed.forget(account_id)
            self._roster.changed()
        self._care.welcome(seat)
        return self._view(seat)

    async def _returned(self, kept: RemovedAccount) -> StoredAccount:
        """Store it again, with what a trade that ends meanwhile may bring. Raises Duplicate."""
        removed = self._care.removed
        stored = removed.stored(kept)
        self._check(stored.account, stored.credentials)
        await self._store.add(stored.account, stored.credentials, kept.past)
        newest = removed.stored(kept)
        if newest.credentials != stored.credentials:
            await self._store.replace(stored.account.id, newest.credentials, stored.credentials.version)
        return newest

    async def enable(self, account_id: str) -> Changed:
        """Put it back into the pool and forget why it was out. The account before and after. Raises Absent."""
        async with self._changing:
            seat = self._roster.seat(account_id)
            before = self._view(seat)
            await self._switch(seat, disabled=False)
            await self._care.standings.restore(seat)
            self._care.visit(seat)
            return before, self._view(seat)

    async def disable(self, account_id: str) -> Changed:
        """The account before and after. Raises Absent."""
        async with self._changing:
            seat = self._roster.seat(account_id)
            before = self._view(seat)
            await self._switch(seat, disabled=True)
            return before, self._view(seat)

    async def refresh(self, account_id: str) -> AccountView:
        """Renew its token now. Raises Absent, ProviderError, Invalid where there is none to renew; the account's
        status follows.
        """
        seat = self._roster.seat(account_id)
        if seat.fixed:
            raise Invalid(f"an account that signs in by {seat.account.auth_method} has no token to renew", "authMethod")
        await self._care.refreshing.refresh(seat, patient=False)
        if seat.standing.status is Status.NEEDS_LOGIN:
            await self._care.standings.restore(seat)
        return self._view(seat)

    async def verify(self, account_id: str) -> AccountView:
        """Ask the provider whether the account works (token, allowance where it has one, models) and set its status
        by the answer: one that was suspended or exhausted returns to the pool. Raises Absent, ProviderError.
        """
        seat = self._roster.seat(account_id)
        spent = await self._asked(seat)
        await self._care.catalogue.fetch(seat)
        if not spent:
            await self._care.standings.restore(seat)
        return self._view(seat)

    async def allowance(self, account_id: str) -> Allowance:
        """What the upstream says is left, asked now. Raises Absent, also where the kind tells no such thing, and
        ProviderError; the account's status follows.
        """
        seat = self._roster.seat(account_id)
        if not KINDS[seat.account.kind].allowance:
            raise Absent(f"accounts of kind {seat.account.kind} have no allowance that could be asked for")
        return await self._allowances.ask(seat)

    async def _asked(self, seat: Seat) -> bool:
        """Ask what proves the account's sign-in, but for the model list; whether its allowance is spent."""
        if KINDS[seat.account.kind].allowance:
            return polling.spent(await self._allowances.ask(seat))
        if seat.renewable:
            await self._care.refreshing.refresh(seat, patient=False)
        return False

    async def _sign_in(self, seat: Seat, changes: Mapping[str, Any], secrets: Mapping[str, Any]) -> Account:
        """Store an administrator's credentials with their record, which is returned. What is not
        changed stays as it is by then: unless the refresh token is replaced too, a refresh that rotates
        it is waited for. One that begins after that finds what was stored, and adds its token.
        """
        refreshing = self._care.refreshing
        whole = "refresh_token" in secrets
        for _ in range(TRIES):
            if not whole:
                await refreshing.save(seat)
            account, credentials = self._drawn(seat, changes, secrets)
            version = seat.credentials.version
            newer = replace(credentials, version=version + 1)
            if await self._store.replace(account.id, newer, version, account):
                break
            await refreshing.catch_up(seat)
        else:
            raise Duplicate("the account is being changed elsewhere; try again")
        seat.take(newer)
        (refreshing.forget if whole else refreshing.forgive)(account.id)
        return account

    def _drawn(self, seat: Seat, changes: Mapping[str, Any], secrets: Mapping[str, Any]) -> tuple[Account, Credentials]:
        """What the changes make of the account as it is now. Raises Invalid, Duplicate."""
        draft = drafts.changed(seat, changes, secrets)
        account, credentials = drafts.drawn(draft, seat.account.id, seat.account.created_at, self._labels(seat))
        self._check(account, credentials)
        return account, credentials

    async def _switch(self, seat: Seat, *, disabled: bool) -> None:
        account = replace(seat.account, disabled=disabled)
        await self._store.save(account)
        seat.account = account
        seat.settle()
        self._roster.changed()

    def _check(self, account: Account, credentials: Credentials) -> None:
        """Raises Invalid or Duplicate. A refresh token that has rotated since is known by the machine
        that was derived from it.
        """
        first_machine, relabelled = machine_id("", credentials), True
        drafts.check(account, credentials)
        for seat in self._roster:
            if seat.account.id == account.id:
                relabelled = seat.account.label.lower() != account.label.lower()
                continue
            if seat.account.label.lower() == account.label.lower():
                raise Duplicate(LABELLED, "label")
            if credentials.refresh_token and (
                credentials.refresh_token == seat.credentials.refresh_token or first_machine == seat.account.machine_id
            ):
                raise Duplicate(f"this refresh token belongs to the account {seat.account.label} already", "refreshToken")
            if credentials.api_key and credentials.api_key == seat.credentials.api_key and _place(account) == _place(seat.account):
                raise Duplicate(f"this API key belongs to the account {seat.account.label} already", "apiKey")
        if relabelled:
            self._check_routes(account.label)

    def _check_routes(self, label: str) -> None:
        if self._care.catalogue.claimed(label):
            raise Duplicate("a route's name begins with this label and a slash", "label")

    def _labels(self, but: Seat | None = None) -> Collection[str]:
        """The labels of all accounts, or of all others, lower case."""
        return {seat.account.label.lower() for seat in self._roster if seat is not but}

    def _view(self, seat: Seat) -> AccountView:
        return view(seat, self._records.account_counters(seat.account.id), self._clock.now())


class Care:
    """What accounts need from time to time: tokens, then the model list; and a while after they were removed."""

    def __init__(
        self, refreshing: Refreshing, catalogue: Catalogue, standings: Standings, background: Background, removed: RemovedAccounts
    ) -> None:
        self.removed = removed
        self.refreshing = refreshing
        self.catalogue = catalogue
        self.standings = standings
        self._background = background

    def visit(self, seat: Seat) -> None:
        """Tend one account in the background, now."""
        self._background.spawn(self.tend(seat), f"tend {seat.account.id}")

    def welcome(self, seat: Seat) -> None:
        """Tend one that is back from its removal; what is known of it is stored again."""
        self.standings.told(seat)
        self.catalogue.doubt(seat)
        self.visit(seat)

    def revisit(self, seat: Seat) -> None:
        """Tend an account that is not what it was: what its upstream said before means nothing."""
        self.refreshing.forgive(seat.account.id)
        self.catalogue.doubt(seat)
        self.visit(seat)

    async def tend(self, seat: Seat) -> None:
        """Renew what is due, fetch what is stale, let go of what has had its time."""
        self.standings.tend(seat)
        await self.refreshing.tend(seat)
        await self.catalogue.tend(seat)


def _place(account: Account) -> tuple[str, str]:
    """What its API key is for: the same one may open two endpoints."""
    return account.kind, account.base_url


def _list(account: Account) -> Sequence[str]:
    """What of its record decides how its upstream is asked what it offers."""
    return account.models if KINDS[account.kind].open_list else ()


def _way(account: Account) -> tuple[str, str]:
    """Where its requests go, and through what."""
    return account.base_url, account.proxy_url
