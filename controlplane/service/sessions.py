"""Browsers that are signed in. The database is written first, then memory, except for when somebody was seen.

Another control plane of the installation may have opened or ended a session: an unknown cookie is looked up once, and
`reload` sees the rest.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from controlplane.domain.errors import Absent
from controlplane.domain.user import Origin, Session
from controlplane.service.background import Background
from controlplane.service.ports import Clock, Vault

DIGEST = "session"  # the purposes of the keyed hashes
CSRF = "csrf"
IDLE_SECONDS = 86_400
LONGEST_SECONDS = 7 * 86_400
SEEN_EVERY = 60  # seconds between two notes of who was seen
REFUSED = 10_000  # digests that are remembered as good for nothing
LONGEST_AGENT = 200


class SessionStore(Protocol):
    """Sessions, for good. Every method returns after the commit."""

    async def load(self) -> Sequence[Session]: ...

    async def find(self, digest: str) -> Session | None: ...

    async def add(self, session: Session) -> None: ...

    async def touch(self, session_id: str, seen_at: int) -> None: ...

    async def remove(self, session_ids: Sequence[str]) -> None: ...

    async def prune(self, seen_before: int, created_before: int) -> int:
        """Delete those last seen, or opened, before; how many."""
        ...


class Sessions:
    """Reads come from memory and never wait."""

    def __init__(self, store: SessionStore, vault: Vault, clock: Clock, background: Background) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._background = background
        self._by_digest: dict[str, Session] = {}
        # Digests that open nothing, asked for before: neither the database nor the count of guesses hears of them again.
        self._refused: dict[str, None] = {}
        # Opening and ending take turns, and so does reading anew: none may undo what another has just done.
        self._changing = asyncio.Lock()

    async def reload(self) -> None:
        """Fill memory from the database."""
        async with self._changing:
            known = self._by_digest
            stored = {session.digest: session for session in await self._store.load()}
            self._by_digest = {digest: _later(session, known.get(digest)) for digest, session in stored.items()}
            self._refuse([digest for digest in known if digest not in stored])

    def list(self, user_id: str | None = None) -> Sequence[Session]:
        """Those in force, of one user or of everybody."""
        return tuple(one for one in self._by_digest.values() if user_id in (None, one.user_id) and self._lives(one))

    def get(self, session_id: str) -> Session:
        """Raises Absent."""
        found = next((one for one in self.list() if one.id == session_id), None)
        if found is None:
            raise Absent("there is no such session")
        return found

    def find(self, cookie: str) -> Session | None:
        """The session that this cookie opens, as far as memory knows."""
        session = self._by_digest.get(self._digest(cookie))
        return session if session is not None and self._lives(session) else None

    def lasts(self, session: Session) -> bool:
        """Whether a session that was in force still is."""
        return session.digest in self._by_digest and self._lives(self._by_digest[session.digest])

    async def present(self, session: Session) -> bool:
        """Whether a session that was in force still is, as the database knows."""
        async with self._changing:
            if await self._store.find(session.digest) is None:
                self._forget([session])
        return self.lasts(session)

    def refused(self, cookie: str) -> bool:
        """Whether it is known to open nothing: it ended, or was asked for before."""
        digest = self._digest(cookie)
        return digest in self._refused or (digest in self._by_digest and not self._lives(self._by_digest[digest]))

    async def look_up(self, cookie: str) -> Session | None:
        """The session that this cookie opens, as the database knows."""
        digest = self._digest(cookie)
        async with self._changing:
            session = await self._store.find(digest)
            if session is None or not self._lives(session):
                self._refuse([digest])
                return None
            self._by_digest[digest] = session
            return session

    async def open(self, user_id: str, origin: Origin) -> tuple[Session, str]:
        """A new session and its cookie, which can never be read again."""
        cookie, now = secrets.token_urlsafe(32), int(self._clock.now())
        agent = "".join(letter for letter in origin.agent if letter.isprintable())[:LONGEST_AGENT]
        digest = self._digest(cookie)
        session = Session(f"ses_{secrets.token_hex(8)}", user_id, digest, now, now, origin.address, agent)
        async with self._changing:
            await self._store.add(session)
            self._by_digest[digest] = session
        return session, cookie

    async def end(self, session_id: str) -> None:
        """End one; nothing if it has ended."""
        await self._end(lambda session: session.id == session_id)

    async def end_of(self, user_id: str, keep: str = "") -> None:
        """End all of a user but the one to `keep`."""
        await self._end(lambda session: session.user_id == user_id and session.id != keep)

    def touch(self, session: Session) -> Session:
        """The session was used: as it is now."""
        now = int(self._clock.now())
        if now - session.seen_at < SEEN_EVERY or session.digest not in self._by_digest:
            return session
        self._by_digest[session.digest] = used = replace(session, seen_at=now)
        self._background.spawn(self._store.touch(session.id, now), "note a session")
        return used

    def csrf(self, cookie: str) -> str:
        """The word that must come with writes of this session."""
        return self._vault.digest(CSRF, cookie)

    def expires_at(self, session: Session) -> int:
        """When it ends if it is not used again; epoch seconds."""
        return min(session.seen_at + IDLE_SECONDS, session.created_at + LONGEST_SECONDS)

    async def prune(self) -> None:
        """Delete those that have ended by themselves."""
        now = int(self._clock.now())
        async with self._changing:
            await self._store.prune(now - IDLE_SECONDS, now - LONGEST_SECONDS)
            self._forget([session for session in self._by_digest.values() if not self._lives(session)])

    async def _end(self, chosen: Callable[[Session], bool]) -> None:
        async with self._changing:
            # The database is asked, for another control plane may have opened some.
            ending = [session for session in await self._store.load() if chosen(session)]
            await self._store.remove([session.id for session in ending])
            self._forget([*ending, *(session for session in self._by_digest.values() if chosen(session))])

    def _lives(self, session: Session) -> bool:
        return self._clock.now() < self.expires_at(session)

    def _forget(self, sessions: Sequence[Session]) -> None:
        for session in sessions:
            self._by_digest.pop(session.digest, None)
        self._refuse([session.digest for session in sessions])

    def _refuse(self, digests: Sequence[str]) -> None:
        for digest in digests:
            self._refused[digest] = None
            if len(self._refused) > REFUSED:
                del self._refused[next(iter(self._refused))]

    def _digest(self, cookie: str) -> str:
        return self._vault.digest(DIGEST, cookie)


def _later(stored: Session, known: Session | None) -> Session:
    """As it is stored, but seen when it was seen: that is written behind."""
    return stored if known is None else replace(stored, seen_at=max(stored.seen_at, known.seen_at))
