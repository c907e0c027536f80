"""Usage over time, against the real rollups. The world's clock stands at midnight UTC, the first of March 2026."""

from tests.controlplane.rest.world import World

FIGURES = {
    "requests": 1,
    "success": 1,
    "failed": 0,
    "counted": 1,
    "input": 10,
    "cacheRead": 3,
    "cacheWrite": 2,
    "output": 7,
    "savedTokens": 0,
    "summaryTokens": 0,
    "credits": 0.5,
}
BAD: list[tuple[dict[str, str], str]] = [
    ({"period": "minute"}, "period"),
    ({"by": "colour"}, "by"),
    ({"from": "yesterday"}, "from"),
    ({"to": "1772323200"}, "to"),
    ({"from": "2026-03-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}, "to"),
    ({"period": "hour", "from": "2026-01-01T00:00:00Z"}, "from"),
    ({"from": "1970-01-02T00:00:00Z"}, "from"),
    ({"begin": "2026-01-01T00:00:00Z"}, "begin"),
    ({"keyId": "a\0b"}, "keyId"),
]


async def test_usage_by_the_day(world: World) -> None:
    await world.served("req_1")
    world.clock.pass_(86400)
    await world.served("req_2")
    await world.served("req_3")
    said = (await world.get("/api/usage")).json()
    assert {name: said[name] for name in ("period", "by", "from", "to")} == {
        "period": "day",
        "by": None,
        "from": "2026-01-31T00:00:00Z",
        "to": "2026-03-02T00:00:01Z",
    }
    first, second = said["buckets"]
    assert second["cost"] == 2 * first.pop("cost")
    assert first == {"start": "2026-03-01T00:00:00Z", "name": None, **FIGURES}
    assert (second["start"], second["requests"], second["credits"]) == ("2026-03-02T00:00:00Z", 2, 1.0)


async def test_usage_by_the_hour_told_apart(world: World) -> None:
    await world.served("req_1")
    world.clock.pass_(3600)
    await world.served("req_2")
    query = {"period": "hour", "from": "2026-03-01T00:59:00Z", "to": "2026-03-01T01:00:00Z"}
    for by, name in (("key", "proxy"), ("account", "acc_2"), ("model", "claude-sonnet-4.5")):
        said = (await world.get("/api/usage", **query, by=by)).json()
        assert (said["from"], said["to"]) == ("2026-03-01T00:00:00Z", "2026-03-01T01:00:00Z")
        assert [(row["start"], row["name"], row["requests"]) for row in said["buckets"]] == [("2026-03-01T00:00:00Z", name, 1)]
    for field, value, count in (("keyId", "proxy", 1), ("keyId", "key_1", 0), ("accountId", "acc_2", 1), ("model", "opus", 0)):
        said = (await world.get("/api/usage", **query, **{field: value})).json()
        assert len(said["buckets"]) == count


async def test_bad_queries(world: World) -> None:
    for query, field in BAD:
        world.fails(await world.get("/api/usage", **query), 400, "invalid", field)


async def test_usage_is_the_administrators(world: World) -> None:
    world.fails(await world.stranger.get("/api/usage"), 401, "unauthenticated")
