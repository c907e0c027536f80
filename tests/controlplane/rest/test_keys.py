"""The key routes, against the real services."""

import pytest

from controlplane.domain.lease import Caller, Identity, Refusal
from tests.controlplane.rest.world import World

PLAIN = ("enabled", "allowedModels", "allowedAccountIds", "allowedIps", "strict", "compression")


async def test_a_key_is_shown_once(world: World) -> None:
    reply = await world.post("/api/keys", {"name": "laptop"})
    assert reply.status_code == 201
    made = reply.json()
    secret = made.pop("key")
    assert secret.startswith("kg-")
    assert len(secret) == 3 + 48
    assert secret.startswith(made["prefix"])
    assert (made["name"], made["enabled"], made["expiresAt"], made["oldKeyUntil"]) == ("laptop", True, None, None)
    assert (await world.get(f"/api/keys/{made['id']}")).json() == made
    assert (await world.get("/api/keys")).json() == {"keys": [made], "nextCursor": None, "total": 1}
    assert isinstance(world.services.leasing.identify(Caller(secret)), Identity)


async def test_every_field_of_a_key(world: World) -> None:
    account = await world.account()
    body = {
        "name": "ci",
        "enabled": False,
        "allowedModels": ["claude-*", "auto"],
        "allowedAccountIds": [account["id"]],
        "allowedIps": ["10.0.0.0/8", "::1"],
        "expiresAt": "2030-01-31T13:00:00+01:00",
        "creditLimit": None,
        "limits": None,
        "strict": True,
        "compression": False,
    }
    made = (await world.post("/api/keys", body)).json()
    assert made["expiresAt"] == "2030-01-31T12:00:00Z"
    assert {name: made[name] for name in PLAIN} == {name: body[name] for name in PLAIN}


async def test_put_merges_and_null_clears(world: World) -> None:
    made = await world.key("a", allowedModels=["x"], expiresAt="2030-01-01T00:00:00Z")
    changed = (await world.put(f"/api/keys/{made['id']}", {"allowedModels": None, "name": "b"})).json()
    assert (changed["name"], changed["allowedModels"], changed["expiresAt"]) == ("b", [], "2030-01-01T00:00:00Z")
    changed = (await world.put(f"/api/keys/{made['id']}", {"expiresAt": None, "enabled": False})).json()
    assert (changed["expiresAt"], changed["enabled"]) == (None, False)
    changed = (await world.put(f"/api/keys/{made['id']}", {"enabled": None})).json()
    assert changed["enabled"] is True
    changed = (await world.put(f"/api/keys/{made['id']}", {"strict": True})).json()
    assert (made["strict"], changed["strict"], changed["name"]) == (False, True, "b")
    assert (await world.put(f"/api/keys/{made['id']}", {"strict": None})).json()["strict"] is False
    changed = (await world.put(f"/api/keys/{made['id']}", {"compression": False})).json()
    assert (made["compression"], changed["compression"], changed["name"]) == (True, False, "b")
    assert (await world.put(f"/api/keys/{made['id']}", {"name": "c"})).json()["compression"] is False
    assert (await world.put(f"/api/keys/{made['id']}", {"compression": None})).json()["compression"] is True
    assert isinstance(world.services.leasing.identify(Caller(made["key"])), Identity)


async def test_a_key_of_an_account_that_is_gone_can_be_saved_as_it_is(world: World) -> None:
    gone, other = await world.account("a"), await world.account("b")
    made = await world.key("a", allowedAccountIds=[gone["id"]])
    path = f"/api/keys/{made['id']}"
    assert (await world.delete(f"/api/accounts/{gone['id']}")).status_code == 204
    read = (await world.get(path)).json()
    saved = await world.put(path, {name: read[name] for name in (*PLAIN, "name", "expiresAt", "limits")})
    assert (saved.status_code, saved.json()) == (200, read)
    both = [other["id"], gone["id"]]
    assert (await world.put(path, {"allowedAccountIds": both})).json()["allowedAccountIds"] == both
    world.fails(await world.put(path, {"allowedAccountIds": [*both, "acc_none"]}), 400, "invalid", "allowedAccountIds")
    world.fails(await world.post("/api/keys", {"name": "b", "allowedAccountIds": both}), 400, "invalid", "allowedAccountIds")
    assert (await world.put(path, {"allowedAccountIds": [other["id"]]})).status_code == 200
    world.fails(await world.put(path, {"allowedAccountIds": both}), 400, "invalid", "allowedAccountIds")


