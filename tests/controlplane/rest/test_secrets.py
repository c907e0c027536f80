"""No answer and no log line ever holds a secret that was given to the control plane."""

import json
import logging
from typing import Any

import pytest

from controlplane.domain.account import Allowance
from controlplane.domain.errors import GrantRejected
from tests.controlplane.rest.world import ARN, PASSWORD, World, refresh_token

MARK = "MARKED"
SECRETS = {
    "refreshToken": refresh_token("a"),
    "accessToken": "aoaAAAAAMARKED-own-access",
    "clientId": "MARKED-client-id",
    "clientSecret": "MARKED-client-secret",
    "authMethod": "idc",
    "proxyUrl": "http://user:MARKED-proxy@127.0.0.1:1",
}


def documented(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, operations in document["paths"].items() for method in operations]


async def test_no_route_shows_a_secret(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = await world.account(**SECRETS, profileArn=ARN)
    await world.post("/api/accounts", {"apiKey": "ksk_MARKED-api-key-of-an-account"})
    for kind in ("openai", "anthropic"):
        await world.post("/api/accounts", {"kind": kind, "apiKey": f"sk-MARKED-{kind}", "proxyUrl": "socks5://u:MARKED@127.0.0.1:1"})
    key = await world.key("a", allowedAccountIds=[account["id"]])
    secret = key["key"]
    await world.served("req_1")
    await world.settled(account["id"])
    where = {"account_id": account["id"], "key_id": key["id"], "request_id": "req_1", "price_id": "price_none"}
    routes = documented((await world.get("/openapi.json")).json())
    world.answers.clear()
    bodies = (
        {},
        SECRETS,
        {"refreshToken": "MARKED-short"},
        [SECRETS, {"clientSecret": 5, **SECRETS, "refreshToken": MARK}],
        {MARK[:3]: SECRETS},
    )
    for method, path in sorted(routes, key=lambda route: route[0] == "DELETE"):
        for body in bodies if method in ("POST", "PUT") else (None,):
            reply = await world.ask(method, path.format(**where), body)
            assert reply.status_code < 500, reply.text
    assert await world.changes()
    world.provider.refreshes = GrantRejected("refused")
    world.provider.allowances = Allowance(1, 2)
    assert len(world.answers) > 40
    for reply in world.answers:
        shown = reply.text + json.dumps(dict(reply.headers))
        assert MARK not in shown, (reply.url, shown)
        assert PASSWORD not in shown
        assert secret not in shown
        assert "digest" not in shown.lower()
    assert MARK not in caplog.text
    assert secret not in caplog.text
    assert PASSWORD not in caplog.text


async def test_a_wrong_password_is_not_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await world.stranger.get("/api/keys", headers={"authorization": "Bearer MARKED-almost-right"})
    assert "wrong administrator password address=127.0.0.1" in caplog.text
    assert MARK not in caplog.text
