"""What happens, as it is told over REST."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from controlplane.rest.stream import written
from controlplane.service.feed import EACH, MOST
from tests.controlplane.rest import browsers
from tests.controlplane.rest.world import World


class Reader:
    """Somebody who reads `GET /api/events`: HTTPX's own way into an application waits for the end of the answer."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self._some, self._leaving = asyncio.Event(), asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self._leaving.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        self.text += message.get("body", b"").decode()
        self._some.set()

    def leave(self) -> None:
        self._leaving.set()

    def events(self) -> list[tuple[str, Any]]:
        """What was told so far."""
        parts = [part.splitlines() for part in self.text.split("\n\n") if part.startswith("event: ")]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parts]

    async def until(self, count: int) -> list[tuple[str, Any]]:
        """As many events as that."""
        await self._once(lambda: len(self.events()) >= count)
        return self.events()

    async def last(self, name: str, told: Any) -> None:
        """Once this is the last event."""
        await self._once(lambda: self.events()[-1:] == [(name, told)])

    async def begin(self) -> None:
        await self._once(lambda: bool(self.text))

    async def _once(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():
                self._some.clear()
                await self._some.wait()


def scope(world: World, query: str = "", **headers: str) -> dict[str, Any]:
    """The request of somebody who reads."""
    named = {"authorization": world.authorization, **headers}
    return {
        "type": "http",
        "method": "GET",
        "path": "/api/events",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "server": ("console.test", 80),
        "root_path": "",
        "http_version": "1.1",
    }


@contextlib.asynccontextmanager
async def reading(world: World, query: str = "", **headers: str) -> AsyncIterator[Reader]:
    """From its first comment on; who reads leaves at the end, and the answer ends with it."""
    reader = Reader()
    serving = asyncio.create_task(world.api(scope(world, query, **headers), reader.receive, reader.send))  # type: ignore[arg-type]
    await reader.begin()
    try:
        yield reader
    finally:
        reader.leave()
        await asyncio.wait_for(serving, 5)


@pytest.fixture(autouse=True)
def _quick(world: World) -> None:
    feed: Any = world.services.feed
    feed._tick = 0.02


async def test_it_begins_at_once_and_is_what_browsers_read(world: World) -> None:
    async with reading(world) as reader:
        assert (reader.status, reader.text) == (200, ":\n\n")
        assert reader.headers["content-type"] == "text/event-stream"
        assert reader.headers["cache-control"] == "no-store"
        assert reader.headers["x-accel-buffering"] == "no"


async def test_requests_are_told_as_they_are_listed(world: World) -> None:
    async with reading(world, "types=request") as reader:
        await world.served("req_1")
        ((name, told),) = await reader.until(1)
    assert name == "request"
    assert told == (await world.get("/api/requests")).json()["requests"][0]


async def test_accounts_are_told_as_they_are_read(world: World) -> None:
    async with reading(world, "types=account") as reader:
        made = await world.account()
        settled = await world.settled(made["id"])
        await reader.last("account", settled)
        await world.delete(f"/api/accounts/{made['id']}")
        await reader.last("account", {"id": made["id"], "deleted": True})
    assert "MARKED" not in reader.text, "no secret is told"


async def test_keys_are_told_as_they_are_read(world: World) -> None:
    async with reading(world, "types=key") as reader:
        made = await world.key("a", limits={"requests": {"day": 5}})
        assert (await reader.until(1))[-1] == ("key", (await world.get(f"/api/keys/{made['id']}")).json())
        await world.put(f"/api/keys/{made['id']}", {"name": "b"})
        assert (await reader.until(2))[-1][1]["name"] == "b"
        await world.post(f"/api/keys/{made['id']}/rotate")
        await reader.until(3)
        await world.delete(f"/api/keys/{made['id']}")
        assert (await reader.until(4))[-1] == ("key", {"id": made["id"], "deleted": True})
    assert made["key"] not in reader.text


async def test_settings_are_told_when_they_change(world: World) -> None:
    async with reading(world, "types=settings,%20key") as reader:
        await world.put("/api/settings", {"schedulingMode": "smart"})
        await world.put("/api/settings", {"schedulingMode": "priority"})
        assert await reader.until(1) == [("settings", (await world.get("/api/settings")).json())]


async def test_who_leaves_makes_room(world: World) -> None:
    listeners = [world.services.feed.listen() for _ in range(MOST - 1)]
    async with reading(world, "types=settings"):
        refused = await world.get("/api/events")
        world.fails(refused, 503, "unavailable")
        assert int(refused.headers["retry-after"]) > 0
    assert len(listeners) == MOST - 1
    async with reading(world) as reader:
        assert reader.status == 200


async def test_one_viewer_keeps_nobody_out(world: World) -> None:
    eve = await browsers.viewer(world)
    async with contextlib.AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(reading(world, "types=settings", authorization="", cookie=f"headgate_session={eve.cookie}"))
            for _ in range(MOST + 1)
        ]
        admin = await stack.enter_async_context(reading(world, "types=settings"))
        await world.put("/api/settings", {"schedulingMode": "priority"})
        await admin.until(1)
        await readers[-1].until(1)
        assert [bool(reader.events()) for reader in readers].count(True) == EACH[0]


