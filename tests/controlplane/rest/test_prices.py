"""The price routes, against the real services."""

from typing import Any

from tests.controlplane.rest.world import World

FULL = {"model": "auto", "input": 1, "output": 2.5, "cacheRead": 0, "cacheWrite": 0.125}
BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "model"),
    ({**FULL, "model": ""}, "model"),
    ({**FULL, "model": "a\nb"}, "model"),
    ({**FULL, "model": None}, "model"),
    ({**FULL, "input": -1}, "input"),
    ({**FULL, "input": "1"}, "input"),
    ({**FULL, "input": True}, "input"),
    ({**FULL, "output": 10**7}, "output"),
    ({**FULL, "output": None}, "output"),
    ({**FULL, "cache_read": 1}, "cache_read"),
    ({**FULL, "cacheWrite": [1]}, "cacheWrite"),
    ({**FULL, "id": "price_1"}, "id"),
]


async def test_the_first_start_brings_prices(world: World) -> None:
    listed = (await world.get("/api/prices")).json()
    assert listed["nextCursor"] is None
    assert listed["total"] == len(listed["prices"])
    found = {row["model"]: row for row in listed["prices"]}
    assert list(found) == sorted(found)
    sonnet = found["claude-sonnet-*"]
    assert {name: sonnet[name] for name in sonnet if name not in ("id", "model")} == {
        "input": 3.0,
        "output": 15.0,
        "cacheRead": 0.3,
        "cacheWrite": 3.75,
    }


async def test_a_price_is_made_changed_and_removed(world: World) -> None:
    reply = await world.post("/api/prices", FULL)
    assert reply.status_code == 201
    made = reply.json()
    assert made == {**FULL, "id": made["id"]}
    changed = await world.put(f"/api/prices/{made['id']}", {"output": 3, "cacheRead": None})
    assert changed.status_code == 200
    assert changed.json() == {**made, "output": 3, "cacheRead": 0.1}
    assert changed.json() in (await world.get("/api/prices")).json()["prices"]
    assert (await world.delete(f"/api/prices/{made['id']}")).status_code == 204
    assert made["id"] not in {row["id"] for row in (await world.get("/api/prices")).json()["prices"]}


async def test_who_changed_what_is_noted(world: World) -> None:
    made = (await world.post("/api/prices", FULL)).json()
    await world.put(f"/api/prices/{made['id']}", {"output": 3})
    await world.delete(f"/api/prices/{made['id']}")
    noted = (await world.get("/api/audit", action="price")).json()["changes"]
    assert [(row["action"], row["target"], row["targetName"]) for row in noted] == [
        (f"price.{action}", made["id"], "auto") for action in ("delete", "update", "create")
    ]
    assert (noted[1]["before"], noted[1]["after"]) == ({"output": 2.5}, {"output": 3.0})


async def test_prices_of_the_cache_follow_the_input(world: World) -> None:
    sonnet = next(row for row in (await world.get("/api/prices")).json()["prices"] if row["model"] == "claude-sonnet-*")
    changed = (await world.put(f"/api/prices/{sonnet['id']}", {"input": 10})).json()
    assert (changed["cacheRead"], changed["cacheWrite"]) == (1.0, 12.5)
    changed = (await world.put(f"/api/prices/{sonnet['id']}", {"input": 5, "cacheRead": 1.0})).json()
    assert (changed["cacheRead"], changed["cacheWrite"]) == (1.0, 6.25)
    noted = await world.changes(target=sonnet["id"])
    assert noted[0]["after"] == {"input": 5.0, "cacheWrite": 6.25}


async def test_lists_are_cut_into_pages(world: World) -> None:
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await world.get("/api/prices", **query)).json()
        seen += [row["model"] for row in page["prices"]]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]
    assert len(seen) == page["total"] > 2
    assert seen == sorted(seen)


async def test_a_model_has_one_price(world: World) -> None:
    made = (await world.post("/api/prices", FULL)).json()
    world.fails(await world.post("/api/prices", FULL), 409, "duplicate", "model")
    world.fails(await world.put(f"/api/prices/{made['id']}", {"model": "claude-opus-*"}), 409, "duplicate", "model")


async def test_what_is_not_there_is_404(world: World) -> None:
    world.fails(await world.put("/api/prices/price_none", {}), 404, "not_found")
    world.fails(await world.delete("/api/prices/price_none"), 404, "not_found")


async def test_bad_bodies(world: World) -> None:
    for body, field in BAD:
        world.fails(await world.post("/api/prices", body), 400, "invalid", field)


async def test_what_cannot_be_cleared(world: World) -> None:
    made = (await world.post("/api/prices", FULL)).json()
    for field in ("model", "input", "output"):
        world.fails(await world.put(f"/api/prices/{made['id']}", {field: None}), 400, "invalid", field)


async def test_no_number_is_a_price(world: World) -> None:
    for figure in (b"NaN", b"Infinity", b"1e999"):
        world.fails(await world.send("POST", "/api/prices", b'{"model":"auto","input":1,"output":%s}' % figure), 400, "invalid")


async def test_prices_are_the_administrators(world: World) -> None:
    for method, path in (("GET", "/api/prices"), ("POST", "/api/prices"), ("PUT", "/api/prices/x"), ("DELETE", "/api/prices/x")):
        world.fails(await world.stranger.request(method, path), 401, "unauthenticated")
