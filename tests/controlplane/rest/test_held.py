"""Who holds the body of a request back gains nothing by it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from controlplane import app
from controlplane.rest import edge
from tests.controlplane.rest.browsers import SECRET, Browser, signed_in
from tests.controlplane.rest.world import TurnedClock, World, opened

EVE = {"name": "eve", "password": SECRET, "role": "admin"}


class Held:
    """A request whose body is sent later, or never."""

    def __init__(self, world: World, method: str, path: str, **headers: str) -> None:
        self.status, self.text = 0, b""
        self.headers: dict[str, str] = {}
        self._body: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked = asyncio.Event()
        named = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.5", 1),
            "scheme": "http",
            "server": ("console.test", 80),
            "root_path": "",
            "http_version": "1.1",
        }
        self._serving = asyncio.create_task(world.api(scope, self._receive, self._send))  # type: ignore[arg-type]

    async def begun(self) -> None:
        await asyncio.wait_for(self._asked.wait(), 5)

    async def finish(self, body: Any) -> int:
        self._body.set_result(json.dumps(body).encode())
        return await self.end()

    async def end(self) -> int:
        await asyncio.wait_for(self._serving, 10)
        return self.status

    async def _receive(self) -> dict[str, Any]:
        self._asked.set()
        return {"type": "http.request", "body": await asyncio.shield(self._body), "more_body": False}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        self.text += message.get("body", b"")


async def held(world: World, browser: Browser, method: str, path: str) -> Held:
    made = Held(world, method, path, cookie=f"headgate_session={browser.cookie}", x_csrf_token=browser.csrf)
    await made.begun()
    return made


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/tokens", {"name": "backdoor", "role": "admin"}),
        ("POST", "/api/keys", {"name": "backdoor"}),
        ("PUT", "/api/session/password", {"current": SECRET, "new": SECRET + "!"}),
    ],
)
async def test_rights_that_were_taken_away_meanwhile_are_gone(world: World, method: str, path: str, body: Any) -> None:
    made = (await world.post("/api/users", EVE)).json()
    eve = await signed_in(world, "eve", SECRET)
    waiting = await held(world, eve, method, path)
    assert (await world.put(f"/api/users/{made['id']}", {"role": "viewer"})).status_code == 200
    assert await waiting.finish(body) == 401
    assert json.loads(waiting.text)["error"]["code"] == "unauthenticated"
    assert [row["name"] for row in (await world.get("/api/tokens")).json()["tokens"]] == []
    assert (await world.get("/api/keys")).json()["total"] == 0


async def test_who_still_may_is_heard_however_late(world: World) -> None:
    waiting = await held(world, await signed_in(world), "POST", "/api/keys")
    world.clock.pass_(3600)
    assert await waiting.finish({"name": "a"}) == 201


async def test_a_password_that_was_changed_meanwhile(world: World) -> None:
    world.door.passwords.give(None)
    await world.door.users.set_password(world.door.users.admin, SECRET, "new")
    waiting = Held(world, "POST", "/api/keys", authorization=f"Bearer {SECRET}")
    await waiting.begun()
    await world.door.users.set_password(world.door.users.admin, SECRET + "!", "new")
    assert await waiting.finish({"name": "a"}) == 401


async def test_a_body_has_so_long_and_no_longer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "BODY_SECONDS", 0.1)
    waiting = Held(world, "POST", "/api/session")
    assert await waiting.end() == 408
    assert json.loads(waiting.text)["error"]["code"] == "too_slow"
    assert waiting.headers["connection"] == "close"
    stream = Held(world, "GET", "/api/events", authorization=world.authorization)
    assert await stream.end() == 200, "it has begun, and ends"


async def test_what_another_control_plane_took_away(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anybody else may sign in, the database is asked who asks."""
    monkeypatch.setattr(app, "SystemClock", TurnedClock)
    async with opened(url, str(tmp_path)) as here, opened(url, str(tmp_path)) as there:
        made = (await here.post("/api/users", EVE)).json()
        eve, over_there = await signed_in(here, "eve", SECRET), Browser(there)
        over_there.client.cookies.set("headgate_session", eve.cookie)
        over_there.csrf = eve.csrf
        token = (await here.post("/api/tokens", {"name": "ci", "role": "admin"})).json()
        await there.door.administration.reload()
        script = {"authorization": f"Bearer {token['token']}"}
        assert (await over_there.ask("POST", "/api/tokens", {"name": "early", "role": "viewer"})).status_code == 201
        await here.delete(f"/api/users/{made['id']}")
        await here.delete(f"/api/tokens/{token['id']}")
        there.fails(await over_there.ask("POST", "/api/tokens", {"name": "late", "role": "admin"}), 401, "unauthenticated")
        for method, path, body in (("POST", "/api/users", {**EVE, "name": "bob"}), ("DELETE", "/api/users/usr_x", None)):
            there.fails(await there.stranger.request(method, path, headers=script, json=body), 401, "unauthenticated")
        await there.door.administration.reload()
        assert [row["name"] for row in (await there.get("/api/tokens")).json()["tokens"]] == ["early"]
        assert [row["name"] for row in (await there.get("/api/users")).json()["users"]] == ["admin"]
