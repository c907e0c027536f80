"""Tokens over REST."""

import pytest

from tests.controlplane.rest.browsers import signed_in
from tests.controlplane.rest.world import World


async def test_a_tokens_life(world: World) -> None:
    admin = await signed_in(world)
    reply = await admin.ask("POST", "/api/tokens", {"name": "ci", "role": "viewer", "expiresAt": "2026-03-02T00:00:00Z"})
    assert reply.status_code == 201
    made = reply.json()
    secret = made.pop("token")
    assert (made["name"], made["role"], made["createdBy"], made["usedAt"]) == ("ci", "viewer", "admin", None)
    assert made["expiresAt"] == "2026-03-02T00:00:00Z"
    assert secret.startswith(made["prefix"])
    world.authorization = f"Bearer {secret}"
    assert (await world.get("/api/keys")).status_code == 200
    world.fails(await world.post("/api/keys", {"name": "a"}), 403, "forbidden")
    listed = (await admin.client.get("/api/tokens")).json()
    assert listed == {"tokens": [{**made, "usedAt": "2026-03-01T00:00:00Z"}], "nextCursor": None, "total": 1}
    world.clock.pass_(86_400)
    world.fails(await world.get("/api/keys"), 401, "unauthenticated")
    admin = await signed_in(world)
    assert (await admin.ask("DELETE", f"/api/tokens/{made['id']}")).status_code == 204
    world.fails(await admin.ask("DELETE", f"/api/tokens/{made['id']}"), 404, "not_found")
    assert (await admin.client.get("/api/tokens")).json()["total"] == 0
    changes = (await admin.client.get("/api/audit", params={"action": "token"})).json()["changes"]
    assert [change["action"] for change in changes] == ["token.delete", "token.create"]
    assert secret not in str(changes)


async def test_what_a_token_does_is_told_under_its_name(world: World) -> None:
    world.authorization = f"Bearer {(await world.post('/api/tokens', {'name': 'ci', 'role': 'admin'})).json()['token']}"
    assert (await world.post("/api/keys", {"name": "a"})).status_code == 201
    assert (await world.changes())[0]["actor"] == "token:ci"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "admin"}, "name"),
        ({"name": "ci"}, "role"),
        ({"name": "", "role": "admin"}, "name"),
        ({"name": "ci", "role": "root"}, "role"),
        ({"name": "ci", "role": "admin", "expiresAt": "2026-02-28T00:00:00Z"}, "expiresAt"),
        ({"name": "ci", "role": "admin", "expiresAt": 5}, "expiresAt"),
        ({"name": "ci", "role": "admin", "token": "hg-1"}, "token"),
    ],
)
async def test_bad_tokens(world: World, body: dict[str, object], field: str) -> None:
    world.fails(await world.post("/api/tokens", body), 400, "invalid", field)


async def test_a_name_is_there_once(world: World) -> None:
    await world.post("/api/tokens", {"name": "ci", "role": "admin"})
    world.fails(await world.post("/api/tokens", {"name": "CI", "role": "viewer"}), 409, "duplicate", "name")
