"""Testing an account over REST: what is streamed, and what is refused before that."""

import asyncio
import json
from typing import Any

from controlplane.service.testing import MOST, Answered, Complete, GatewayAway, Said
from tests.controlplane.rest.world import World

GOOD = [Answered(200, "req_1"), Said("hm", reasoning=True), Said("Hel"), Said("lo"), Complete()]


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream; comments are none."""
    found = []
    for part in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in part.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


async def test_the_events_of_a_test(world: World) -> None:
    account = await world.account()
    world.gateway.answers = [*GOOD]
    reply = await world.post(f"/api/accounts/{account['id']}/test", {"model": "claude-sonnet-4.5"})
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-store"
    assert events(reply.text) == [
        ("started", {"model": "claude-sonnet-4.5", "requestId": "req_1"}),
        ("reasoning", {"text": "hm"}),
        ("text", {"text": "Hel"}),
        ("text", {"text": "lo"}),
        ("done", {"requestId": "req_1", "status": 200, "durationMs": 0, "firstEventMs": 0, "text": "Hello"}),
    ]
    (change, *_) = await world.changes(action="account.test")
    assert (change["target"], change["before"], change["after"]) == (account["id"], None, None)
    assert world.gateway.credentials[0] not in json.dumps(await world.changes())


async def test_a_data_plane_that_is_away_is_a_failed_test(world: World) -> None:
    account = await world.account()
    world.gateway.answers = [GatewayAway("the data plane at http://127.0.0.1:8000 cannot be reached")]
    reply = await world.post(f"/api/accounts/{account['id']}/test")
    ((name, told),) = events(reply.text)
    assert name == "failed"
    assert (told["requestId"], told["status"], told["code"]) == (None, None, "gateway_unreachable")
    assert "http://127.0.0.1:8000" in told["message"]


async def test_what_is_refused_before_it_begins(world: World) -> None:
    account = await world.account()
    path = f"/api/accounts/{account['id']}/test"
    world.fails(await world.post("/api/accounts/acc_none/test"), 404, "not_found")
    world.fails(await world.post(path, {"model": ""}), 400, "invalid", "model")
    world.fails(await world.post(path, {"account": "x"}), 400, "invalid", "account")
    world.fails(await world.stranger.post(path), 401, "unauthenticated")
    assert world.gateway.credentials == []
    assert await world.changes(action="account.test") == []


async def test_only_so_many_at_a_time(world: World) -> None:
    account = await world.account()
    path = f"/api/accounts/{account['id']}/test"
    world.gateway.answers, world.gateway.gate = [*GOOD], asyncio.Event()
    running = [asyncio.ensure_future(world.post(path)) for _ in range(MOST)]
    async with asyncio.timeout(5):
        while len(world.gateway.credentials) < MOST:  # noqa: ASYNC110 - there is no event on this side of HTTP
            await asyncio.sleep(0.005)
    reply = await world.post(path)
    world.fails(reply, 429, "too_many_tests")
    assert reply.headers["retry-after"]
    world.gateway.gate.set()
    for done in await asyncio.gather(*running):
        assert events(done.text)[-1][0] == "done"
    assert (await world.post(path)).status_code == 200


async def test_who_leaves_makes_room(world: World) -> None:
    account = await world.account()
    world.gateway.answers, world.gateway.gate = [*GOOD], asyncio.Event()
    asked = asyncio.ensure_future(world.post(f"/api/accounts/{account['id']}/test"))
    async with asyncio.timeout(5):
        while not world.gateway.credentials:  # noqa: ASYNC110 - there is no event on this side of HTTP
            await asyncio.sleep(0.005)
    asked.cancel()
    await asyncio.wait((asked,))
    assert world.services.testing._running == 0


async def test_the_playgrounds_pass(world: World) -> None:
    reply = await world.post("/api/playground/pass")
    assert reply.status_code == 201
    made = reply.json()
    assert set(made) == {"pass", "expiresAt"}
    assert made["pass"].startswith("hgp-")
    found = world.services.passes.read(made["pass"])
    assert found is not None
    assert (found.account_id, found.expires_at) == ("", world.clock.time + 1800)
    (change,) = await world.changes(action="playground.pass")
    assert (change["actor"], found.holder) == ("admin", "usr_admin")
    assert made["pass"] not in json.dumps(await world.changes())
