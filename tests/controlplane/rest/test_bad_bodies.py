"""Bad bodies: each is answered with a 4xx in our shape that names the field, never with a 500."""

from typing import Any

import pytest

from controlplane.rest.edge import MAX_BODY_BYTES
from tests.controlplane.rest.world import ARN, World, refresh_token

TOKEN = refresh_token("a")
WRITES = [
    ("POST", "/api/accounts"),
    ("PUT", "/api/accounts/{account}"),
    ("POST", "/api/accounts/import"),
    ("POST", "/api/keys"),
    ("PUT", "/api/keys/{key}"),
    ("POST", "/api/keys/{key}/check"),
    ("PUT", "/api/settings"),
    ("PUT", "/api/proxy/config"),
]
NONSENSE = [
    b"",
    b"{",
    b"null",
    b"5",
    b'"text"',
    b"\xff\xfe\x00",
    b"{}}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"NaN",
]
# Names and texts that no answer could repeat as they are.
LONE = [b'{"name": "\\ud800"}', b'{"\\ud800": 1}', b'{"name": "\xed\xa0\x80"}', b'{"a%s": 1}' % (b"x" * 100_000)]

ACCOUNT: list[tuple[Any, str | None]] = [
    ({}, "refreshToken"),
    ({"refreshToken": None}, "refreshToken"),
    ({"refreshToken": ""}, "refreshToken"),
    ({"refreshToken": "aor" + "x" * 96}, "refreshToken"),
    ({"refreshToken": "aor" + "x" * 100 + "..." + "x" * 10}, "refreshToken"),
    ({"refreshToken": TOKEN + " " + TOKEN}, "refreshToken"),
    ({"refreshToken": TOKEN + "\u00e9"}, "refreshToken"),
    ({"refreshToken": TOKEN * 100}, "refreshToken"),
    ({"refreshToken": 5}, "refreshToken"),
    ({"refreshToken": [TOKEN]}, "refreshToken"),
    ({"refreshToken": {"a": 1}}, "refreshToken"),
    ({"refresh_token": TOKEN}, "refresh_token"),
    ({"refreshTokne": TOKEN}, "refreshTokne"),
    ({"refreshToken": TOKEN, "id": "acc_1"}, "id"),
    ({"refreshToken": TOKEN, "accessToken": "a b"}, "accessToken"),
    ({"refreshToken": TOKEN, "accessToken": "a\r\nx: y"}, "accessToken"),
    ({"refreshToken": TOKEN, "kind": "openai"}, "refreshToken"),
    ({"refreshToken": TOKEN, "kind": "kimi-web"}, "refreshToken"),
    ({"refreshToken": TOKEN, "kind": "anthropic"}, "refreshToken"),
    ({"kind": "openai"}, "apiKey"),
    ({"kind": "openai", "models": ["a"]}, "apiKey"),
    ({"kind": "openai", "baseUrl": "http://h/v1", "authMethod": "api-key"}, "apiKey"),
    ({"kind": "openai", "baseUrl": "http://h/v1", "apiKey": "k", "authMethod": "none"}, "authMethod"),
    ({"kind": "openai", "apiKey": "k", "authMethod": "social"}, "authMethod"),
    ({"kind": "openai", "apiKey": "k", "accessToken": "a"}, "accessToken"),
    ({"kind": "openai", "apiKey": "k", "region": "us-east-1"}, "region"),
    ({"kind": "openai", "apiKey": "k", "profileArn": ARN}, "profileArn"),
    ({"kind": "openai", "apiKey": "k", "machineId": "a" * 64}, "machineId"),
    ({"kind": "openai", "apiKey": "k", "baseUrl": "http://{region}.h/v1"}, "baseUrl"),
    ({"kind": "anthropic"}, "apiKey"),
    ({"kind": "anthropic", "baseUrl": "http://h"}, "apiKey"),
    ({"kind": "anthropic", "baseUrl": "http://h", "authMethod": "none"}, "authMethod"),
    ({"kind": "anthropic", "apiKey": "k", "clientId": "c"}, "clientId"),
    ({"kind": "kimi-web", "apiKey": "k"}, "apiKey"),
    ({"kind": "kimi-web", "accessToken": "0123456789"}, "accessToken"),
    ({"kind": "kimi-web", "authMethod": "none"}, "authMethod"),
    ({"kind": "kimi-web", "label": "openai"}, "label"),
    ({"kind": "kimi-web", "label": "Kimi-Web"}, "label"),
    ({"refreshToken": TOKEN, "authMethod": "nonce"}, "authMethod"),
    ({"refreshToken": TOKEN, "kind": "other"}, "kind"),
    ({"refreshToken": TOKEN, "kind": None}, "kind"),
    ({"refreshToken": TOKEN, "kind": ["kiro"]}, "kind"),
    ({"refreshToken": TOKEN, "authMethod": "idc"}, "clientId"),
    ({"refreshToken": TOKEN, "authMethod": "idc", "clientId": "c"}, "clientSecret"),
    ({"refreshToken": TOKEN, "clientId": "c"}, "clientSecret"),
    ({"refreshToken": TOKEN, "clientSecret": "s"}, "clientId"),
    ({"refreshToken": TOKEN, "authMethod": "IdC"}, "authMethod"),
    ({"refreshToken": TOKEN, "authMethod": "api-key"}, "apiKey"),
    ({"refreshToken": TOKEN, "authMethod": 1}, "authMethod"),
    ({"refreshToken": TOKEN, "region": "evil.test/#"}, "region"),
    ({"refreshToken": TOKEN, "region": "us-east-1\n"}, None),
    ({"refreshToken": TOKEN, "region": ""}, "region"),
    ({"refreshToken": TOKEN, "profileArn": "arn"}, "profileArn"),
    ({"refreshToken": TOKEN, "profileArn": "arn:aws:codewhisperer:evil.test/#:123456789012:profile/X"}, "profileArn"),
    ({"refreshToken": TOKEN, "machineId": "abc"}, "machineId"),
    ({"refreshToken": TOKEN, "machineId": "g" * 64}, "machineId"),
    ({"refreshToken": TOKEN, "baseUrl": "ftp://x"}, "baseUrl"),
    ({"refreshToken": TOKEN, "baseUrl": "http://user:secret@host"}, "baseUrl"),
    ({"refreshToken": TOKEN, "baseUrl": "http://"}, "baseUrl"),
    ({"refreshToken": TOKEN, "baseUrl": "http://host/?q"}, "baseUrl"),
    ({"refreshToken": TOKEN, "baseUrl": "http://[::]99a/"}, "baseUrl"),
    ({"refreshToken": TOKEN, "baseUrl": "http://host:99999"}, "baseUrl"),
    ({"refreshToken": TOKEN, "label": "a\0b"}, "label"),
    ({"refreshToken": TOKEN, "label": "a\nb"}, "label"),
    ({"refreshToken": TOKEN, "label": "x" * 201}, "label"),
    ({"refreshToken": TOKEN, "label": "a/b"}, "label"),
    ({"refreshToken": TOKEN, "label": "kiro"}, "label"),
    ({"kind": "openai", "apiKey": "k", "baseUrl": "http://xn--/v1"}, "baseUrl"),
    ({"kind": "openai", "apiKey": "k", "baseUrl": "http://256.1.1.1/v1"}, "baseUrl"),
    ({"kind": "openai", "apiKey": "k", "baseUrl": "http://[1.2.3]:80"}, "baseUrl"),
    ({"kind": "kimi-web", "proxyUrl": "http://user:secret@256.1.1.1:8080"}, "proxyUrl"),
    ({"kind": "kimi-web", "proxyUrl": "http://user:secret@[v1.a]:80"}, "proxyUrl"),
    ({"kind": "kimi-web", "proxyUrl": "socks5://user:secret@xn--:80"}, "proxyUrl"),
    ({"kind": "kimi-web", "proxyUrl": "http://***@proxy:80"}, "proxyUrl"),
    ({"kind": "openai", "apiKey": "k", "models": ["a", " "]}, "models[1]"),
    ({"refreshToken": TOKEN, "models": "a"}, "models"),
    ({"refreshToken": TOKEN, "models": [1]}, "models[0]"),
    ({"refreshToken": TOKEN, "models": ["a", {}]}, "models[1]"),
    ({"refreshToken": TOKEN, "models": ["a"] * 501}, "models"),
    ({"refreshToken": TOKEN, "priority": "1"}, "priority"),
    ({"refreshToken": TOKEN, "priority": 1.5}, "priority"),
    ({"refreshToken": TOKEN, "priority": True}, "priority"),
    ({"refreshToken": TOKEN, "priority": 10**30}, "priority"),
    ({"refreshToken": TOKEN, "maxConcurrency": -1}, "maxConcurrency"),
    ({"refreshToken": TOKEN, "disabled": "yes"}, "disabled"),
    ({"refreshToken": TOKEN, "disabled": 1}, "disabled"),
    ({"refreshToken": TOKEN, "proxyUrl": "http://proxy"}, "proxyUrl"),
    ({"refreshToken": TOKEN, "proxyUrl": "proxy:3128"}, "proxyUrl"),
    ({"refreshToken": TOKEN, "proxyUrl": "ftp://proxy:21"}, "proxyUrl"),
    ({"refreshToken": TOKEN, "proxyUrl": "http://proxy:3128/path"}, "proxyUrl"),
    ({"refreshToken": TOKEN, "proxyUrl": "http://user:***@proxy:3128"}, "proxyUrl"),
    ({"refreshToken": TOKEN, "proxyUrl": "http://a b@proxy:3128"}, "proxyUrl"),
    ({"refreshToken": TOKEN, "proxyUrl": 3128}, "proxyUrl"),
]
KEY: list[tuple[Any, str | None]] = [
    ({}, "name"),
    ({"name": None}, "name"),
    ({"name": ""}, "name"),
    ({"name": "  "}, "name"),
    ({"name": "a\0"}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"name": 5}, "name"),
    ({"name": "a", "enabeld": True}, "enabeld"),
    ({"name": "a", "allowed_models": ["x"]}, "allowed_models"),
    ({"name": "a", "enabled": "true"}, "enabled"),
    ({"name": "a", "allowedModels": "x"}, "allowedModels"),
    ({"name": "a", "allowedModels": [""]}, "allowedModels[0]"),
    ({"name": "a", "allowedModels": [None]}, "allowedModels[0]"),
    ({"name": "a", "allowedAccountIds": ["acc_none"]}, "allowedAccountIds"),
    ({"name": "a", "allowedIps": ["10.0.0.0/33"]}, "allowedIps[0]"),
    ({"name": "a", "allowedIps": ["::1", "localhost"]}, "allowedIps[1]"),
    ({"name": "a", "allowedIps": [5]}, "allowedIps[0]"),
    ({"name": "a", "expiresAt": "tomorrow"}, "expiresAt"),
    ({"name": "a", "expiresAt": "2030-01-01"}, "expiresAt"),
    ({"name": "a", "expiresAt": "2030-01-01T00:00:00"}, "expiresAt"),
    ({"name": "a", "expiresAt": 1893456000}, "expiresAt"),
    ({"name": "a", "expiresAt": "1893456000"}, "expiresAt"),
    ({"name": "a", "expiresAt": "1969-01-01T00:00:00Z"}, "expiresAt"),
    ({"name": "a", "expiresAt": "0001-01-01T00:00:00+14:00"}, "expiresAt"),
    ({"name": "a", "creditLimit": -5}, "creditLimit"),
    ({"name": "a", "creditLimit": "5"}, "creditLimit"),
    ({"name": "a", "creditLimit": True}, "creditLimit"),
    ({"name": "a", "limits": 5}, "limits"),
    ({"name": "a", "strict": "yes"}, "strict"),
    ({"name": "a", "strict": 1}, "strict"),
    ({"name": "a", "compression": "yes"}, "compression"),
    ({"name": "a", "compression": 1}, "compression"),
]
OTHER: list[tuple[str, str, Any, str | None]] = [
    ("POST", "/api/keys/{key}/rotate", {"graceSeconds": -1}, "graceSeconds"),
    ("POST", "/api/keys/{key}/rotate", {"graceSeconds": 10**12}, "graceSeconds"),
    ("POST", "/api/keys/{key}/rotate", {"graceSeconds": "5"}, "graceSeconds"),
    ("POST", "/api/keys/{key}/rotate", {"grace": 5}, "grace"),
    ("POST", "/api/keys/{key}/rotate", [], None),
    ("POST", "/api/keys/{key}/check", {}, "model"),
    ("POST", "/api/keys/{key}/check", {"model": "x", "address": "here"}, "address"),
    ("PUT", "/api/keys/{key}", {"name": None}, "name"),
    ("PUT", "/api/keys/{key}", {"id": "x"}, "id"),
    ("PUT", "/api/accounts/{account}", {"kind": "openai"}, "kind"),
    ("PUT", "/api/accounts/{account}", {"refreshToken": None}, "refreshToken"),
    ("PUT", "/api/accounts/{account}", {"refreshToken": "short"}, "refreshToken"),
    ("PUT", "/api/accounts/{account}", {"authMethod": "api-key"}, "apiKey"),
    ("PUT", "/api/accounts/{account}", {"status": "active"}, "status"),
    ("PUT", "/api/settings", {"adminPassword": "x"}, "adminPassword"),
    ("PUT", "/api/proxy/config", {"rateLimitPerMinute": 5}, "rateLimitPerMinute"),
    ("PUT", "/api/settings", {"compressionEnabled": "true"}, "compressionEnabled"),
    ("PUT", "/api/settings", {"compressionEnabled": 1}, "compressionEnabled"),
    ("PUT", "/api/settings", {"compressionTokens": 9_999}, "compressionTokens"),
    ("PUT", "/api/settings", {"compressionTokens": 1_000_001}, "compressionTokens"),
    ("PUT", "/api/settings", {"compressionTokens": "20000"}, "compressionTokens"),
    ("PUT", "/api/settings", {"compressionTokens": 20000.5}, "compressionTokens"),
    ("PUT", "/api/settings", {"compressionTokens": True}, "compressionTokens"),
    ("PUT", "/api/settings", {"compressionTokens": 10**400}, "compressionTokens"),
    ("PUT", "/api/settings", {"compressionMessages": 19}, "compressionMessages"),
    ("PUT", "/api/settings", {"compressionMessages": 2001}, "compressionMessages"),
    ("PUT", "/api/settings", {"compressionMessages": 30}, "compressionMessages"),
    ("PUT", "/api/settings", {"compressionKeep": 3}, "compressionKeep"),
    ("PUT", "/api/settings", {"compressionKeep": 101}, "compressionKeep"),
    ("PUT", "/api/settings", {"compressionKeep": 50, "compressionMessages": 50}, "compressionKeep"),
    ("PUT", "/api/settings", {"compressionToolLookback": 21}, "compressionToolLookback"),
    ("PUT", "/api/settings", {"compressionBatchMessages": 1}, "compressionBatchMessages"),
    ("PUT", "/api/settings", {"compressionBatchCharacters": 100_001}, "compressionBatchCharacters"),
    ("PUT", "/api/settings", {"compressionRatio": 0.04}, "compressionRatio"),
    ("PUT", "/api/settings", {"compressionRatio": 0.51}, "compressionRatio"),
    ("PUT", "/api/settings", {"compressionRatio": "0.2"}, "compressionRatio"),
    ("PUT", "/api/settings", {"compressionTtlMinutes": 0}, "compressionTtlMinutes"),
    ("PUT", "/api/settings", {"compressionEntries": 9}, "compressionEntries"),
    ("PUT", "/api/settings", {"summaryModel": " "}, "summaryModel"),
    ("PUT", "/api/settings", {"summaryModel": "x" * 201}, "summaryModel"),
    ("PUT", "/api/settings", {"summaryModel": "a\u2028b"}, "summaryModel"),
    ("PUT", "/api/settings", {"summaryModel": 5}, "summaryModel"),
    ("PUT", "/api/settings", {"compressionKeyTokensPerDay": -1}, "compressionKeyTokensPerDay"),
    ("PUT", "/api/settings", {"compressionSeconds": 4}, "compressionSeconds"),
    ("PUT", "/api/settings", {"compressionOriginalHours": 721}, "compressionOriginalHours"),
    ("PUT", "/api/settings", {"enableCompression": True}, "enableCompression"),
]


