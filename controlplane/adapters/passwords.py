"""Password hashes: argon2id with the library's present parameters, off the event loop."""

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from controlplane.service.users import Crowded

AT_ONCE = 2  # each takes a processor and 64 MiB for a while; the event loop also admits requests
WAITING = 16  # who comes while so many wait to have a password compared is sent away


class Argon2Passwords:
    """Implements the Passwords port."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobodys = _nobodys(self._hasher)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._comparing = 0

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, hashed: str, password: str) -> bool:
        if self._comparing >= AT_ONCE + WAITING:
            raise Crowded
        self._comparing += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(self._matches, hashed or self._nobodys, password)
        finally:
            self._comparing -= 1

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _nobodys(hasher: PasswordHasher) -> str:
    """A hash of no password that is known to anybody: to compare with it takes as long as with a real one."""
    salt, tag = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${tag}"
