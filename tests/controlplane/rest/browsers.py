"""Browsers that sign in: each with an address, a cookie and the word that goes with it."""

from typing import Any

import httpx

from tests.controlplane.rest.world import PASSWORD, World

SECRET = "MARKED twelve letters and more"


class Browser:
    """Keeps its cookie; sends `csrf` with every write unless it is told not to."""

    def __init__(self, world: World, address: str = "127.0.0.5") -> None:
        self.client = world.client(address)
        self.client.headers["user-agent"] = "Browser/1"
        self.csrf = ""

    async def sign_in(self, name: str = "admin", password: str = PASSWORD, **more: Any) -> httpx.Response:
        reply = await self.client.post("/api/session", json={"name": name, "password": password, **more})
        if reply.status_code == 201:
            self.csrf = reply.json()["csrfToken"]
        return reply

    async def ask(self, method: str, path: str, body: Any = None, csrf: str | None = None) -> httpx.Response:
        given = {} if body is None else {"json": body}
        headers = {"x-csrf-token": self.csrf if csrf is None else csrf}
        return await self.client.request(method, path, headers=headers if headers["x-csrf-token"] else {}, **given)

    @property
    def cookie(self) -> str:
        return self.client.cookies.get("headgate_session") or ""


async def signed_in(world: World, name: str = "admin", password: str = PASSWORD, address: str = "127.0.0.5") -> Browser:
    browser = Browser(world, address)
    reply = await browser.sign_in(name, password)
    assert reply.status_code == 201, reply.text
    return browser


async def viewer(world: World, name: str = "eve") -> Browser:
    """A new user who may only look, signed in."""
    made = await world.post("/api/users", {"name": name, "password": SECRET, "role": "viewer"})
    assert made.status_code == 201, made.text
    return await signed_in(world, name, SECRET, "127.0.0.6")
