"""Signing in on another device over REST, from the code to the account."""

import asyncio
import json
from typing import Any

from controlplane.domain.account import Tokens
from controlplane.domain.errors import ProviderUnavailable
from controlplane.service.device_login import MOST, START_URL, Verdict
from tests.controlplane.rest.world import World, refresh_token

PATH = "/api/accounts/login/kiro"
TOKENS = Tokens("aoaAAAAAMARKED-device-access", 3600, refresh_token("device"))


async def ended(world: World, path: str) -> Any:
    """What is told of it once it is over."""
    async with asyncio.timeout(5):
        while (told := (await world.get(path)).json())["status"] == "pending":  # noqa: ASYNC110 - there is no event on this side of HTTP
            await asyncio.sleep(0.005)
    return told


async def test_from_the_code_to_the_account(world: World) -> None:
    reply = await world.post(PATH, {"label": "mine", "region": "eu-west-1", "startUrl": "https://my.awsapps.com/start"})
    assert reply.status_code == 202
    begun = reply.json()
    assert begun == {
        "id": begun["id"],
        "userCode": "CODE-1",
        "verificationUri": "https://device.test/",
        "verificationUriComplete": "https://device.test/?user_code=CODE-1",
        "expiresAt": begun["expiresAt"],
    }
    assert world.devices.begun == [("eu-west-1", "https://my.awsapps.com/start")]
    path = reply.headers["location"]
    assert path == f"{PATH}/{begun['id']}"
    assert (await world.get(path)).json() == {"status": "pending", "accountId": None, "error": None}
    world.devices.answer.put_nowait(TOKENS)
    told = await ended(world, path)
    account = (await world.get(f"/api/accounts/{told['accountId']}")).json()
    assert told == {"status": "done", "accountId": account["id"], "error": None}
    assert (account["label"], account["authMethod"], account["region"], account["hasRefreshToken"]) == ("mine", "idc", "eu-west-1", True)
    (change,) = await world.changes(action="account.create")
    assert (change["actor"], change["target"], change["after"]["refreshToken"]) == ("admin", account["id"], "changed")
    for answer in world.answers:
        assert "MARKED" not in answer.text
    assert "MARKED" not in json.dumps(await world.changes())


async def test_all_of_it_may_be_left_out(world: World) -> None:
    assert (await world.post(PATH)).status_code == 202
    assert (await world.post(PATH, {})).status_code == 202
    assert world.devices.begun == [("us-east-1", START_URL)] * 2


async def test_a_person_says_no(world: World) -> None:
    path = (await world.post(PATH)).headers["location"]
    world.devices.answer.put_nowait(Verdict.DENIED)
    assert await ended(world, path) == {"status": "denied", "accountId": None, "error": None}
    world.clock.pass_(601)
    world.fails(await world.get(path), 404, "not_found")
    assert await world.changes(action="account.create") == []


async def test_what_is_refused(world: World) -> None:
    await world.account(label="mine")
    world.fails(await world.post(PATH, {"label": "Mine"}), 409, "duplicate", "label")
    world.fails(await world.post(PATH, {"label": "a/b"}), 400, "invalid", "label")
    world.fails(await world.post(PATH, {"label": "kiro"}), 400, "invalid", "label")
    world.fails(await world.post(PATH, {"region": "moon"}), 400, "invalid", "region")
    world.fails(await world.post(PATH, {"startUrl": "http://my.awsapps.com/start"}), 400, "invalid", "startUrl")
    world.fails(await world.post(PATH, {"url": "x"}), 400, "invalid", "url")
    world.fails(await world.get(f"{PATH}/login_none"), 404, "not_found")
    world.fails(await world.stranger.post(PATH), 401, "unauthenticated")
    assert world.devices.begun == []
    world.devices.refusal = ProviderUnavailable("the sign-in service could not be reached")
    world.fails(await world.post(PATH), 503, "provider_unavailable")


async def test_only_so_many_wait(world: World) -> None:
    for _ in range(MOST):
        assert (await world.post(PATH)).status_code == 202
    reply = await world.post(PATH)
    world.fails(reply, 429, "too_many_logins")
    assert reply.headers["retry-after"]
