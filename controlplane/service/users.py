"""Who may sign in. The database is written first, then memory; what another control plane of the installation
changed is read by `reload`.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.user import ADMIN_ID, ADMIN_NAME, Role, User
from controlplane.policy import passwords
from controlplane.service.background import Background
from controlplane.service.ports import Clock
from controlplane.service.sessions import Sessions

SEEN_EVERY = 60  # seconds between two notes of who was seen
NO_TOTP: Mapping[str, Any] = {"totp_secret": "", "totp_begun": "", "totp_step": 0}


class UserStore(Protocol):
    """Users and their secrets. Every method returns after the commit."""

    async def load(self) -> Sequence[User]:
        """Raises SealBroken."""
        ...

    async def find(self, user_id: str) -> User | None:
        """Raises SealBroken."""
        ...

    async def add(self, user: User) -> None:
        """Raises Duplicate when there is one of this id or name."""
        ...

    async def change(self, user_id: str, fields: Mapping[str, Any]) -> None:
        """Store these fields of a user, by name. Raises Absent."""
        ...

    async def exchange(self, user_id: str, old_hash: str, new_hash: str) -> bool:
        """Store a new password hash where the old one still is; whether it was."""
        ...

    async def use_step(self, user_id: str, step: int) -> bool:
        """The code of this time step was used; False when it, or a later one, was used before."""
        ...

    async def remove(self, user_id: str) -> None: ...


class Crowded(Exception):
    """Too many wait for the slow hash."""


class Passwords(Protocol):
    """Password hashes, made to be slow: both take a while, and few at a time."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, hashed: str, password: str) -> bool:
        """Whether this is the password; with the hash "" as slow as ever, and never. Raises Crowded."""
        ...