async def test_a_list_is_searched_and_sorted(world: World) -> None:
    """Also in pages, and for names as long as they may be."""
    long = "straße " + "ж" * 90
    made = [await world.key(name) for name in ("Zebra", "ada", long, "STRASSE 2")]

    async def names(query: str) -> list[str]:
        return [each["name"] for each in (await world.get(f"/api/keys?{query}")).json()["keys"]]

    assert {*await names("text=strasse")} == {long, "STRASSE 2"}
    assert await names(f"text={made[0]['prefix']}") == ["Zebra"]
    assert await names(f"text={made[1]['id']}&enabled=false") == []
    assert await names("sort=name") == ["ada", "STRASSE 2", long, "Zebra"]
    first = (await world.get("/api/keys?sort=name&limit=3")).json()
    assert first["total"] == 4
    assert await names(f"sort=name&limit=3&cursor={first['nextCursor']}") == ["Zebra"]
    assert len(await names("sort=requests")) == 4
    world.fails(await world.get("/api/keys?sort=prefix"), 400, "invalid", "sort")


async def test_delete_ends_it_at_once(world: World) -> None:
    made = await world.key()
    assert (await world.delete(f"/api/keys/{made['id']}")).status_code == 204
    world.fails(await world.get(f"/api/keys/{made['id']}"), 404, "not_found")
    assert isinstance(world.services.leasing.identify(Caller(made["key"])), Refusal)


async def test_rotate(world: World) -> None:
    made = await world.key()
    reply = await world.post(f"/api/keys/{made['id']}/rotate")
    assert reply.status_code == 200
    second = reply.json()
    assert set(second) == {"id", "key"}
    assert second["id"] == made["id"]
    assert isinstance(world.services.leasing.identify(Caller(made["key"])), Refusal)
    third = (await world.post(f"/api/keys/{made['id']}/rotate", {"graceSeconds": 60})).json()
    for secret in (second["key"], third["key"]):
        assert isinstance(world.services.leasing.identify(Caller(secret)), Identity)
    assert (await world.get(f"/api/keys/{made['id']}")).json()["oldKeyUntil"] is not None
    world.clock.pass_(61)
    assert isinstance(world.services.leasing.identify(Caller(second["key"])), Refusal)
    assert (await world.get(f"/api/keys/{made['id']}")).json()["oldKeyUntil"] is None


async def test_check(world: World) -> None:
    made = await world.key(allowedModels=["claude-*"], allowedIps=["10.0.0.0/8"])
    account = await world.account()
    await world.settled(account["id"])
    path = f"/api/keys/{made['id']}/check"
    assert (await world.post(path, {"model": "claude-sonnet-4.5", "address": "10.1.2.3"})).json() == {
        "allowed": True,
        "reason": None,
        "message": None,
        "retryAfter": None,
    }
    refused = (await world.post(path, {"model": "claude-sonnet-4.5"})).json()
    assert (refused["allowed"], refused["reason"]) == (False, "address_not_allowed")
    assert refused["message"]


async def test_a_second_rotation_within_the_grace_ends_the_first_key(world: World) -> None:
    made = await world.key()
    path = f"/api/keys/{made['id']}/rotate"
    second, third = [(await world.post(path, {"graceSeconds": 3600})).json() for _ in range(2)]
    assert isinstance(world.services.leasing.identify(Caller(made["key"])), Refusal)
    for secret in (second["key"], third["key"]):
        said = world.services.leasing.identify(Caller(secret))
        assert isinstance(said, Identity)
        assert said.key_id == made["id"]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/check")])
async def test_what_is_not_there_is_404(world: World, method: str, path: str) -> None:
    body = {"PUT": {}, "POST": {"model": "x"} if path == "/check" else {}}.get(method)
    world.fails(await world.ask(method, f"/api/keys/key_none{path}", body), 404, "not_found")


async def test_a_name_is_taken_once(world: World) -> None:
    first = await world.key("a")
    world.fails(await world.post("/api/keys", {"name": "a"}), 409, "duplicate", "name")
    second = await world.key("b")
    world.fails(await world.put(f"/api/keys/{second['id']}", {"name": "a"}), 409, "duplicate", "name")
    assert (await world.put(f"/api/keys/{first['id']}", {"name": "a"})).status_code == 200


async def test_lists_are_cut_into_pages_and_filtered(world: World) -> None:
    for name in "abc":
        await world.key(name, enabled=name != "b")
        world.clock.pass_(1)
    first = (await world.get("/api/keys", limit=2)).json()
    second = (await world.get("/api/keys", limit=2, cursor=first["nextCursor"])).json()
    assert [key["name"] for key in first["keys"] + second["keys"]] == ["a", "b", "c"]
    assert second["nextCursor"] is None
    assert [key["name"] for key in (await world.get("/api/keys", enabled="false")).json()["keys"]] == ["b"]
