"""The database is away: it is told as such, and with nothing of what was to be written."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from headgate import database
from tests.controlplane.rest.world import CLIENT_SECRET, World, refresh_token


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PRAGMAS", [each for each in database.PRAGMAS if "busy_timeout" not in each] + ["PRAGMA busy_timeout=1"])


@contextlib.asynccontextmanager
async def away(url: str) -> AsyncIterator[None]:
    """Nobody can write to it meanwhile."""
    made = make_url(url)
    if made.get_backend_name() == "sqlite":
        with contextlib.closing(sqlite3.connect(str(made.database), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
        return
    server = await asyncpg.connect(made.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False))
    try:
        await server.execute(f"ALTER DATABASE {made.database} ALLOW_CONNECTIONS false")
        await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", made.database)
        yield
    finally:
        await server.execute(f"ALTER DATABASE {made.database} ALLOW_CONNECTIONS true")
        await server.close()


async def test_writes_are_refused_for_now(impatient: None, world: World, url: str, caplog: pytest.LogCaptureFixture) -> None:
    account = {"refreshToken": refresh_token("b"), "clientId": "c", "clientSecret": CLIENT_SECRET}
    key = await world.key("before")
    async with away(url):
        for reply in (
            await world.post("/api/keys", {"name": "laptop"}),
            await world.put(f"/api/keys/{key['id']}", {"name": "other"}),
            await world.delete(f"/api/keys/{key['id']}"),
            await world.post("/api/accounts", account),
        ):
            world.fails(reply, 503, "unavailable")
            assert int(reply.headers["retry-after"]) > 0
    assert [one["name"] for one in (await world.get("/api/keys")).json()["keys"]] == ["before"]
    assert (await world.post("/api/keys", {"name": "laptop"})).status_code == 201
    assert "request failed" in caplog.text
    assert "MARKED" not in caplog.text
    assert world.services.keys.get(key["id"]).digest not in caplog.text


async def test_a_defect_is_not_the_database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_arguments: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(world.services.keys, "create", broken)
    world.fails(await world.post("/api/keys", {"name": "laptop"}), 500, "internal")
