"""Summaries in Redis, for several summarizers. Not loaded where there is no Redis.

All keys begin with {PREFIX}:summaries, in braces so that a cluster keeps them together. A summary is called
NAME:KEY_ID in them, its name in hexadecimal. Under that beginning:
  :text:SUMMARY   its sections; gone by itself when its life is over
  :used:KEY_ID    the names of a key, by their last use
  :all            all summaries of all keys, by their last use
  :kept           "TURNS BYTES" of each
  :bytes          the sum of those bytes
What Redis let go by itself is still in the lists until it would be the next to go, or was not used for
longer than anything lives. Redis may lose any of it: a summary that is not found is made again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TimedOut

from summarizer.errors import StoreAway
from summarizer.kept import MIB
from summarizer.shortening.summary import OVERHEAD, Summary
from summarizer.store.summaries import chunks, faded, packed, unpacked

TIMEOUT = 1.0  # seconds
PAUSE = 5.0  # seconds from a timeout until a silent server is asked again
# What a key has at most, and all of them together: Redis keeps it in memory.
KEY_BYTES = 32 * MIB
ALL_BYTES = 256 * MIB
# In one run of a script, which holds up all others.
NAMES = 1000
# Nothing lives longer unused, in milliseconds.
LONGEST = 60 * 60 * 1000

PUT = """
local base, key, name, turns, bytes, text = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local now, life, entries = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local key_bytes, all_bytes, longest = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local used, all, kept, sum = base .. ':used:' .. key, base .. ':all', base .. ':kept', base .. ':bytes'
local this, gone = name .. ':' .. key, 0

local function size(figures)
  return tonumber(string.match(figures or '', ' (%d+)$') or 0)
end

local function drop(summary)
  local its_name, owner = string.match(summary, '^(%x*):(.*)$')
  redis.call('DECRBY', sum, size(redis.call('HGET', kept, summary)))
  redis.call('HDEL', kept, summary)
  redis.call('ZREM', all, summary)
  redis.call('ZREM', base .. ':used:' .. owner, its_name)
  redis.call('DEL', base .. ':text:' .. summary)
end

-- The one longest unused, but never this one.
local function oldest(list, spared)
  local two = redis.call('ZRANGE', list, 0, 1)
  return two[1] ~= spared and two[1] or two[2]
end

for _, other in ipairs(redis.call('ZRANGEBYSCORE', used, '-inf', now - life, 'LIMIT', 0, 100)) do drop(other .. ':' .. key) end
for _, other in ipairs(redis.call('ZRANGEBYSCORE', all, '-inf', now - longest, 'LIMIT', 0, 100)) do drop(other) end
drop(this)
redis.call('SET', base .. ':text:' .. this, text, 'PX', life)
redis.call('ZADD', used, now, name)
redis.call('ZADD', all, now, this)
redis.call('HSET', kept, this, turns .. ' ' .. bytes)
redis.call('INCRBY', sum, bytes)

local count, mine = redis.call('ZCARD', used), 0
for _, other in ipairs(redis.call('ZRANGE', used, 0, -1)) do mine = mine + size(redis.call('HGET', kept, other .. ':' .. key)) end
while count > 1 and (count > entries or mine > key_bytes) do
  local other = oldest(used, name) .. ':' .. key
  mine = mine - size(redis.call('HGET', kept, other))
  drop(other)
  count, gone = count - 1, gone + 1
end
while tonumber(redis.call('GET', sum)) > all_bytes do
  local other = oldest(all, this)
  if not other then break end
  drop(other)
  gone = gone + 1
end
redis.call('PEXPIRE', used, longest)
for _, list in ipairs({all, kept, sum}) do redis.call('PEXPIRE', list, 2 * longest) end
return gone
"""

LATEST = """
local base, key, since, known = KEYS[1], ARGV[1], tonumber(ARGV[2]), {}
local summaries = {}
for place = 3, #ARGV do summaries[place - 2] = ARGV[place] .. ':' .. key end
for place, figures in ipairs(redis.call('HMGET', base .. ':kept', unpack(summaries))) do
  if figures then table.insert(known, {tonumber(string.match(figures, '^%d+')), ARGV[place + 2], summaries[place]}) end
