"""Signing in with a caller's own refresh token, by whatever of it still works."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import replace

from controlplane.domain.account import Account, Allowance, Credentials, Tokens
from controlplane.domain.errors import GrantRejected
from controlplane.domain.lease import OwnToken
from controlplane.domain.model import ModelFacts
from controlplane.service.identity import OWN_DIGEST
from controlplane.service.ports import Provider, Standing, Vault
from controlplane.service.refreshing import LOST, ROUNDS, Refreshing
from controlplane.service.roster import Seat

POOLED = "this token belongs to an account that the gateway manages already; use a key of the gateway, or remove that account"


class Pooled(GrantRejected):
    """The token is one of the pool's: if the caller traded it too, one of the two would be signed out."""


class SignIn:
    """Brings an account to a token that works."""

    def __init__(self, refreshing: Refreshing) -> None:
        self._refreshing = refreshing

    async def renew(self, seat: Seat, token: OwnToken) -> None:
        """See that the seat has a bearer: by its own tokens, else by newer ones that another process
        stored, else by the presented token itself, which may have been renewed at the provider.

        Raises ProviderError.
        """
        for _ in range(ROUNDS):
            try:
                await self._bearer(seat)
            except Pooled:
                raise
            except GrantRejected:
                if not await self._other(seat, token):
                    raise
            else:
                return
        raise GrantRejected("the refresh token is no longer valid; sign in again")

    async def _bearer(self, seat: Seat) -> None:
        if seat.standing.status in LOST:
            # Its bearer is what was refused, whatever its life.
            await self._refreshing.bearer(seat, refused=seat.credentials.bearer)
            seat.stand(Standing())
        else:
            await self._refreshing.bearer(seat)

    async def _other(self, seat: Seat, token: OwnToken) -> bool:
        """Give the seat other credentials than those that are dead; False when there are none."""
        dead = seat.credentials
        await self._refreshing.catch_up(seat)
        if seat.credentials is dead:
            if dead.refresh_token == token.token:
                return False
            # Of the same version: once traded, they take the dead ones' place in the database.
            seat.credentials = replace(dead, refresh_token=token.token, access_token="", expires_at=0)
        self._refreshing.forgive(seat.account.id)
        seat.stand(Standing())
        return True


class Guarded:
    """A provider for own accounts, which trades no token of the pool."""

    def __init__(self, provider: Provider, pool: Iterable[Seat], vault: Vault) -> None:
        self._provider = provider
        self._pool = pool
        self._vault = vault

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:
        """Trade the refresh token. Raises Pooled, and what the provider raises."""
        if self._pooled(account, credentials.refresh_token):
            raise Pooled(POOLED)
        return await self._provider.refresh(account, credentials)

    async def profiles(self, account: Account, bearer: str) -> Sequence[str]:
        return await self._provider.profiles(account, bearer)

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:
        return await self._provider.models(account, bearer)

    async def allowance(self, account: Account, bearer: str) -> Allowance:
        return await self._provider.allowance(account, bearer)

    def _pooled(self, account: Account, token: str) -> bool:
        """Whether an account of the pool signs in with this token, or began with the one presented: a
        token that has rotated since is known by the machine that was derived from it.
        """
        digest = self._digest(token)
        return any(
            seat.account.machine_id == account.machine_id or hmac.compare_digest(self._digest(seat.credentials.refresh_token), digest)
            for seat in self._pool
        )

    def _digest(self, token: str) -> str:
        return self._vault.digest(OWN_DIGEST, token)
