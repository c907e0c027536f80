"""Hand-written stand-ins for what signing in stands on."""

import asyncio
from dataclasses import replace

from controlplane.domain.errors import Absent, Duplicate
from controlplane.policy.passwords import folded
from controlplane.service.door import DoorStores


class MemoryUsers:
    """The UserStore in a dict; every call takes a moment."""

    def __init__(self) -> None:
        self.stored = {}

    async def load(self):
        await asyncio.sleep(0)
        return list(self.stored.values())

    async def find(self, user_id):
        await asyncio.sleep(0)
        return self.stored.get(user_id)

    async def add(self, user):
        await asyncio.sleep(0)
        if user.id in self.stored or any(folded(one.name) == folded(user.name) for one in self.stored.values()):
            raise Duplicate("there is one")
        self.stored[user.id] = user

    async def change(self, user_id, fields):
        await asyncio.sleep(0)
        if user_id not in self.stored:
            raise Absent("there is none")
        self.stored[user_id] = replace(self.stored[user_id], **fields)

    async def exchange(self, user_id, old_hash, new_hash):
        await asyncio.sleep(0)
        if user_id not in self.stored or self.stored[user_id].password_hash != old_hash:
            return False
        self.stored[user_id] = replace(self.stored[user_id], password_hash=new_hash)
        return True

    async def use_step(self, user_id, step):
        await asyncio.sleep(0)
        if user_id not in self.stored or self.stored[user_id].totp_step >= step:
            return False
        self.stored[user_id] = replace(self.stored[user_id], totp_step=step)
        return True

    async def remove(self, user_id):
        await asyncio.sleep(0)
        self.stored.pop(user_id, None)


class MemorySessions:
    """The SessionStore in a dict; `found` counts look-ups."""

    def __init__(self) -> None:
        self.stored = {}
        self.found = 0

    async def load(self):
        await asyncio.sleep(0)
        return list(self.stored.values())

    async def find(self, digest):
        self.found += 1
        await asyncio.sleep(0)
        return next((one for one in self.stored.values() if one.digest == digest), None)

    async def add(self, session):
        await asyncio.sleep(0)
        self.stored[session.id] = session

    async def touch(self, session_id, seen_at):
        await asyncio.sleep(0)
        if session_id in self.stored:
            self.stored[session_id] = replace(self.stored[session_id], seen_at=seen_at)

    async def remove(self, session_ids):
        await asyncio.sleep(0)
        for session_id in session_ids:
            self.stored.pop(session_id, None)

    async def prune(self, seen_before, created_before):
        await asyncio.sleep(0)
        gone = [one.id for one in self.stored.values() if one.seen_at <= seen_before or one.created_at <= created_before]
        for session_id in gone:
            del self.stored[session_id]
        return len(gone)


class MemoryTokens:
    """The TokenStore in a dict; `touched` tells the notes of their use."""

    def __init__(self) -> None:
        self.stored = {}
        self.touched = []

    async def load(self):
        await asyncio.sleep(0)
        return list(self.stored.values())

    async def add(self, token):
        await asyncio.sleep(0)
        self.stored[token.id] = token

    async def find(self, digest):
        await asyncio.sleep(0)
        return next((one for one in self.stored.values() if one.digest == digest), None)

    async def touch(self, token_id, used_at):
        await asyncio.sleep(0)
        self.touched.append(used_at)
        if token_id in self.stored:
            self.stored[token_id] = replace(self.stored[token_id], used_at=used_at)

    async def remove(self, token_id):
        await asyncio.sleep(0)
        self.stored.pop(token_id, None)


class QuickPasswords:
    """Hashes that cost nothing; `checked` tells which were compared, "" where there was no user. `gate` holds every
    comparison back until it is set.
    """

    def __init__(self) -> None:
        self.checked = []
        self.gate = None

    async def hash(self, password):
        await asyncio.sleep(0)
        return f"hash of {password[::-1]}"

    async def matches(self, hashed, password):
        self.checked.append(hashed)
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        return hashed == f"hash of {password[::-1]}"


def memory_door() -> DoorStores:
    """Nobody can sign in yet."""
    return DoorStores(MemoryUsers(), MemorySessions(), MemoryTokens(), QuickPasswords())