class Users:
    """Reads come from memory and never wait."""

    def __init__(self, store: UserStore, hashes: Passwords, sessions: Sessions, clock: Clock, background: Background) -> None:
        self._store = store
        self._hashes = hashes
        self._sessions = sessions
        self._clock = clock
        self._background = background
        self._users: dict[str, User] = {}
        # A change is read, written and remembered as one.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Fill memory at the start; the built-in administrator is made where there is none. Raises SealBroken."""
        await self.reload()
        if ADMIN_ID not in self._users:
            # Another control plane, which starts at the same time, may be first.
            with contextlib.suppress(Duplicate):
                await self._store.add(User(ADMIN_ID, ADMIN_NAME, Role.ADMIN, created_at=int(self._clock.now())))
            await self.reload()

    async def reload(self) -> None:
        """Fill memory from the database. Raises SealBroken."""
        async with self._changing:
            self._users = {user.id: self._later(user) for user in await self._store.load()}

    @property
    def admin(self) -> User:
        """The built-in administrator."""
        return self._users[ADMIN_ID]

    def list(self) -> Sequence[User]:
        """All of them, oldest first."""
        return tuple(self._users.values())

    def get(self, user_id: str) -> User:
        """Raises Absent."""
        if user_id not in self._users:
            raise Absent("there is no such user")
        return self._users[user_id]

    def find(self, user_id: str) -> User | None:
        """None for one that is no more."""
        return self._users.get(user_id)

    def named(self, name: str) -> User | None:
        """Who is called so, however it is spelled."""
        wanted = passwords.folded(name)
        return next((user for user in self._users.values() if passwords.folded(user.name) == wanted), None)

    async def present(self, user: User) -> User | None:
        """The user as the database has it now; None when it is no more. Raises SealBroken."""
        return await self._store.find(user.id)

    async def create(self, name: str, password: str, role: Role) -> User:
        """Raises Invalid, Duplicate."""
        if said := passwords.name_fault(name):
            raise Invalid(f"name {said}", "name")
        hashed = await self._hashed(password, "password")
        user = User(f"usr_{secrets.token_hex(8)}", name, role, password_hash=hashed, created_at=int(self._clock.now()))
        async with self._changing:
            if self.named(name) is not None:
                raise Duplicate("there is a user of this name", "name")
            await self._store.add(user)
            self._users[user.id] = user
        return user

    async def update(self, user_id: str, changes: Mapping[str, Any], keep: str = "") -> tuple[User, User]:
        """Change what is named: `role`, `enabled`, `password`, and `totp`, which can only be switched off. All sessions
        of the user end if one of these changes, but for the one to `keep` when it is the password only. The user
        before and after. Raises Absent, Invalid.
        """
        fields = {name: value for name, value in changes.items() if name in ("role", "enabled")}
        self._check(self.get(user_id), fields)
        if "password" in changes:
            fields["password_hash"] = await self._hashed(changes["password"], "password")
        if changes.get("totp") is False:
            fields |= NO_TOTP
        before, after = await self.change(user_id, fields)
        if _rights(before) != _rights(after):
            await self._sessions.end_of(user_id)
        elif before.password_hash != after.password_hash:
            await self._sessions.end_of(user_id, keep)
        return before, after

    async def set_password(self, user: User, password: str, field: str, keep: str = "") -> User:
        """Give it a new password; its sessions end but the one to `keep`. Raises Absent, and Invalid about `field`."""
        _, after = await self.change(user.id, {"password_hash": await self._hashed(password, field)})
        await self._sessions.end_of(user.id, keep)
        return after

    async def exchange_password(self, user: User, password: str, field: str, keep: str = "") -> bool:
        """Give it a new password in place of the one it has here, unless that is another by now: then False. Its sessions
        end but the one to `keep`. Raises Invalid about `field`.
        """
        hashed = await self._hashed(password, field)
        async with self._changing:
            if not await self._store.exchange(user.id, user.password_hash, hashed):
                return False
            self._users[user.id] = replace(self._users.get(user.id, user), password_hash=hashed)
        await self._sessions.end_of(user.id, keep)
        return True

    async def remove(self, user_id: str) -> User:
        """The user that is no more. Raises Absent, Invalid."""
        async with self._changing:
            user = self.get(user_id)
            if user.built_in:
                raise Invalid("the built-in administrator cannot be removed")
            await self._store.remove(user_id)
            del self._users[user_id]
        await self._sessions.end_of(user_id)
        return user

    async def change(self, user_id: str, fields: Mapping[str, Any]) -> tuple[User, User]:
        """Store fields as they are; the user before and after. Raises Absent."""
        async with self._changing:
            before = self.get(user_id)
            await self._store.change(user_id, fields)
            after = self._users[user_id] = replace(before, **fields)
            return before, after

    async def use_step(self, user: User, step: int) -> bool:
        """The code of this time step was used; False when it was used before."""
        async with self._changing:
            if not await self._store.use_step(user.id, step):
                return False
            if user.id in self._users:
                self._users[user.id] = replace(self._users[user.id], totp_step=step)
            return True

    def touch(self, user: User) -> None:
        """The user was seen."""
        now = int(self._clock.now())
        if user.id in self._users and now - self._users[user.id].seen_at >= SEEN_EVERY:
            self._users[user.id] = replace(self._users[user.id], seen_at=now)
            self._background.spawn(self._seen(user.id, now), "note a user")

    async def _seen(self, user_id: str, now: int) -> None:
        with contextlib.suppress(Absent):  # removed meanwhile
            await self._store.change(user_id, {"seen_at": now})

    async def _hashed(self, password: str, field: str) -> str:
        if said := passwords.fault(password):
            raise Invalid(f"{field} {said}", field)
        return await self._hashes.hash(password)

    def _check(self, user: User, fields: Mapping[str, Any]) -> None:
        if user.built_in and fields.get("role", Role.ADMIN) is not Role.ADMIN:
            raise Invalid("role of the built-in administrator cannot be changed", "role")
        if user.built_in and not fields.get("enabled", True):
            raise Invalid("the built-in administrator cannot be disabled", "enabled")

    def _later(self, stored: User) -> User:
        """As it is stored, but seen when it was seen: that is written behind."""
        known = self._users.get(stored.id)
        return stored if known is None else replace(stored, seen_at=max(stored.seen_at, known.seen_at))


def _rights(user: User) -> tuple[object, ...]:
    """What a session stands for besides the password."""
    return user.role, user.enabled, user.totp_secret
