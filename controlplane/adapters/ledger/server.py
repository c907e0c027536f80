"""Which Redis answers: seen at every new connection, before anything else is asked on it.

A server that was started anew has read back what it had saved, which may be old, the mark that the
books are filled included. It shows by its run id, which is another at each start. `:server` keeps the
id the books were last met with; where it differs the mark is taken away, so that they are filled again
(`ledger.lua`). A proxy that has no INFO, or a user who may not ask it, leaves only the mark itself:
books that are gone are noticed then, old ones are not.
"""

import logging
from collections.abc import Mapping
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

log = logging.getLogger(__name__)

MEET = """
if redis.call('GET', KEYS[1] .. ':server') ~= ARGV[1] then
  redis.call('SET', KEYS[1] .. ':server', ARGV[1])
  redis.call('DEL', KEYS[1], KEYS[1] .. ':filling')
end
"""


class Server:
    """Meets the server of the books under `key`. What an operator should know is logged once."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._told: set[str] = set()

    async def meet(self, connection: AbstractConnection) -> None:
        """What a new connection begins with. Raises RedisError; the connection is closed then."""
        await connection.on_connect()
        info = await _info(connection)
        policy = info.get("maxmemory_policy", "noeviction")
        if policy != "noeviction" and info.get("maxmemory", "0") != "0":
            self._warn(f"Redis may drop what keys have spent when its memory is full: maxmemory-policy is {policy}, noeviction is needed")
        if "run_id" not in info:
            self._warn("Redis does not say which server it is: that it came back with old books would not be noticed")
            return
        await connection.send_command("EVAL", MEET, 1, self._key, info["run_id"])
        await connection.read_response()

    def _warn(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            log.warning("%s", message)


async def _info(connection: AbstractConnection) -> Mapping[str, str]:
    """What the server says of itself, nothing if it does not. All default sections: several named ones are
    refused before Redis 7.
    """
    await connection.send_command("INFO")
    try:
        said: Any = await connection.read_response()
    except ResponseError:
        return {}
    lines = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return dict(line.split(":", 1) for line in lines.splitlines() if ":" in line)
