"""What strangers and viewers may do, over every route there is."""

import re

import pytest

from tests.controlplane.rest.browsers import viewer
from tests.controlplane.rest.world import World

OPEN = {"GET /api/proxy/status", "GET /api/proxy/health", "POST /api/session"}
VIEWERS_WRITE = {
    "DELETE /api/session",
    "PUT /api/session/password",
    "POST /api/session/totp",
    "PUT /api/session/totp",
    "DELETE /api/sessions/{session_id}",
    "POST /api/keys/{key_id}/check",
}
ADMINISTRATORS_READ = {"GET /api/users", "GET /api/tokens", "GET /api/requests/{request_id}/original"}


def routes(world: World) -> list[tuple[str, str]]:
    """Every route below /api, as the application has it, whether it is documented or not."""
    found = [(method, route.path) for route in world.api.state.routes for method in route.methods]
    assert len(found) > 50
    return [(method, path) for method, path in found if path.startswith("/api") and f"{method} {path}" not in OPEN]


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "some_id", path)


async def test_strangers_may_do_nothing(world: World) -> None:
    for method, path in routes(world):
        reply = await world.stranger.request(method, filled(path), content=b"{")
        world.fails(reply, 401, "unauthenticated")


async def test_viewers_change_nothing(world: World) -> None:
    eve = await viewer(world)
    refused = 0
    for method, path in routes(world):
        route = f"{method} {path}"
        if method in ("GET", "HEAD") or route in VIEWERS_WRITE:
            continue
        world.fails(await eve.ask(method, filled(path), {}), 403, "forbidden")
        refused += 1
    assert refused > 20


async def test_viewers_read_what_is_not_for_administrators_only(world: World) -> None:
    eve = await viewer(world)
    for method, path in routes(world):
        if method != "GET" or path == "/api/events":  # a stream, which does not end
            continue
        reply = await eve.ask(method, filled(path))
        if f"{method} {path}" in ADMINISTRATORS_READ:
            world.fails(reply, 403, "forbidden")
        else:
            assert reply.status_code in (200, 400, 404), (path, reply.text)


async def test_viewers_may_see_whether_a_key_would_do(world: World) -> None:
    key = await world.key("a")
    eve = await viewer(world)
    assert (await eve.ask("POST", f"/api/keys/{key['id']}/check", {"model": "x"})).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/users%0A",
        "/api/users/",
        "/api/users/x",
        "/api/tokens%0a",
        "/api/requests/x/original%0A",
        "/api/requests/x%0Ay/original",
        "/api/usersx",
    ],
)
async def test_what_looks_almost_like_it_is_refused_with_it(world: World, path: str) -> None:
    eve = await viewer(world)
    world.fails(await eve.ask("GET", path), 403, "forbidden")


@pytest.mark.parametrize(
    "path", ["/api/session%0A", "/api/session/password%0A", "/api/keys/x/check%0A", "/api/sessions/", "/api/session/x"]
)
async def test_what_looks_almost_allowed_is_not(world: World, path: str) -> None:
    eve = await viewer(world)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        world.fails(await eve.ask(method, path, {}), 403, "forbidden")


@pytest.mark.parametrize("path", ["/api/session%0A", "/api/proxy/status%0A", "/api/session/"])
async def test_what_looks_almost_open_is_not(world: World, path: str) -> None:
    world.fails(await world.stranger.post(path, json={}), 401, "unauthenticated")


async def test_methods_that_open_nothing(world: World) -> None:
    for method, path in (("POST", "/api/proxy/status"), ("PUT", "/api/session"), ("OPTIONS", "/api/session"), ("PATCH", "/api/keys")):
        world.fails(await world.stranger.request(method, path), 401, "unauthenticated")


async def test_a_viewers_token_changes_nothing(world: World) -> None:
    made = (await world.post("/api/tokens", {"name": "ci", "role": "viewer"})).json()
    world.authorization = f"Bearer {made['token']}"
    for method, path in routes(world):
        if method not in ("GET", "HEAD") and f"{method} {path}" not in VIEWERS_WRITE:
            world.fails(await world.ask(method, filled(path), {}), 403, "forbidden")
