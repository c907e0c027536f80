"""The routing table, against the real services."""

import json
from typing import Any

from controlplane.service.routes import FIRST
from tests.controlplane.rest.world import World

TARGET: dict[str, Any] = {"kind": "kiro", "model": "claude-sonnet-4.5"}
ROUTE: dict[str, Any] = {"name": "best", "match": "exact", "targets": [TARGET, {"kind": "anthropic", "model": ""}]}
READ = {**ROUTE, "targets": [{**target, "accountIds": []} for target in ROUTE["targets"]]}
BAD: list[tuple[Any, str]] = [
    ({}, "routes"),
    ({"routes": None}, "routes"),
    ({"routes": [{}]}, "routes[0].name"),
    ({"routes": [{**ROUTE, "name": ""}]}, "routes[0].name"),
    ({"routes": [{**ROUTE, "name": "kiro/best"}]}, "routes[0].name"),
    ({"routes": [{**ROUTE, "name": "a\nb"}]}, "routes[0].name"),
    ({"routes": [ROUTE, ROUTE]}, "routes[1].name"),
    ({"routes": [{**ROUTE, "match": "regex"}]}, "routes[0].match"),
    ({"routes": [{**ROUTE, "targets": []}]}, "routes[0].targets"),
    ({"routes": [{**ROUTE, "targets": [TARGET] * 21}]}, "routes[0].targets"),
    ({"routes": [{**ROUTE, "targets": [{**TARGET, "kind": "gemini"}]}]}, "routes[0].targets[0].kind"),
    ({"routes": [{**ROUTE, "targets": [{"kind": "kiro"}]}]}, "routes[0].targets[0].model"),
    ({"routes": [{**ROUTE, "targets": [TARGET, {**TARGET, "accountIds": ["acc_1"]}]}]}, "routes[0].targets[1].accountIds"),
    ({"routes": [{**ROUTE, "targets": [{**TARGET, "account_ids": []}]}]}, "routes[0].targets[0].account_ids"),
    ({"routes": [{**ROUTE, "id": "x"}]}, "routes[0].id"),
    ({"routes": [], "more": 1}, "more"),
]


async def test_the_first_start_brings_routes(world: World) -> None:
    listed = (await world.get("/api/routes")).json()
    assert set(listed) == {"routes"}
    assert [row["name"] for row in listed["routes"]] == [route.name for route in FIRST]
    (haiku,) = (row for row in listed["routes"] if row["name"] == "claude-haiku-5-5")
    assert haiku["targets"][-1] == {"kind": "kiro", "model": "claude-haiku-4.5", "accountIds": []}


async def test_the_list_is_replaced_at_once(world: World) -> None:
    account = await world.settled((await world.account("a"))["id"])
    only = {"kind": "kiro", "model": "claude-sonnet-4.5", "accountIds": [account["id"], account["id"]]}
    wanted = [ROUTE, {"name": "my-", "match": "prefix", "targets": [only]}]
    reply = await world.put("/api/routes", {"routes": wanted})
    assert reply.status_code == 200
    assert reply.json() == (await world.get("/api/routes")).json()
    assert reply.json()["routes"][0] == READ
    assert reply.json()["routes"][1]["targets"] == [{**only, "accountIds": [account["id"]]}]
    assert (await world.put("/api/routes", reply.json())).json() == reply.json()
    models = {row["id"]: row["routes"] for row in (await world.get("/api/models")).json()["models"]}
    assert models == {"claude-sonnet-4.5": ["best"]}
    assert (await world.put("/api/routes", {"routes": []})).json() == {"routes": []}


async def test_who_changed_what_is_noted(world: World) -> None:
    await world.put("/api/routes", {"routes": []})
    await world.put("/api/routes", {"routes": [ROUTE]})
    await world.put("/api/routes", {"routes": [ROUTE]})
    noted = await world.changes(action="routes")
    assert len(noted) == 2, "what changes nothing is not noted"
    assert (noted[0]["action"], noted[0]["target"]) == ("routes.update", "routes")
    assert (noted[0]["before"], noted[0]["after"]) == ({"routes": []}, {"routes": [READ]})


async def test_a_deleted_account_leaves_no_name_behind(world: World) -> None:
    account = (await world.account("a"))["id"]
    mine = {"name": "mine", "match": "prefix", "targets": [{**TARGET, "accountIds": [account]}]}
    assert (await world.put("/api/routes", {"routes": [ROUTE, mine]})).status_code == 200
    assert (await world.delete(f"/api/accounts/{account}")).status_code == 204
    listed = (await world.get("/api/routes")).json()
    assert listed == {"routes": [READ]}
    assert (await world.put("/api/routes", listed)).status_code == 200
    deleted, *_ = await world.changes(action="routes")
    assert [route["name"] for route in deleted["before"]["routes"]] == ["best", "mine"]
    assert deleted["after"] == listed


async def test_a_name_that_nobody_serves_any_more_stays_taken(world: World) -> None:
    account = (await world.account("a"))["id"]
    mine = {**ROUTE, "name": "mine", "targets": [{**TARGET, "accountIds": [account]}]}
    listed = (await world.put("/api/routes", {"routes": [mine]})).json()
    assert (await world.delete(f"/api/accounts/{account}")).status_code == 204
    assert (await world.get("/api/routes")).json() == listed
    assert (await world.put("/api/routes", listed)).status_code == 200


async def test_an_account_that_no_route_names_leaves_no_note(world: World) -> None:
    account = (await world.account("a"))["id"]
    assert (await world.delete(f"/api/accounts/{account}")).status_code == 204
    assert await world.changes(action="routes") == []


async def test_bad_bodies_change_nothing(world: World) -> None:
    before = (await world.get("/api/routes")).json()
    for body, field in BAD:
        world.fails(await world.put("/api/routes", body), 400, "invalid", field)
    assert (await world.get("/api/routes")).json() == before
    assert await world.changes(action="routes") == []


async def test_routes_are_the_administrators(world: World) -> None:
    for method in ("GET", "PUT"):
        reply = await world.stranger.request(method, "/api/routes", content=json.dumps({"routes": []}))
        world.fails(reply, 401, "unauthenticated")
