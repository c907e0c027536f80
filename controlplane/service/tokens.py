"""Credentials for scripts. The database is written first, then memory, except for when one was used."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.user import ApiToken, Role
from controlplane.policy import passwords
from controlplane.service.background import Background
from controlplane.service.ports import Clock, Vault

PREFIX = "hg-"
VISIBLE = len(PREFIX) + 6
DIGEST = "admin token"  # the purpose of the keyed hash
USED_EVERY = 60  # seconds between two notes of its use


class TokenStore(Protocol):
    """Tokens, for good. Every method returns after the commit."""

    async def load(self) -> Sequence[ApiToken]: ...

    async def find(self, digest: str) -> ApiToken | None: ...

    async def add(self, token: ApiToken) -> None: ...

    async def touch(self, token_id: str, used_at: int) -> None: ...

    async def remove(self, token_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TokenDraft:
    """A new token as it is asked for. `expires_at`: epoch seconds, 0: never."""

    name: str
    role: Role
    expires_at: int = 0


class Tokens:
    """Reads come from memory and never wait."""

    def __init__(self, store: TokenStore, vault: Vault, clock: Clock, background: Background) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._background = background
        self._by_digest: dict[str, ApiToken] = {}
        self._changing = asyncio.Lock()

    async def reload(self) -> None:
        """Fill memory from the database; another control plane may have made or removed some."""
        async with self._changing:
            known = self._by_digest
            stored = await self._store.load()
            self._by_digest = {token.digest: _later(token, known.get(token.digest)) for token in stored}

    def list(self) -> Sequence[ApiToken]:
        """All of them, also those that have expired."""
        return tuple(self._by_digest.values())

    def find(self, presented: str) -> ApiToken | None:
        """The token that was presented, whether it has expired or not."""
        return self._by_digest.get(self._vault.digest(DIGEST, presented)) if presented.startswith(PREFIX) else None

    def expired(self, token: ApiToken) -> bool:
        """Whether it is good no more."""
        return 0 < token.expires_at <= self._clock.now()

    def lasts(self, token: ApiToken) -> bool:
        """Whether a token that was good still is."""
        return token.digest in self._by_digest and not self.expired(token)

    def grants(self, token_id: str, role: Role) -> bool:
        """Whether there is such a token, in this role, that is good."""
        return any(one.id == token_id and one.role is role and not self.expired(one) for one in self._by_digest.values())

    async def present(self, token: ApiToken) -> bool:
        """Whether a token that was good still is, as the database knows."""
        return not self.expired(token) and await self._store.find(token.digest) is not None

    async def create(self, draft: TokenDraft, by: str) -> tuple[ApiToken, str]:
        """The new token and its secret, which can never be read again. Raises Invalid, Duplicate."""
        now = int(self._clock.now())
        if said := passwords.name_fault(draft.name):
            raise Invalid(f"name {said}", "name")
        if 0 < draft.expires_at <= now:
            raise Invalid("expiresAt is over already", "expiresAt")
        secret = PREFIX + secrets.token_hex(24)
        digest, token_id = self._vault.digest(DIGEST, secret), f"tok_{secrets.token_hex(8)}"
        token = ApiToken(token_id, draft.name, secret[:VISIBLE], digest, draft.role, now, by, draft.expires_at)
        async with self._changing:
            if any(passwords.folded(one.name) == passwords.folded(draft.name) for one in self._by_digest.values()):
                raise Duplicate("there is a token of this name", "name")
            await self._store.add(token)
            self._by_digest[digest] = token
        return token, secret

    async def remove(self, token_id: str) -> ApiToken:
        """The token that opens nothing any more. Raises Absent."""
        async with self._changing:
            token = next((one for one in self._by_digest.values() if one.id == token_id), None)
            if token is None:
                raise Absent("there is no such token")
            await self._store.remove(token_id)
            del self._by_digest[token.digest]
            return token

    def touch(self, token: ApiToken) -> None:
        """The token was used."""
        now = int(self._clock.now())
        if now - token.used_at >= USED_EVERY:
            self._by_digest[token.digest] = replace(token, used_at=now)
            self._background.spawn(self._store.touch(token.id, now), "note a token")


def _later(stored: ApiToken, known: ApiToken | None) -> ApiToken:
    """As it is stored, but used when it was used: that is written behind."""
    return stored if known is None else replace(stored, used_at=max(stored.used_at, known.used_at))