async def places(world: World) -> dict[str, str]:
    return {"account": (await world.account("z"))["id"], "key": (await world.key("z"))["id"]}


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_nonsense(world: World, method: str, path: str) -> None:
    where = path.format(**await places(world))
    for content in NONSENSE:
        reply = await world.send(method, where, content)
        world.fails(reply, 400, "invalid")
    for content in (b"name=a", b'{"name": "a"}'):
        for kind in ("application/x-www-form-urlencoded", "text/plain", None):
            reply = await world.send(method, where, content, kind)
            world.fails(reply, 400, "invalid")
            assert "application/json" in reply.json()["error"]["message"]


async def test_text_that_breaks_off_is_called_what_it_is(world: World) -> None:
    reply = await world.send("POST", "/api/keys", b'{"name": "a string w')
    world.fails(reply, 400, "invalid")
    assert reply.json()["error"] == {"code": "invalid", "message": "the body is not valid JSON", "field": None}


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_what_utf8_cannot_carry(world: World, method: str, path: str) -> None:
    where = path.format(**await places(world))
    for content in LONE:
        reply = await world.send(method, where, content)
        if path.endswith("import"):
            assert reply.json()["failed"] == 1
        else:
            world.fails(reply, 400, "invalid")
        assert len(reply.content) < 1000


