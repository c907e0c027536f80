"""Accounts of every kind through REST."""

from typing import Any

import pytest

from controlplane.domain.errors import AccessRejected, ProviderUnavailable
from tests.controlplane.rest.world import ARN, World, refresh_token

SONNET = "claude-sonnet-4.5"
LOCAL = "http://127.0.0.1:11434/v1"
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"kind": "kimi-web"}, {"authMethod": "nonce", "hasAccessToken": False, "baseUrl": ""}),
    ({"kind": "kimi-web", "authMethod": "nonce", "baseUrl": "http://site/"}, {"authMethod": "nonce", "baseUrl": "http://site"}),
    ({"kind": "openai", "apiKey": "sk-1"}, {"authMethod": "api-key", "hasAccessToken": True}),
    ({"kind": "openai", "baseUrl": LOCAL}, {"authMethod": "none", "hasAccessToken": False, "baseUrl": LOCAL}),
    ({"kind": "openai", "baseUrl": LOCAL, "authMethod": "none", "apiKey": None}, {"authMethod": "none"}),
    ({"kind": "openai", "apiKey": "sk-1", "baseUrl": "https://api.moonshot.ai/v1"}, {"authMethod": "api-key"}),
    ({"kind": "anthropic", "apiKey": "sk-ant-1", "models": ["b", "a"]}, {"models": ["b", "a"], "offeredModels": ["a", "b"]}),
]


async def made(world: World, **body: Any) -> dict[str, Any]:
    reply = await world.post("/api/accounts", body)
    assert reply.status_code == 201, reply.text
    return reply.json()


@pytest.mark.parametrize(("body", "told"), BODIES)
async def test_create_and_read(world: World, body: dict[str, Any], told: dict[str, Any]) -> None:
    row = await made(world, **body)
    expected = {"kind": body["kind"], "region": "", "profileArn": "", "machineId": "", "hasRefreshToken": False, "proxyUrl": "", **told}
    assert {name: row[name] for name in expected} == expected
    assert row["label"].startswith(body["kind"] + "-")
    seen = await world.until(row["id"], lambda row: row["offeredModels"] in ([SONNET], sorted(row["models"])))
    assert (seen["status"], seen["allowance"]) == ("active", None)
    assert seen["hasAccessToken"] is (seen["authMethod"] != "none")


async def test_a_nonce_is_fetched_and_has_an_end(world: World) -> None:
    row = await world.settled((await made(world, kind="kimi-web"))["id"])
    assert (row["hasAccessToken"], row["authMethod"], row["hasRefreshToken"]) == (True, "nonce", False)
    assert row["expiresAt"] == "2026-03-01T01:00:00Z"
    assert (await world.post(f"/api/accounts/{row['id']}/refresh")).status_code == 200
    assert world.provider.refreshed == ["", ""]
    world.provider.refreshes = ProviderUnavailable("the page shows no nonce")
    world.fails(await world.post(f"/api/accounts/{row['id']}/refresh"), 503, "provider_unavailable")
    assert (await world.get(f"/api/accounts/{row['id']}")).json()["status"] == "active"


@pytest.mark.parametrize("body", [{"kind": "openai", "apiKey": "k"}, {"kind": "openai", "baseUrl": LOCAL}, {"kind": "kimi-web"}])
async def test_what_is_left_is_nothing_that_could_be_told(world: World, body: dict[str, Any]) -> None:
    row = await made(world, **body)
    reply = await world.get(f"/api/accounts/{row['id']}/usage")
    world.fails(reply, 404, "not_found")
    assert body["kind"] in reply.json()["error"]["message"]


async def test_verify(world: World) -> None:
    for body in ({"kind": "openai", "apiKey": "k"}, {"kind": "anthropic", "apiKey": "k"}, {"kind": "kimi-web"}):
        row = await world.settled((await made(world, **body))["id"])
        reply = (await world.post(f"/api/accounts/{row['id']}/verify")).json()
        assert (reply["valid"], reply["error"], reply["account"]["status"]) == (True, None, "active")
    world.provider.refreshes = ProviderUnavailable("the page shows no nonce")
    reply = (await world.post(f"/api/accounts/{row['id']}/verify")).json()
    assert (reply["valid"], reply["error"], reply["account"]["status"]) == (False, "the page shows no nonce", "active")


async def test_verify_of_a_key_that_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = await world.settled((await made(world, kind="openai", apiKey="k"))["id"])

    async def refused(*_: Any) -> None:
        raise AccessRejected("401")

    monkeypatch.setattr(world.provider, "models", refused)
    reply = (await world.post(f"/api/accounts/{row['id']}/verify")).json()
    assert (reply["valid"], reply["account"]["status"]) == (False, "needs-login")
    assert reply["account"]["reason"] == "the upstream refuses its API key"


