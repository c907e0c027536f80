"""Users over REST."""

import pytest

from tests.controlplane.rest.browsers import SECRET, Browser, signed_in, viewer
from tests.controlplane.rest.world import World

EVE = {"name": "eve", "password": SECRET, "role": "viewer"}


async def test_a_users_life(world: World) -> None:
    reply = await world.post("/api/users", EVE)
    assert reply.status_code == 201
    made = reply.json()
    assert made == {
        "id": made["id"],
        "name": "eve",
        "role": "viewer",
        "enabled": True,
        "builtIn": False,
        "totp": False,
        "createdAt": "2026-03-01T00:00:00Z",
        "seenAt": None,
    }
    eve = await signed_in(world, "eve", SECRET)
    path = f"/api/users/{made['id']}"
    changed = await world.put(path, {"role": "admin", "password": SECRET + "!"})
    assert (changed.status_code, changed.json()["role"]) == (200, "admin")
    world.fails(await eve.client.get("/api/session"), 401, "unauthenticated")
    eve = await signed_in(world, "eve", SECRET + "!")
    assert (await eve.ask("POST", "/api/keys", {"name": "a"})).status_code == 201
    assert (await world.put(path, {"enabled": False})).json()["enabled"] is False
    world.fails(await eve.client.get("/api/session"), 401, "unauthenticated")
    world.fails(await Browser(world).sign_in("eve", SECRET + "!"), 401, "wrong_credentials")
    assert (await world.delete(path)).status_code == 204
    listed = (await world.get("/api/users")).json()
    assert ([row["id"] for row in listed["users"]], listed["total"], listed["nextCursor"]) == (["usr_admin"], 1, None)
    changes = [change for change in await world.changes() if change["action"].startswith("user.")]
    assert [change["action"] for change in changes] == ["user.delete", "user.update", "user.update", "user.create"]
    assert changes[2]["after"] == {"role": "admin", "password": "changed"}
    assert SECRET not in str(await world.changes())
    assert next(change["actor"] for change in await world.changes() if change["action"] == "key.create") == "eve"


async def test_the_built_in_administrator_stays(world: World) -> None:
    path = "/api/users/usr_admin"
    world.fails(await world.delete(path), 400, "invalid")
    world.fails(await world.put(path, {"enabled": False}), 400, "invalid", "enabled")
    world.fails(await world.put(path, {"role": "viewer"}), 400, "invalid", "role")
    assert (await world.put(path, {"enabled": True, "role": "admin"})).status_code == 200
    (row,) = (await world.get("/api/users")).json()["users"]
    assert (row["name"], row["role"], row["enabled"], row["builtIn"]) == ("admin", "admin", True, True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**EVE, "name": ""}, "name"),
        ({**EVE, "name": "token:x"}, "name"),
        ({**EVE, "name": None}, "name"),
        ({**EVE, "password": "too short"}, "password"),
        ({**EVE, "password": 5}, "password"),
        ({**EVE, "role": "owner"}, "role"),
        ({"name": "eve", "password": SECRET}, "role"),
        ({**EVE, "id": "usr_1"}, "id"),
    ],
)
async def test_bad_users(world: World, body: dict[str, object], field: str) -> None:
    reply = await world.post("/api/users", body)
    world.fails(reply, 400, "invalid", field)
    assert "too short" not in reply.text


async def test_bad_changes(world: World) -> None:
    made = (await world.post("/api/users", EVE)).json()
    path = f"/api/users/{made['id']}"
    for body, field in (
        ({"name": "x"}, "name"),
        ({"totp": True}, "totp"),
        ({"role": None}, "role"),
        ({"enabled": "no"}, "enabled"),
        ({"password": "short"}, "password"),
    ):
        world.fails(await world.put(path, body), 400, "invalid", field)
    world.fails(await world.post("/api/users", {**EVE, "name": "EVE"}), 409, "duplicate", "name")
    world.fails(await world.put("/api/users/usr_none", {"enabled": False}), 404, "not_found")
    world.fails(await world.delete("/api/users/usr_none"), 404, "not_found")


async def test_ones_own_password_given_as_an_administrator_leaves_the_session(world: World) -> None:
    made = (await world.post("/api/users", {**EVE, "role": "admin"})).json()
    eve, other = await signed_in(world, "eve", SECRET), await signed_in(world, "eve", SECRET)
    assert (await eve.ask("PUT", f"/api/users/{made['id']}", {"password": SECRET + "!"})).status_code == 200
    assert (await eve.client.get("/api/session")).status_code == 200
    world.fails(await other.client.get("/api/session"), 401, "unauthenticated")


async def test_a_lost_second_device(world: World) -> None:
    eve = await viewer(world)
    user_id = (await eve.client.get("/api/session")).json()["user"]["id"]
    await world.door.users.change(user_id, {"totp_secret": "JBSWY3DPEHPK3PXP"})
    world.fails(await Browser(world).sign_in("eve", SECRET), 401, "code_needed")
    assert (await world.put(f"/api/users/{user_id}", {"totp": False})).json()["totp"] is False
    world.fails(await eve.client.get("/api/session"), 401, "unauthenticated")
    assert (await Browser(world).sign_in("eve", SECRET)).status_code == 201


async def test_when_somebody_was_seen(world: World) -> None:
    await viewer(world)
    assert {row["name"]: row["seenAt"] for row in (await world.get("/api/users")).json()["users"]}["eve"] == "2026-03-01T00:00:00Z"