end
table.sort(known, function(one, other) return one[1] > other[1] end)
for _, each in ipairs(known) do
  local used = redis.call('ZSCORE', base .. ':used:' .. key, each[2])
  local text = used and tonumber(used) > since and redis.call('GET', base .. ':text:' .. each[3])
  if text then return {each[1], each[2], used, text} end
end
return false
"""


class Line:
    """A Redis that is asked. When it was silent, whoever asks is told at once that it is away, for a moment."""

    def __init__(self, redis: "Redis") -> None:
        self.redis = redis
        # Event loop's time when it is to be tried again.
        self._again_at = float("-inf")

    async def ask(self, call: Callable[["Redis"], Awaitable[Any]]) -> Any:
        """What it answers. Raises StoreAway."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._again_at:
            raise StoreAway("Redis is silent")
        try:
            return await call(self.redis)
        except (RedisError, OSError) as error:
            if isinstance(error, TimedOut | TimeoutError):
                self._again_at = loop.time() + PAUSE
            raise StoreAway(f"Redis does not do it: {type(error).__name__}") from error

    async def close(self) -> None:
        await self.redis.aclose()


def connect(url: str) -> Line:
    """A line whose calls end in time; nothing is opened yet. A connection that was lost is opened again once."""
    retry = Retry(NoBackoff(), 1, (ConnectionLost,))
    return Line(Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=retry))


class RedisSummaries:
    """Implements the Summaries port. `evicted` is told how many had to go before their time, for want of room."""

    def __init__(
        self,
        line: Line,
        evicted: Callable[[int], None] = lambda _: None,
        key_bytes: int = KEY_BYTES,
        all_bytes: int = ALL_BYTES,
        prefix: str = "headgate",
    ) -> None:
        self._line = line
        self._evicted = evicted
        self._bounds = (key_bytes, all_bytes)
        self._base = f"{{{prefix}}}:summaries"
        self._put = line.redis.register_script(PUT)
        self._latest = line.redis.register_script(LATEST)

    async def latest(self, key_id: str, names: Sequence[bytes], now: int, life_ms: int) -> Summary | None:
        """The one of those names that stands for most turns."""
        best: Sequence[Any] | None = None
        for some in chunks(names, NAMES):
            found = await self._run(self._latest, key_id, now - life_ms, *(name.hex() for name in some))
            if found and (best is None or found[0] > best[0]):
                best = found
        if best is None:
            return None
        turns, name, used, text = best
        if faded(int(float(used)), now, life_ms):
            await self._touch(key_id, name.decode(), now, life_ms)
        return Summary(bytes.fromhex(name.decode()), turns, unpacked(text))

    async def put(self, key_id: str, summary: Summary, now: int, life_ms: int, entries: int) -> None:
        """What is larger than the room of a key is not kept."""
        text = packed(summary.sections)
        size = len(text) + OVERHEAD
        if size > self._bounds[0]:
            return
        figures = (now, life_ms, max(entries, 1), *self._bounds, LONGEST)
        gone = await self._run(self._put, key_id, summary.name.hex(), summary.turns, size, text, *figures)
        if gone:
            self._evicted(gone)

    async def _touch(self, key_id: str, name: str, now: int, life_ms: int) -> None:
        """Its life begins anew, unless it has gone meanwhile."""
        summary = f"{name}:{key_id}"
        pipeline = self._line.redis.pipeline(transaction=True)
        pipeline.pexpire(f"{self._base}:text:{summary}", life_ms)
        for list_, member in ((f"used:{key_id}", name), ("all", summary)):
            pipeline.zadd(f"{self._base}:{list_}", {member: now}, xx=True)
        for list_, factor in ((f"used:{key_id}", 1), ("all", 2), ("kept", 2), ("bytes", 2)):
            pipeline.pexpire(f"{self._base}:{list_}", factor * LONGEST)
        await self._line.ask(lambda _: pipeline.execute())

    async def _run(self, script: Any, *arguments: Any) -> Any:
        return await self._line.ask(lambda _: script(keys=[self._base], args=arguments))
