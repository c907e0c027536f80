"""Another site can make a browser send its cookie; it gets nothing done with it."""

import pytest

from tests.controlplane.rest.browsers import SECRET, signed_in, viewer
from tests.controlplane.rest.test_roles import filled, routes
from tests.controlplane.rest.world import PASSWORD, World


async def test_a_cookie_alone_changes_nothing(world: World) -> None:
    browser = await signed_in(world)
    for method, path in routes(world):
        if method not in ("GET", "HEAD"):
            world.fails(await browser.ask(method, filled(path), {}, csrf=""), 403, "csrf")
    assert (await browser.client.get("/api/session")).status_code == 200


@pytest.mark.parametrize("word", ["x", "0" * 64, "\u00e4"])
async def test_a_wrong_word(world: World, word: str) -> None:
    browser = await signed_in(world)
    reply = await browser.client.post("/api/keys", json={"name": "a"}, headers={"x-csrf-token": word.encode()})
    world.fails(reply, 403, "csrf")


async def test_the_word_of_another_session(world: World) -> None:
    one, other = await signed_in(world), await signed_in(world)
    assert one.csrf != other.csrf
    world.fails(await one.ask("POST", "/api/keys", {"name": "a"}, csrf=other.csrf), 403, "csrf")
    assert (await one.ask("POST", "/api/keys", {"name": "a"})).status_code == 201


async def test_reading_needs_none(world: World) -> None:
    browser = await signed_in(world)
    assert (await browser.ask("GET", "/api/keys", csrf="")).status_code == 200


async def test_scripts_need_none(world: World) -> None:
    browser = await signed_in(world)
    headers = {"authorization": f"Bearer {PASSWORD}"}
    assert (await browser.client.post("/api/keys", json={"name": "a"}, headers=headers)).status_code == 201


async def test_a_wrong_bearer_is_not_made_good_by_a_cookie(world: World) -> None:
    browser = await signed_in(world)
    world.fails(await browser.client.get("/api/keys", headers={"authorization": "Bearer wrong"}), 401, "unauthenticated")


async def test_it_is_asked_for_before_the_role(world: World) -> None:
    eve = await viewer(world)
    body = {"current": SECRET, "new": SECRET + "!"}
    world.fails(await eve.ask("PUT", "/api/session/password", body, csrf=""), 403, "csrf")
