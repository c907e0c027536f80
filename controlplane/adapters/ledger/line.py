"""The line to Redis: calls that are asked while others are under way travel together.

One connection and one run of the script at a time: a call costs most in travelling, and in this
order nothing overtakes what was asked before. When Redis is silent, all who wait are told at the first
timeout; then one call at a time tries again, others are told at once.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as TimedOut

from controlplane.adapters.ledger.server import Server
from controlplane.domain.errors import LedgerAway

TIMEOUT = 2.0  # seconds
PAUSE = 1.0  # seconds from a timeout until a call tries again
MOST = 128  # calls in one run of the script, which holds up all others
ATTEMPTS = 3  # times the books are filled before a call is given up

# The name, the time, and what the script takes for it.
Call: TypeAlias = Sequence[Any]

SCRIPT = Path(__file__).with_name("ledger.lua").read_text(encoding="utf-8")
DIGEST = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


def connect(url: str) -> "Redis":
    """A client whose calls end in time. A connection that was lost is opened again once: the script
    counts nothing twice.
    """
    retry = Retry(NoBackoff(), 1, (ConnectionLost,))
    return Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=retry)


class Line:
    """Asks the script under `key`. Where its books are not of the edition that is known here, `fill` is
    awaited, with the present call's time: it sees that they are filled, and says which they are now.

    `client` must not have been used before. `edition`: of the books that are known, empty: none yet.
    """

    def __init__(self, client: "Redis", key: str, fill: Callable[[int], Awaitable[str]]) -> None:
        # Before every use of a new connection, also of those that the client opens again by itself.
        client.connection_pool.connection_kwargs["redis_connect_func"] = Server(key).meet
        self._client = client
        self._execute: Callable[..., Awaitable[Any]] = client.execute_command
        self._key = key
        self._fill = fill
        self.edition = ""
        # Event loop's time when a silent server is to be tried again; None: it is not silent.
        self._again_at: float | None = None
        self._waiting: list[tuple[Call, asyncio.Future[Any]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def ask(self, call: Call) -> Any:
        """The script's reply. Raises LedgerAway."""
        loop = asyncio.get_running_loop()
        if self._again_at is not None and (self._sending is not None or loop.time() < self._again_at):
            raise LedgerAway("Redis is silent")
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((call, answer))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return await answer

    async def run(self, calls: Sequence[Call]) -> list[Any] | None:
        """One run of the script, at once; None: the books are not those that are known. Raises LedgerAway."""
        payload = msgspec.msgpack.encode(calls)
        try:
            replies = await self._evaluate(payload)
        except (RedisError, OSError) as error:
            if isinstance(error, TimedOut | TimeoutError):
                self._again_at = asyncio.get_running_loop().time() + PAUSE
            raise LedgerAway(f"Redis does not do it: {type(error).__name__}") from error
        self._again_at = None
        return None if replies is None else [msgspec.msgpack.decode(reply) for reply in replies]

    async def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
        self._answer(self._waiting, LedgerAway("the ledger is closed"))
        await self._client.aclose()

    async def _evaluate(self, payload: bytes) -> list[bytes] | None:
        replies: list[bytes] | None
        try:
            replies = await self._execute("EVALSHA", DIGEST, 1, self._key, payload, self.edition)
        except NoScriptError:
            replies = await self._execute("EVAL", SCRIPT, 1, self._key, payload, self.edition)
        return replies

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[:MOST]
                del self._waiting[:MOST]
                await self._send(batch)
                if self._again_at is not None:
                    waiting, self._waiting = self._waiting, []
                    self._answer(waiting, LedgerAway("Redis is silent"))
        finally:
            self._sending = None

    async def _send(self, batch: Sequence[tuple[Call, asyncio.Future[Any]]]) -> None:
        """Who asked is told, whatever happens."""
        calls = [call for call, _ in batch]
        try:
            replies = await self._filled(calls)
        except asyncio.CancelledError:
            self._answer(batch, LedgerAway("the ledger was closed"))
            raise
        except Exception as error:  # noqa: BLE001 - reading the records fails in ways of their own; who asked is told
            away = error if isinstance(error, LedgerAway) else LedgerAway(f"the books cannot be filled: {type(error).__name__}")
            away.__cause__ = error if away is not error else error.__cause__
            self._answer(batch, away)
        else:
            for (_, answer), reply in zip(batch, replies, strict=True):
                if not answer.done():  # who asked may have gone
                    answer.set_result(reply)

    async def _filled(self, calls: Sequence[Call]) -> list[Any]:
        for _ in range(ATTEMPTS):
            replies = await self.run(calls)
            if replies is not None:
                return replies
            self.edition = await self._fill(max(call[1][0] for call in calls))
        raise LedgerAway("the books in Redis are lost again and again")

    @staticmethod
    def _answer(batch: Sequence[tuple[Call, asyncio.Future[Any]]], error: Exception) -> None:
        for _, answer in batch:
            if not answer.done():
                answer.set_exception(error)
