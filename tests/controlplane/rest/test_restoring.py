"""Undoing the removal of an account or a key over REST."""

from tests.controlplane.rest.world import World, refresh_token

TARGET = {"kind": "kiro", "model": "claude-sonnet-4.5"}


async def test_an_account_and_its_routes_come_back(world: World) -> None:
    account = await world.account("a", label="mine", priority=3)
    path = f"/api/accounts/{account['id']}"
    await world.settled(account["id"])
    before = (await world.get(path)).json()
    routes = [{"name": "best", "match": "prefix", "targets": [{**TARGET, "accountIds": [account["id"]]}]}]
    assert (await world.put("/api/routes", {"routes": routes})).status_code == 200
    assert (await world.delete(path)).status_code == 204
    assert (await world.get("/api/routes")).json()["routes"] == []

    reply = await world.post(f"{path}/restore")
    assert reply.status_code == 200
    assert {**reply.json(), "hasAccessToken": True} == {**before, "hasAccessToken": True}
    assert (await world.get("/api/routes")).json()["routes"] == routes
    (change,) = await world.changes(action="account.restore")
    assert (change["target"], change["targetName"], change["before"]) == (account["id"], "mine", None)
    assert change["after"]["label"] == "mine"
    assert [one["action"] for one in await world.changes()][:2] == ["routes.update", "account.restore"]
    world.fails(await world.post(f"{path}/restore"), 404, "not_found")
    assert (await world.post(f"{path}/refresh")).status_code == 200
    assert world.provider.refreshed[-1] == refresh_token("a"), "its secrets are what they were"


async def test_its_past_comes_back(world: World) -> None:
    account = await world.account("a", label="mine")
    path = f"/api/accounts/{account['id']}"
    await world.settled(account["id"])
    await world.get(f"{path}/usage")
    await world.services.timeline.tend()
    before = [one for one in (await world.get(f"{path}/timeline")).json()["events"] if one["type"] != "change"]
    assert before
    await world.delete(path)
    await world.post(f"{path}/restore")
    after = [one for one in (await world.get(f"{path}/timeline")).json()["events"] if one["type"] != "change"]
    assert [{**one, "id": ""} for one in after] == [{**one, "id": ""} for one in before]


async def test_an_account_whose_label_was_taken(world: World) -> None:
    account = await world.account("a", label="mine")
    await world.delete(f"/api/accounts/{account['id']}")
    await world.account("b", label="mine")
    world.fails(await world.post(f"/api/accounts/{account['id']}/restore"), 409, "duplicate", "label")


async def test_after_ten_minutes_nothing_comes_back(world: World) -> None:
    account, key = await world.account(), await world.key()
    await world.delete(f"/api/accounts/{account['id']}")
    await world.delete(f"/api/keys/{key['id']}")
    world.clock.pass_(600)
    world.fails(await world.post(f"/api/accounts/{account['id']}/restore"), 404, "not_found")
    world.fails(await world.post(f"/api/keys/{key['id']}/restore"), 404, "not_found")


async def test_a_key_comes_back_and_works(world: World) -> None:
    key = await world.key("mine", limits={"requests": {"day": 5}})
    path = f"/api/keys/{key['id']}"
    before = (await world.get(path)).json()
    await world.delete(path)
    assert world.services.keys.find(key["key"]) is None
    reply = await world.post(f"{path}/restore")
    assert reply.status_code == 200
    assert reply.json() == before == (await world.get(path)).json()
    assert world.services.keys.find(key["key"]) is not None
    (change,) = await world.changes(action="key.restore")
    assert (change["target"], change["targetName"], change["after"]["name"]) == (key["id"], "mine", "mine")
    await world.delete(path)
    await world.key("mine")
    world.fails(await world.post(f"{path}/restore"), 409, "duplicate", "name")