async def test_accounts(world: World) -> None:
    for body, field in ACCOUNT:
        reply = await world.post("/api/accounts", body)
        if field is None:  # white space around a value is forgiven
            assert reply.status_code in (201, 409), body
            continue
        world.fails(reply, 400, "invalid", field)
        assert field.partition("[")[0] in reply.json()["error"]["message"]


async def test_keys(world: World) -> None:
    for body, field in KEY:
        world.fails(await world.post("/api/keys", body), 400, "invalid", field)
    assert (await world.get("/api/keys")).json()["total"] == 0


async def test_the_rest(world: World) -> None:
    where = await places(world)
    for method, path, body, field in OTHER:
        world.fails(await world.ask(method, path.format(**where), body), 400, "invalid", field)


async def test_bodies_have_a_limit(world: World) -> None:
    big = b'{"name": "' + b"x" * MAX_BODY_BYTES + b'"}'
    world.fails(await world.send("POST", "/api/keys", big), 413, "too_large")

    async def pieces():
        for start in range(0, len(big), 1 << 20):
            yield big[start : start + (1 << 20)]

    world.fails(await world.send("POST", "/api/keys", pieces()), 413, "too_large")


async def test_a_defect_tells_no_details(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> list[object]:
        raise RuntimeError("boom in a file")

    world.services.keys.list = broken
    reply = await world.get("/api/keys")
    world.fails(reply, 500, "internal")
    assert "boom" not in reply.text
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "boom" in caplog.text