async def test_what_many_hear_is_written_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[bytes] = []

    def counted(name: str, data: Any) -> bytes:
        texts.append(written(name, data))
        return texts[-1]

    monkeypatch.setattr("controlplane.rest.events.written", counted)
    async with reading(world, "types=request") as one, reading(world, "types=request") as other:
        await world.served("req_1")
        assert await one.until(1) == await other.until(1)
    assert len(texts) == 1


async def test_who_is_gone_before_the_first_byte_makes_room(world: World) -> None:
    reader = Reader()
    reader.leave()
    feed: Any = world.services.feed

    async def full(_message: Any) -> None:
        assert len(feed._listeners) == 1
        await asyncio.Event().wait()

    reader.send = full  # type: ignore[method-assign]
    await asyncio.wait_for(world.api(scope(world), reader.receive, reader.send), 5)  # type: ignore[arg-type]
    assert not feed._listeners


async def test_it_ends_when_the_process_does(world: World) -> None:
    async with reading(world):
        asking = asyncio.create_task(world.get("/api/events"))
        await asyncio.sleep(0.05)
        assert not asking.done()
        world.services.feed.close()
        assert (await asyncio.wait_for(asking, 2)).text == ":\n\n"
        assert (await asyncio.wait_for(world.get("/api/events"), 2)).text == ":\n\n"


@pytest.mark.parametrize("types", ["x", "request,x", "reset", ","])
async def test_types_that_are_none(world: World, types: str) -> None:
    world.fails(await world.get("/api/events", types=types), 400, "invalid", "types")


async def test_it_is_for_those_who_signed_in(world: World) -> None:
    world.fails(await world.stranger.get("/api/events"), 401, "unauthenticated")


async def test_a_session_that_has_ended_hears_nothing_more(world: World) -> None:
    browser = await browsers.signed_in(world)
    async with reading(world, "types=key", authorization="", cookie=f"headgate_session={browser.cookie}") as reader:
        await world.post("/api/keys", {"name": "before"})
        await reader.until(1)
        await browser.ask("DELETE", "/api/session")
        await world.post("/api/keys", {"name": "after"})
        await asyncio.sleep(0.1)
        assert [told["name"] for _, told in reader.events()] == ["before"]


async def test_a_token_that_was_removed_hears_nothing_more(world: World) -> None:
    token = (await world.post("/api/tokens", {"name": "script", "role": "viewer"})).json()
    async with reading(world, "types=key", authorization=f"Bearer {token['token']}") as reader:
        await world.post("/api/keys", {"name": "before"})
        await reader.until(1)
        await world.delete(f"/api/tokens/{token['id']}")
        await world.post("/api/keys", {"name": "after"})
        await asyncio.sleep(0.1)
        assert [told["name"] for _, told in reader.events()] == ["before"]