async def test_a_key_is_not_refreshed(world: World) -> None:
    row = await world.settled((await made(world, kind="openai", apiKey="k"))["id"])
    world.fails(await world.post(f"/api/accounts/{row['id']}/refresh"), 400, "invalid", "authMethod")
    assert (await world.get(f"/api/accounts/{row['id']}")).json()["status"] == "active"


async def test_update(world: World) -> None:
    row = await made(world, kind="openai", apiKey="k")
    where = f"/api/accounts/{row['id']}"
    changed = (await world.put(where, {"kind": "openai", "baseUrl": LOCAL, "models": ["x"], "region": None, "priority": 2})).json()
    assert (changed["baseUrl"], changed["models"], changed["priority"], changed["authMethod"]) == (LOCAL, ["x"], 2, "api-key")
    assert changed["offeredModels"] == ["x"]
    assert (await world.put(where, {"apiKey": None})).json()["authMethod"] == "none"
    for body, field in (
        ({"kind": "kiro"}, "kind"),
        ({"baseUrl": None}, "apiKey"),
        ({"refreshToken": refresh_token("a")}, "refreshToken"),
        ({"clientSecret": "s"}, "clientSecret"),
        ({"authMethod": "social"}, "authMethod"),
        ({"profileArn": ARN}, "profileArn"),
        ({"label": "anthropic"}, "label"),
    ):
        world.fails(await world.put(where, body), 400, "invalid", field)
    assert (await world.post(f"{where}/disable")).json()["status"] == "disabled"
    assert (await world.post(f"{where}/enable")).json()["status"] == "active"
    assert (await world.delete(where)).status_code == 204


async def test_a_proxy_is_shown_without_its_password(world: World) -> None:
    row = await made(world, kind="kimi-web", proxyUrl="socks5://user:s%40cret@127.0.0.1:1080/")
    assert row["proxyUrl"] == "socks5://user:***@127.0.0.1:1080"
    where = f"/api/accounts/{row['id']}"
    assert (await world.put(where, {"proxyUrl": row["proxyUrl"], "priority": 1})).json()["proxyUrl"] == row["proxyUrl"]
    accounts: Any = world.services.accounts
    assert accounts.get(row["id"]).account.proxy_url == "socks5://user:s%40cret@127.0.0.1:1080"
    world.fails(await world.put(where, {"proxyUrl": "http://user:***@127.0.0.1:1080"}), 400, "invalid", "proxyUrl")
    assert (await world.put(where, {"proxyUrl": None})).json()["proxyUrl"] == ""
    assert (await world.put(where, {"proxyUrl": ""})).json()["proxyUrl"] == ""
    noted = [(change["action"], (change["after"] or {}).get("proxyUrl")) for change in await world.changes()]
    assert noted[-1] == ("account.create", "changed")
    assert all("cret" not in reply.text for reply in world.answers)


async def test_import_of_every_kind(world: World) -> None:
    rows = [
        {"kind": "kimi-web", "proxyUrl": "http://127.0.0.1:3128"},
        {"kind": "openai", "api_key": "k", "base_url": LOCAL, "models": ["a"]},
        {"kind": "openai", "baseUrl": LOCAL, "authMethod": "none"},
        {"kind": "anthropic", "apiKey": "k", "authMethod": "api-key"},
        {"kind": "anthropic"},
        {"kind": "kimi-web", "refreshToken": refresh_token("a")},
        {"kind": "gemini", "apiKey": "k"},
    ]
    result = (await world.post("/api/accounts/import", rows)).json()
    told = [(line["status"], line["error"] and line["error"]["field"]) for line in result["results"]]
    assert told == [*[("created", None)] * 4, ("invalid", "apiKey"), ("invalid", "refreshToken"), ("invalid", "kind")]
    again = (await world.post("/api/accounts/import", [*rows[1:2], rows[3]])).json()
    assert [line["status"] for line in again["results"]] == ["duplicate", "duplicate"]


async def test_what_is_stored_survives(world: World) -> None:
    row = await made(world, kind="openai", baseUrl=LOCAL, proxyUrl="http://u:p@127.0.0.1:1")
    await world.settled(row["id"])
    store: Any = world.services.accounts
    (stored,) = await store._store.load()
    assert (stored.account.kind, stored.account.auth_method, stored.account.proxy_url) == ("openai", "none", "http://u:p@127.0.0.1:1")
    assert [model.id for model in stored.models] == [SONNET]
